"""What a source says in words is read as it stands, and refused with one line that names file, topic and reason."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import Snapshot, load_snapshot
from speedscore.text.cleaning import is_name
from tests.scoring.sample_facts import make_statement, shipped

TODAY = datetime.date(2024, 6, 15)
TOPICS = ("export", "memory")

GOOD = """
name = "Alpha"
role = "framework"
facts = {}

[[statements.export]]
text = "to a portable format"
as_of = "2024-01-25"
kind = "published"
source = "a manual, page 3"
method = "read"

[[statements.export]]
text = "to none that others read"
as_of = "2024-01"
kind = "computed"
source = "a tree"
contradicts = true
"""


def load(folder: Path, text: str) -> Snapshot:
    path = folder / "alpha" / "2024-01.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_snapshot(path, keys={}, topics=TOPICS, today=TODAY)


def test_statements_are_read_as_they_stand_and_in_the_order_of_the_file(tmp_path: Path) -> None:
    first, second = load(tmp_path, GOOD).statements
    assert (first.framework, first.topic, first.text) == ("alpha", "export", "to a portable format")
    assert (first.kind, first.as_of, first.source, first.method) == (
        "published",
        "2024-01-25",
        "a manual, page 3",
        "read",
    )
    assert (first.contradicts, second.contradicts) == (False, True)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('source = "a manual, page 3"\n', "", "missing required field `source`"),
        ('text = "to a portable format"\n', "", "missing required field `text`"),
        ("a manual, page 3", "  ", "source is empty"),
        ("to a portable format", "", "text is empty"),
        ("to a portable format", "to\\na format", "text is not one line of plain text: 'to a format'"),
        ("to a portable format", "to \\u001b[31ma format", "text is not one line of plain text"),
        ("a manual, page 3", "a\\u202emanual", "source is not one line of plain text"),
        ('"read"', '"\\u0007"', "method is not one line of plain text"),
        ("to a portable format", "x" * 201, "text has 201 characters; expected at most 200"),
        ("2024-01-25", "2024-13-25", "is no date"),
        ("2024-01-25", "January", "is not YYYY-MM"),
        ("2024-01-25", "2024-02-01", "after the snapshot's month 2024-01"),
        ('"published"', '"hearsay"', "Invalid enum value 'hearsay'"),
        ("method =", "note = 1\nmethod =", "unknown field `note`"),
        ("method =", 'topic = "memory"\nmethod =', "'topic' must not be given"),
        ('"to a portable format"', "3", "Expected `str`, got `int`"),
    ],
)
def test_a_bad_statement_is_refused_with_file_topic_and_reason(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(FactError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    message = str(caught.value)
    assert reason in message
    assert "2024-01.toml: statement 'export', entry 1: " in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("statements.export", "statements.exports"), "statement 'exports', entry 1: unknown topic"),
        (GOOD.replace("to none that others read", "to a portable format"), "entry 2: stands twice"),
        (GOOD.replace("facts = {}", "facts = {}\nstatements = 3").partition("[[")[0], "Expected `object`, got `int`"),
    ],
    ids=["topic", "twice", "form"],
)
def test_a_file_of_bad_statements_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(FactError, match=reason):
        load(tmp_path, text)


@given(text=st.text(max_size=210), source=st.text(max_size=20))
def test_any_text_is_one_line_that_a_terminal_prints_as_it_stands_or_refused(text: str, source: str) -> None:
    try:
        statement = make_statement(text, source=source)
    except ValueError:
        return
    assert is_name(statement.text)
    assert is_name(statement.source)
    assert statement.text.strip()
    assert len(statement.text) <= 200


def test_every_shipped_statement_says_where_it_comes_from_and_was_copied_from_no_older_snapshot() -> None:
    statements = [statement for snapshot in shipped() for statement in snapshot.statements]
    assert len(set(statements)) == len(statements) > 0
    assert all(statement.source for statement in statements)
