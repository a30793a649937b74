"""From how many steps compiling pays: the formula against counting, its bounds, and its words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

from speedscore.report.performance.break_even import BreakEven, PerStep, Start, break_even
from speedscore.report.performance.paying import break_even_cell

MOST = 300
whole = st.integers(min_value=1, max_value=40)
halves = st.integers(min_value=1, max_value=16).map(lambda number: number / 4)
"""Exact as floats, so that counting has no error of its own."""


def not_behind(own: float, other: float, own_step: float, times: float) -> list[int]:
    """The steps up to ``MOST`` after which it has taken no longer, counted one by one."""
    return [n for n in range(1, MOST) if own + (n - 1) * own_step <= other + (n - 1) * own_step * times]


@given(own=whole, other=whole, own_step=halves, times=halves)
def test_it_is_the_first_step_at_which_it_is_not_behind(own: int, other: int, own_step: float, times: float) -> None:
    found = break_even(Start(own), Start(other), PerStep(own_step, times))
    counted = not_behind(own, other, own_step, times)
    assert found.earliest is None
    assert found.latest is None
    if found.steps < MOST:
        assert counted[0] == found.steps
        assert counted[-1] == min(found.until, MOST - 1)
    else:
        assert not counted


@given(
    own=whole,
    other=whole,
    own_step=halves,
    times=halves,
    below=st.floats(0.5, 1),
    above=st.floats(1, 2),
    compiling=st.floats(1, 3),
)
def test_its_bounds_hold_what_the_ends_of_the_intervals_give(
    own: int, other: int, own_step: float, times: float, below: float, above: float, compiling: float
) -> None:
    start = Start(own, low=own / compiling, high=own * compiling)
    found = break_even(start, Start(other), PerStep(own_step, times, low=times * below, high=times * above))
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest <= found.steps <= found.latest
    # A known ratio alone makes narrower bounds.
    alone = break_even(Start(own), Start(other), PerStep(own_step, times, low=times * below, high=times * above))
    assert alone.earliest is not None
    assert alone.latest is not None
    assert found.earliest <= alone.earliest <= alone.latest <= found.latest


@pytest.mark.parametrize(
    ("found", "text", "note"),
    [
        (BreakEven(1234), "1,234", ""),
        (BreakEven(1234, earliest=900, latest=2000), "1,234", "900 to 2,000"),
        (BreakEven(1234, earliest=900, latest=math.inf), "1,234", "900, or never"),
        (BreakEven(math.inf), "never", ""),
        (BreakEven(math.inf, earliest=900, latest=math.inf), "never", "900, or never"),
        (BreakEven(1, until=45), "until 45", ""),
        (BreakEven(1, until=1), "never", ""),
        (BreakEven(1), "1", ""),
    ],
)
def test_its_words(found: BreakEven, text: str, note: str) -> None:
    cell = break_even_cell(found)
    assert (cell.text, cell.note) == (text, note)
    assert (cell.value is None) == (text == "never")
