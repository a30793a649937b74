"""Changes of level are found where they are, and noise of every kind is told from them; in tests/performance are the
rates."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.history.asking import change_points
from speedscore.history.asking.change_points import (
    FALSE_ALARM,
    FEWEST_RUNS,
    SHORTEST_SEGMENT,
    find_level_changes,
)
from tests.history.simulated_series import NOISE, RUNS, Values, false_series, find, find_steps, independent

pytest.importorskip("ruptures")


def quiet(seed: int, *, count: int = RUNS, spread: float = 0.01) -> Values:
    """Figures around 1 that differ by 1 % and never change."""
    return np.exp(spread * independent(np.random.default_rng(seed), count))


@pytest.mark.parametrize("kind", NOISE)
def test_noise_of_every_kind_has_no_change_point(kind: str) -> None:
    assert false_series(NOISE[kind], series=40, spread=0.01, false_alarm=FALSE_ALARM, seed=3) == 0


@pytest.mark.parametrize("kind", ["independent", "slow runs", "days"])
def test_ten_per_cent_are_found_at_their_run_with_the_ratio_in_its_interval(kind: str) -> None:
    found = find_steps(NOISE[kind], step=0.1, spread=0.01, series=12, false_alarm=FALSE_ALARM, seed=4)
    assert found.at_all >= 0.9
    assert found.near >= 0.75
    assert found.held >= 0.8
    assert found.others <= 0.05


def test_what_goes_up_and_comes_back_is_two_changes() -> None:
    figures = quiet(1)
    figures[25:33] *= 1.06
    up, down = find(figures, false_alarm=FALSE_ALARM)
    assert (up.index, down.index) == (25, 33)
    assert up.low <= 1.06 <= up.high
    assert down.low <= 1 / 1.06 <= down.high


def test_runs_that_are_out_for_once_are_no_change_and_hide_none() -> None:
    figures = quiet(2)
    figures[[7, 19, 20, 48]] *= 2.0
    assert find(figures, false_alarm=FALSE_ALARM) == ()
    figures[30:] *= 0.9
    (change,) = find(figures, false_alarm=FALSE_ALARM)
    assert change.index == 30
    assert change.low <= 0.9 <= change.high


def test_a_new_level_is_told_once_enough_runs_have_seen_it() -> None:
    figures = quiet(5)
    for seen in (1, SHORTEST_SEGMENT - 1):
        newest = figures.copy()
        newest[-seen:] *= 1.2
        assert find(newest, false_alarm=FALSE_ALARM) == ()
    figures[-SHORTEST_SEGMENT:] *= 1.2
    (change,) = find(figures, false_alarm=FALSE_ALARM)
    assert change.index == RUNS - SHORTEST_SEGMENT


def test_of_few_runs_nothing_is_said() -> None:
    figures = quiet(6, count=FEWEST_RUNS - 1)
    figures[7:] *= 3.0
    assert find_level_changes(figures.tolist()) == ()
    enough = quiet(6, count=FEWEST_RUNS)
    enough[FEWEST_RUNS // 2 :] *= 3.0
    assert [change.index for change in find_level_changes(enough.tolist())] == [FEWEST_RUNS // 2]


def test_the_more_series_share_the_false_alarm_the_surer_a_change_must_be() -> None:
    figures = quiet(7, spread=0.03)
    figures[30:] *= 1.05
    (change,) = find_level_changes(figures.tolist(), false_alarm=0.01)
    assert 0 < change.chance <= 0.01
    assert find_level_changes(figures.tolist(), false_alarm=change.chance / 2) == ()


@pytest.mark.parametrize(("kind", "step"), [("independent", 0.02), ("slow runs", 0.1), ("days", 0.2)])
def test_the_first_resamples_decide_what_all_of_them_decide(
    kind: str, step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    of_resamples = change_points._of_resamples

    def counted(innovations: Values, correlation: float, count: int, source: np.random.Generator) -> Values:
        drawn.append(count)
        return of_resamples(innovations, correlation, count, source)

    monkeypatch.setattr(change_points, "_of_resamples", counted)
    figures = [np.exp(0.01 * NOISE[kind](np.random.default_rng(seed), 2 * RUNS)) for seed in range(5)]
    for each in figures:
        each[RUNS:] *= 1 + step
    found = [find(each, false_alarm=FALSE_ALARM) for each in figures]
    some = sum(drawn)
    # A tail without end leaves everything open.
    monkeypatch.setattr(change_points, "_CLEAR_EXCESSES", math.inf)
    by_all = [find(each, false_alarm=FALSE_ALARM) for each in figures]
    assert some < 0.8 * (sum(drawn) - some)
    assert any(found)
    assert [[msgspec.structs.replace(change, chance=0.0) for change in changes] for changes in found] == [
        [msgspec.structs.replace(change, chance=0.0) for change in changes] for changes in by_all
    ]


@settings(max_examples=25)
@given(
    factor=st.floats(1e-9, 1e9),
    steps=st.lists(st.tuples(st.integers(0, 39), st.sampled_from((0.8, 1.0, 1.25))), max_size=3),
    seed=st.integers(0, 10),
)
def test_the_unit_takes_no_part(factor: float, steps: list[tuple[int, float]], seed: int) -> None:
    figures = quiet(seed, count=40)
    for place, ratio in steps:
        figures[place:] *= ratio
    changes, scaled = (find_level_changes(each.tolist()) for each in (figures, figures * factor))
    assert [change.index for change in changes] == [change.index for change in scaled]
    assert [change.ratio for change in changes] == pytest.approx([change.ratio for change in scaled])
    assert all(0 < change.low <= change.ratio <= change.high for change in changes)
    assert all(SHORTEST_SEGMENT <= change.index <= 40 - SHORTEST_SEGMENT for change in changes)


@pytest.mark.filterwarnings("error")
@given(value=st.floats(1e-12, 1e12), count=st.integers(0, 40), jump=st.sampled_from((None, 1.0, 1.5)))
def test_figures_without_any_noise_break_nothing(value: float, count: int, jump: float | None) -> None:
    figures = [value] * count
    if jump is not None and count:
        figures[count // 2 :] = [value * jump] * (count - count // 2)
    changes = find_level_changes(figures)
    if jump == 1.5 and count >= FEWEST_RUNS + 1:
        assert [change.index for change in changes] == [count // 2]
        assert changes[0].ratio == pytest.approx(1.5)
    elif jump != 1.5:
        assert changes == ()
