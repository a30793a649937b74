"""Tables without rules are as wide as their cells, and columns that find no room go into a table of their own."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from speedscore.text.tables import GAP, columns_that_fit, plain_table


def test_a_header_makes_its_column_no_wider_and_an_indent_stays() -> None:
    assert plain_table([["", "jax", "torch"], ["  mlp", "1.00 ms", "2×"]]) == [
        "           jax  torch",
        "  mlp  1.00 ms     2×",
    ]
    assert [line.rstrip() for line in plain_table([["a", "b"], ["long", "c"]], align="left")] == ["a     b", "long  c"]


@given(widths=st.lists(st.integers(1, 30)), room=st.integers(0, 60))
def test_every_column_stands_once_and_in_order_and_none_is_put_off_that_would_fit(widths: list[int], room: int) -> None:
    groups = list(columns_that_fit(widths, room=room))
    assert list(chain(*groups)) == list(range(len(widths)))
    taken = [sum(GAP + widths[place] for place in group) for group in groups]
    assert all(each <= room or len(group) == 1 for each, group in zip(taken, groups, strict=True))
    for each, following in zip(taken, groups[1:], strict=False):
        assert each + GAP + widths[following[0]] > room
