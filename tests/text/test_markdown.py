"""Markdown tables and code spans hold whatever a case is called, and a reader sees it as it was written."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.text.markdown import Markdown, code, fenced, inert, markdown_table


def cells(line: str) -> list[str]:
    """As GitHub splits a line: at bars that no backslash stands before."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_a_table_is_a_line_each_for_headers_rule_and_rows() -> None:
    assert markdown_table([("a", "1"), ("b", "")], headers=("name", "value")) == [
        "| name | value |",
        "|---|---|",
        "| a | 1 |",
        "| b |  |",
    ]


def test_what_would_end_a_cell_or_begin_a_code_span_is_escaped() -> None:
    *_, line = markdown_table([("a|b `c`\nd", Markdown("`e|f`"), Markdown(r"g\|h"))], headers=("", "", ""))
    assert cells(line) == [r"a\|b \`c\` d", r"`e\|f`", r"g\|h"]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4), st.data())
def test_a_table_has_as_many_cells_in_each_line_whatever_they_hold(headers: list[str], data: st.DataObject) -> None:
    row = data.draw(st.lists(st.text(max_size=20), min_size=len(headers), max_size=len(headers)))
    for line in markdown_table([[*row, "end"]], headers=[*headers, "end"]):
        assert len(line.splitlines()) == 1
        assert len(re.findall(r"(?<!\\)\|", line)) == len(headers) + 2


@pytest.mark.parametrize(("text", "span"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```")])
def test_a_code_span_is_fenced_by_more_backticks_than_it_holds(text: str, span: str) -> None:
    assert code(text) == span


@pytest.mark.parametrize("text", ["a|b", r"a\|b", r"a\\|b", "", "|`<b>"])
def test_a_code_span_that_a_table_would_end_is_html_with_entities(text: str) -> None:
    span = code(text)
    assert "|" not in span
    assert html.unescape(span) == f"<code>{text}</code>"
    assert re.fullmatch(r"<code>(\w|&#\d+;)*</code>", span)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a *b* [c](d)", r"a \*b\* \[c\](d)"),
        ("ask @me or a@b.c", "ask `@me` or `a@b.c`"),
        ("see https://x.y (www.x.y)", "see `https://x.y` `(www.x.y)`"),
        ("fixes #1 and !2, GH-3", "fixes `#1` and `!2,` `GH-3`"),
        ("costs $a b$ :tada:", "costs `$a` `b$` `:tada:`"),
        ("a.py::test_a is 3 < 4", r"a.py::test\_a is 3 \< 4"),
    ],
)
def test_of_inert_text_nothing_else_is_made(text: str, shown: str) -> None:
    assert inert(text) == shown


@given(st.lists(st.text(st.sampled_from("`a#\n"), max_size=9), max_size=4))
def test_a_block_ends_where_it_is_ended_and_not_before(lines: list[str]) -> None:
    fence, *shown, last = fenced(lines)
    assert fence == last
    assert len(shown) == len(lines)
    assert not any(line.strip().startswith(fence) for line in shown)
