"""Columns that fit a terminal, whatever stands in them, and records where they do not."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from speedscore.text.columns import columns_or_records

WORDS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=60)


@given(st.data(), st.integers(1, 8), st.integers(0, 3), st.integers(40, 120))
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut_off(
    data: st.DataObject, columns: int, count: int, width: int
) -> None:
    headers = [f"column{place}" for place in range(columns)]
    rows = [[data.draw(WORDS) for _ in headers] for _ in range(count)]
    lines = columns_or_records(rows, headers=headers, right=[False] * columns, width=width)
    assert max(map(len, lines), default=0) <= width
    shown = Counter("".join(lines))
    given_letters = Counter("".join("".join(row) for row in rows))
    assert all(shown[letter] >= number for letter, number in given_letters.items() if letter != " ")


def test_numbers_stand_at_the_right_and_are_never_wrapped() -> None:
    lines = columns_or_records(
        [["a-name-that-is-longer", "1.5"], ["b", "12345678"]],
        headers=["name", "seconds"],
        right=[False, True],
        width=24,
    )
    assert lines == [
        "name             seconds",
        "--------------  --------",
        "a-name-that-is       1.5",
        "-longer",
        "b               12345678",
    ]


def test_what_has_no_room_side_by_side_is_a_line_for_each_value() -> None:
    row = [f"value{place}" for place in range(9)]
    lines = columns_or_records(
        [row], headers=[f"a_long_header_{place}" for place in range(9)], right=[False] * 9, width=80
    )
    assert lines[0] == "-- row 1 " + "-" * 71
    assert lines[1:] == [f"a_long_header_{place}  value{place}" for place in range(9)]


def test_without_rows_the_headers_remain() -> None:
    assert columns_or_records([], headers=["one", "two"], right=[False, False], width=80) == ["one  two", "---  ---"]
