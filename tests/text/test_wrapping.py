"""Lines that fit the terminal, and tables whose rows have long names above them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from speedscore.text.tables import captioned_table
from speedscore.text.wrapping import ends_apart, shortened, wrapped


@given(st.lists(st.text("abc-/", min_size=1, max_size=12), max_size=30), st.integers(20, 80))
def test_wrapped_text_fits_and_loses_no_word(words: list[str], width: int) -> None:
    lines = wrapped(" ".join(words), width=width)
    assert all(len(line) <= width for line in lines)
    assert " ".join(lines).split() == words


def test_a_name_that_is_too_long_is_not_broken() -> None:
    assert wrapped("see tests/test_it.py::test_it", width=10) == ["see", "  tests/test_it.py::test_it"]


def test_a_row_stands_between_its_caption_and_its_remarks() -> None:
    lines = captioned_table(
        [("time", "1.05"), ("memory", "1")],
        headers=("", "ratio"),
        captions=("test_a", "test_b"),
        remarks=((), ("odd", "and more")),
        indent="  ",
    )
    assert lines == [
        "          ratio",
        "  ------  -------",
        "test_a",
        "  time    1.05",
        "test_b",
        "  memory  1",
        "  odd",
        "  and more",
    ]


@given(st.text("ab =", max_size=200), st.text("cd ", max_size=200), st.integers(20, 100))
def test_the_two_ends_of_a_line_fit_it(left: str, right: str, width: int) -> None:
    lines = ends_apart(left, right, width=width)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(f"{left}{right}".split())
    assert (len(lines) == 1) or len(left) + 1 + len(right) > width or not (left + right).strip()


def test_a_long_text_is_shortened_and_says_so() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
