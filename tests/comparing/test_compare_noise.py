"""What two runs that were no neighbours can carry: the interval, what its noise comes from, and how often it errs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, t

from speedscore.verdicts.unpaired import ASSUMED_SPREAD, Past, decide, learn, read_unpaired
from speedscore.verdicts.verdict import Outcome, VerdictPolicy

QUIET = Past(spread=0.002, runs=30, processes=2)
ONE = [[0.0, 0.0]]


def moved(factor: float, runs: Sequence[Sequence[float]] = ONE) -> list[list[float]]:
    return [[value + math.log(factor) for value in run] for run in runs]


@pytest.mark.parametrize(
    ("factor", "outcome"), [(1.05, "regressed"), (0.95, "improved"), (1.0, "unchanged"), (1.006, "unchanged")]
)
def test_with_a_quiet_history_a_lone_run_decides(factor: float, outcome: str) -> None:
    assert read_unpaired(ONE, moved(factor), QUIET, VerdictPolicy(), metrics=1).decision.outcome == outcome


def test_the_interval_is_what_the_formula_says() -> None:
    reading = read_unpaired(ONE, moved(1.1), QUIET, VerdictPolicy(), metrics=4)
    error = math.sqrt(2) * 0.002
    assert reading.decision.low == pytest.approx(1.1 * math.exp(-t.isf(0.05, 4) * error))
    assert reading.decision.high == pytest.approx(1.1 * math.exp(t.isf(0.05, 4) * error))
    assert reading.decision.smallest_visible == pytest.approx(
        1.01 * math.exp((t.isf(0.01 / 4, 4) + t.isf(0.05, 4)) * error) - 1
    )


@given(
    log_ratio=st.floats(-0.5, 0.5),
    error=st.floats(1e-4, 0.2),
    false_alarm=st.sampled_from([0.001, 0.01, 0.1]),
    miss=st.sampled_from([0.01, 0.05, 0.2]),
    metrics=st.integers(1, 100),
)
def test_no_verdict_stands_beside_an_interval_that_speaks_against_it(
    log_ratio: float, error: float, false_alarm: float, miss: float, metrics: int
) -> None:
    policy = VerdictPolicy(false_alarm=false_alarm, miss=miss)
    decision = decide(log_ratio, error, policy, alarm=false_alarm / metrics)
    assert math.log(decision.high / decision.ratio) == pytest.approx(math.log(decision.ratio / decision.low))
    margin, detect = math.log1p(policy.margin), math.log1p(policy.detect)
    low, high = math.log(decision.low), math.log(decision.high)
    rounding = 1e-12
    if decision.outcome == "regressed":
        assert low > margin - rounding
    if decision.outcome == "improved":
        assert high < -margin + rounding
    if decision.outcome == "unchanged":
        assert -detect - rounding < low < high < detect + rounding


@pytest.mark.parametrize("processes", [1, 2])
def test_without_history_only_a_very_large_change_is_called_one(processes: int) -> None:
    base = [[0.0] * processes]
    for factor, outcome in ((1.0, "inconclusive"), (1.2, "inconclusive"), (0.8, "inconclusive"), (2.0, "regressed")):
        reading = read_unpaired(base, moved(factor, base), None, VerdictPolicy(), metrics=1)
        assert (reading.decision.outcome, reading.source) == (outcome, "assumed")


def test_what_is_not_known_of_one_process_is_assumed() -> None:
    lone = read_unpaired([[0.0]], [[0.0]], None, VerdictPolicy(), metrics=1)
    assert lone.spread == pytest.approx(math.sqrt(2) * ASSUMED_SPREAD)
    twice = read_unpaired(ONE, ONE, None, VerdictPolicy(), metrics=1)
    assert twice.spread == pytest.approx(ASSUMED_SPREAD)


def test_a_run_of_fewer_processes_than_history_is_noisier() -> None:
    past = Past(spread=0.01, runs=20, processes=4)
    spreads = [read_unpaired(ONE, [[0.0] * own], past, VerdictPolicy(), metrics=1).spread for own in (1, 2, 4, 8)]
    assert spreads == pytest.approx([0.02, math.sqrt(2) * 0.01, 0.01, 0.01])


def test_processes_that_disagree_today_count_however_quiet_history_was() -> None:
    wild = [[-0.2, 0.2]]
    reading = read_unpaired(wild, moved(1.2, wild), QUIET, VerdictPolicy(), metrics=1)
    assert reading.source == "history"
    assert reading.spread == pytest.approx(0.2)
    assert reading.decision.outcome == "inconclusive"


def test_runs_that_disagree_count_even_if_they_are_too_few_to_be_known() -> None:
    reading = read_unpaired([[0.0], [1.0]], [[1.5]], None, VerdictPolicy(), metrics=1)
    assert reading.source == "assumed"
    assert reading.spread == pytest.approx(math.sqrt(0.5))
    assert reading.decision.outcome == "inconclusive"


def test_the_runs_of_both_sides_take_the_place_of_history_once_there_are_enough() -> None:
    side = [[0.001], [-0.001], [0.0]]
    reading = read_unpaired(side, moved(1.05, side), None, VerdictPolicy(), metrics=1)
    assert (reading.decision.outcome, reading.source) == ("regressed", "own runs")
    assert reading.decision.ratio == pytest.approx(1.05)
    assert reading.spread == pytest.approx(0.001)
    assert read_unpaired(side[:2], moved(1.05, side), None, VerdictPolicy(), metrics=1).source == "assumed"


def test_more_runs_a_side_narrow_the_interval() -> None:
    past = Past(spread=0.02, runs=30, processes=1)
    wide, narrow = (read_unpaired([[0.0]] * runs, [[0.0]] * runs, past, VerdictPolicy(), metrics=1) for runs in (1, 4))
    assert math.log(narrow.decision.high) == pytest.approx(math.log(wide.decision.high) / 2)


def test_fewer_than_twenty_runs_teach_nothing() -> None:
    assert learn([0.005] * 19, [2] * 19) is None
    assert learn([0.005] * 20, [2] * 20) == Past(spread=0.0, runs=20, processes=2)


def test_the_spread_of_normal_noise_is_found() -> None:
    values = np.random.default_rng(1).normal(0.0, 0.03, 4000)
    past = learn(values, [1] * len(values))
    assert past is not None
    assert past.spread == pytest.approx(0.03, rel=0.05)


def test_changes_of_the_code_are_not_noise_and_a_run_gone_astray_is() -> None:
    noise = np.random.default_rng(2).normal(0.0, 0.01, 40)
    steps = noise + np.repeat([0.0, 0.3, -0.2, 0.5], 10)
    astray = noise.copy()
    astray[20] += 0.3
    quiet, changed, disturbed = (learn(values, [1] * len(values)) for values in (noise, steps, astray))
    assert quiet is not None
    assert changed is not None
    assert disturbed is not None
    assert changed.spread < 1.2 * quiet.spread
    assert disturbed.spread > 3 * quiet.spread


def test_where_every_run_has_a_machine_of_its_own_they_teach_what_they_teach_without_names() -> None:
    values = np.random.default_rng(3).normal(0.0, 0.02, 40)
    assert learn(values, [2] * 40, machines=[f"runner-{run}" for run in range(40)]) == learn(values, [2] * 40)


def test_between_machines_only_steps_from_one_to_another_teach() -> None:
    slower = 0.08
    in_turns = [slower * (run % 2) for run in range(20)]
    past = learn(in_turns, [2] * 20, machines=["a", "b"] * 10)
    assert past is not None
    assert past.spread == pytest.approx(slower / math.sqrt(2 - 2 * math.sqrt(3) / math.pi))
    assert learn([0.0] * 40, [2] * 40, machines=["a"] * 40) is None
    # One moved to another for good: as well a change of the code.
    assert learn([0.0] * 20 + [slower] * 20, [2] * 40, machines=["a"] * 20 + ["b"] * 20) is None


def test_runs_that_follow_each_other_on_one_machine_teach_once_of_what_machines_differ_by() -> None:
    values = np.random.default_rng(4).normal(0.0, 0.02, 34)
    assert learn(values, [2] * 34, machines=["b", "c", *["a"] * 30, "d", "e"]) is None
    for stints in (19, 20):
        names = [machine for stint in range(stints) for machine in ["ab"[stint % 2]] * 3]
        past = learn([0.0] * len(names), [2] * len(names), machines=names)
        assert past == (None if stints == 19 else Past(spread=0.0, runs=20, processes=2))


def test_a_long_stint_does_not_hide_how_much_single_runs_differ() -> None:
    values = np.random.default_rng(5).normal(0.0, 0.03, 7 * 2000)
    past = learn(values, [2] * len(values), machines=[f"box-{run // 7 % 6}" for run in range(len(values))])
    assert past is not None
    assert past.spread == pytest.approx(0.03, rel=0.1)


def test_a_change_of_the_code_is_no_difference_between_machines() -> None:
    values = [0.3 * (run >= 20) for run in range(40)]
    past = learn(values, [2] * 40, machines=["a", "b"] * 20)
    assert past is not None
    assert past.spread < 0.01


Noise = Callable[[np.random.Generator, int], NDArray[np.float64]]

NOISES: dict[str, Noise] = {
    "normal": lambda rng, count: rng.normal(0.0, 1.0, count),
    # As many far values as Student's t with four degrees of freedom has: no fourth moment.
    "heavy-tailed": lambda rng, count: rng.standard_t(4.0, count),
}
RUN_SPREAD, PROCESS_SPREAD = 0.02, 0.01
TRIALS = 2500


def means(runs: Sequence[Sequence[float]]) -> tuple[list[float], list[int]]:
    return [fmean(run) for run in runs], [len(run) for run in runs]


def comparisons(
    noise: Noise, *, past: int, runs: int, processes: int, slowdown: float = 0.0, metrics: int = 1
) -> Counter[Outcome]:
    """What so many comparisons say; each run is dealt its own noise, and each of its processes too."""
    rng = np.random.default_rng(7)

    def side(count: int, slower: float = 0.0) -> list[list[float]]:
        between = RUN_SPREAD * noise(rng, count) + math.log1p(slower)
        within = PROCESS_SPREAD * noise(rng, count * processes).reshape(count, processes)
        values: list[list[float]] = (between[:, None] + within).tolist()
        return values

    found: Counter[Outcome] = Counter()
    for _ in range(TRIALS):
        earlier = learn(*means(side(past))) if past else None
        found[
            read_unpaired(side(runs), side(runs, slowdown), earlier, VerdictPolicy(), metrics=metrics).decision.outcome
        ] += 1
    return found


def at_most(probability: float) -> int:
    """So many in ``TRIALS`` are still no sign that something happens more often than with this probability."""
    return int(binom.isf(1e-3, TRIALS, probability))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    ("past", "runs", "processes", "metrics"),
    [
        pytest.param(20, 1, 2, 1, id="history"),
        pytest.param(20, 1, 1, 1, id="history, one process"),
        pytest.param(20, 1, 2, 5, id="history, five metrics"),
        pytest.param(0, 3, 2, 1, id="three runs a side"),
        pytest.param(0, 1, 2, 1, id="nothing known"),
    ],
)
def test_false_alarms_stay_below_what_is_stated(noise: str, past: int, runs: int, processes: int, metrics: int) -> None:
    found = comparisons(NOISES[noise], past=past, runs=runs, processes=processes, metrics=metrics)
    for outcome in ("regressed", "improved"):
        assert found[outcome] <= at_most(VerdictPolicy().false_alarm / metrics)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    ("machines", "are_new"), [(2, False), (5, True), (10, False)], ids=["the same two", "of five others", "of ten"]
)
def test_what_machines_of_one_kind_differ_by_makes_no_false_alarm(noise: str, machines: int, are_new: bool) -> None:
    """Of their noise four fifths are each machine's own, and which of them a night's run goes to is chance."""
    rng, found = np.random.default_rng(11), Counter[Outcome]()
    for _ in range(TRIALS):
        own = RUN_SPREAD * NOISES[noise](rng, machines + 2)
        nights = rng.integers(0, machines, 80)
        values = own[nights] + RUN_SPREAD / 4 * NOISES[noise](rng, 80)
        past = learn(values, [1] * 80, machines=[f"box-{machine}" for machine in nights])
        assert past is not None
        compared = [machines, machines + 1] if are_new else rng.choice(machines, 2, replace=False)
        base, head = own[compared] + RUN_SPREAD / 4 * NOISES[noise](rng, 2)
        found[read_unpaired([[base]], [[head]], past, VerdictPolicy(), metrics=1).decision.outcome] += 1
    for outcome in ("regressed", "improved"):
        assert found[outcome] <= at_most(VerdictPolicy().false_alarm)


@pytest.mark.parametrize("noise", NOISES)
def test_slowdowns_of_the_size_to_be_found_are_seldom_called_unchanged(noise: str) -> None:
    found = comparisons(NOISES[noise], past=20, runs=1, processes=2, slowdown=0.05)
    assert found["unchanged"] <= at_most(VerdictPolicy().miss)


def test_a_large_slowdown_is_found_with_history() -> None:
    assert comparisons(NOISES["normal"], past=20, runs=1, processes=2, slowdown=0.3)["regressed"] > 0.95 * TRIALS
    assert comparisons(NOISES["normal"], past=20, runs=4, processes=2, slowdown=0.1)["regressed"] > 0.7 * TRIALS
