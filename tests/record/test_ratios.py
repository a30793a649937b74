"""A ratio says which of two is faster by how much, from neighbours in time, with an interval that can be believed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from speedscore.record import ratios
from speedscore.record.ratios import estimate_ratios, find_ratios
from speedscore.record.run_record import Ratio, Round
from tests.sample_runs import a_case


def the_ratio(*cases: Any) -> Ratio:
    (ratio,) = find_ratios(cases)
    return ratio


def test_the_faster_one_is_named_and_by_how_much() -> None:
    slow = a_case("slow", [[0.2, 0.2, 0.2], [0.2, 0.2, 0.2]])
    fast = a_case("fast", [[0.1, 0.1, 0.1], [0.1, 0.1, 0.1]])
    for cases in ((slow, fast), (fast, slow)):
        ratio = the_ratio(*cases)
        assert (ratio.faster, ratio.slower) == ("fast", "slow")
        assert ratio.value == pytest.approx(2.0)
        assert (ratio.phase, ratio.model, ratio.device, ratio.processes) == ("training", "mlp", "cpu", 2)


def test_the_value_is_the_geometric_mean_over_processes() -> None:
    one = a_case("one", [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    other = a_case("other", [[2.0, 2.0, 2.0], [8.0, 8.0, 8.0]])
    assert the_ratio(one, other).value == pytest.approx(4.0)


def test_within_a_process_the_value_is_the_median_over_turns() -> None:
    ratio = the_ratio(a_case("one", [[1.0, 1.0, 1.0]]), a_case("other", [[2.0, 3.0, 100.0]]))
    assert ratio.value == pytest.approx(3.0)


def test_every_two_of_a_group_are_compared_once() -> None:
    cases = [a_case(name, [[seconds] * 3] * 2) for name, seconds in (("a", 1.0), ("b", 2.0), ("c", 4.0))]
    found = {(ratio.faster, ratio.slower): ratio.value for ratio in find_ratios(cases)}
    assert found == {("a", "b"): pytest.approx(2.0), ("b", "c"): pytest.approx(2.0), ("a", "c"): pytest.approx(4.0)}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"phase": "inference"}, id="phase"),
        pytest.param({"model": "gpt"}, id="model"),
        pytest.param({"device": "gpu"}, id="device"),
        pytest.param({"precision": "bfloat16"}, id="precision"),
        pytest.param({"occasion": "2026-12-02T12:00:00+00:00"}, id="occasion"),
        pytest.param({"machine": "box-2"}, id="machine"),
    ],
)
def test_only_what_was_measured_side_by_side_is_compared(other: dict[str, Any]) -> None:
    assert len(find_ratios([a_case("a", [[1.0]] * 2), a_case("b", [[2.0]] * 2)])) == 1
    assert find_ratios([a_case("a", [[1.0]] * 2), a_case("b", [[2.0]] * 2, **other)]) == ()


def test_a_ratio_says_its_precision_and_one_of_an_older_run_is_of_float32() -> None:
    mixed = the_ratio(*(a_case(name, [[1.0]] * 2, precision="bfloat16") for name in ("a", "b")))
    assert mixed.precision == "bfloat16"
    older = {name: value for name, value in msgspec.to_builtins(mixed).items() if name != "precision"}
    assert msgspec.convert(older, Ratio).precision == "float32"


def test_what_was_not_measured_is_not_compared() -> None:
    case = a_case("b", [[2.0]])
    skipped = msgspec.structs.replace(case, status="skipped", reason="no device", rounds=())
    before_processes_were_kept = msgspec.structs.replace(case, rounds=(Round(2.0, turn=0),), occasion="")
    for other in (skipped, before_processes_were_kept):
        assert find_ratios([a_case("a", [[1.0]], occasion=other.occasion), other]) == ()


def test_one_process_has_no_interval() -> None:
    ratio = the_ratio(a_case("a", [[1.0, 1.1, 0.9]]), a_case("b", [[2.0, 2.1, 1.9]]))
    assert (ratio.low, ratio.high, ratio.processes) == (None, None, 1)


def test_a_process_that_only_one_of_them_had_does_not_count() -> None:
    ratio = the_ratio(a_case("a", [[1.0] * 3, [1.0] * 3, [9.0] * 3]), a_case("b", [[2.0] * 3, [2.0] * 3]))
    assert ratio.processes == 2
    assert ratio.value == pytest.approx(2.0)


def test_compilations_are_compared_process_by_process() -> None:
    """Their one round a process has no turn; the processes of one number are the neighbours."""
    one, other = ({0: seconds} for seconds in (3.0, 6.0))
    ratio = the_ratio(a_case("a", [one, one], phase="compilation"), a_case("b", [other, other], phase="compilation"))
    assert (ratio.faster, ratio.processes) == ("a", 2)
    assert ratio.value == pytest.approx(2.0)


def test_a_drift_that_both_share_cancels() -> None:
    drift = [1.0 + 0.5 * turn for turn in range(40)]
    a, b = [0.1 * load for load in drift], [0.13 * load for load in drift]
    ratio = the_ratio(a_case("a", [a, a[::-1]]), a_case("b", [b, b[::-1]]))
    assert ratio.value == pytest.approx(1.3, rel=1e-12)
    assert ratio.low == pytest.approx(1.3, rel=1e-9)
    assert ratio.high == pytest.approx(1.3, rel=1e-9)


def test_neighbours_are_compared_and_not_medians() -> None:
    """The one that left early saw only the quiet half; by plain medians it would be the faster one."""
    load = [1.0] * 10 + [10.0] * 30
    stayed = dict(enumerate(0.1 * each for each in load))
    left = dict(enumerate(0.2 * each for each in load[:10]))
    ratio = the_ratio(a_case("stayed", [stayed]), a_case("left", [left]))
    assert ratio.faster == "stayed"
    assert ratio.value == pytest.approx(2.0)


def test_turns_that_were_never_shared_leave_the_medians() -> None:
    ratio = the_ratio(a_case("a", [{0: 1.0, 2: 1.0}]), a_case("b", [{1: 3.0, 3: 3.0}]))
    assert ratio.value == pytest.approx(3.0)


def test_two_that_are_equal_have_an_interval_around_one() -> None:
    ratio = the_ratio(a_case("a", [[1.00] * 3, [1.02] * 3]), a_case("b", [[1.01] * 3, [1.00] * 3]))
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 1 <= ratio.value < ratio.high


def test_the_order_of_the_cases_changes_nothing() -> None:
    source = random.Random(3)
    cases = [a_case(name, [[source.uniform(0.9, 1.1) for _ in range(5)] for _ in range(3)]) for name in "abcd"]

    def numbers(found: tuple[Ratio, ...]) -> dict[tuple[str, str], tuple[float, ...]]:
        return {(each.faster, each.slower): (each.value, each.low or 0.0, each.high or 0.0) for each in found}

    forwards, backwards = numbers(find_ratios(cases)), numbers(find_ratios(cases[::-1]))
    assert len(forwards) == 6
    assert forwards.keys() == backwards.keys()
    for pair, found in forwards.items():
        assert found == pytest.approx(backwards[pair])


TRUE_RATIO = 1.2
TRIALS = 1500
# Three standard errors of a share near 0.95 are 0.017.
BELIEVABLE = (0.93, 0.98)


def coverage(*, processes: int, frameworks: int) -> float:
    """How often the interval of the first two holds their true ratio, where processes differ as they do on machines."""
    source = random.Random(20261122)
    held = 0
    for _ in range(TRIALS):
        shared = [source.gauss(0.0, 0.2) for _ in range(processes)]
        cases = []
        for index in range(frameworks):
            centre = math.log(TRUE_RATIO) if index == 1 else 0.0
            own = [centre + load + source.gauss(0.0, 0.03) for load in shared]
            rounds = [[math.exp(level + source.gauss(0.0, 0.005)) for _ in range(3)] for level in own]
            cases.append(a_case(f"f{index}", rounds))
        ratio = next(each for each in find_ratios(cases) if {each.faster, each.slower} == {"f0", "f1"})
        assert ratio.low is not None
        assert ratio.high is not None
        true = TRUE_RATIO if ratio.faster == "f0" else 1 / TRUE_RATIO
        held += ratio.low <= true <= ratio.high
    return held / TRIALS


@pytest.mark.parametrize("frameworks", [2, 4])
@pytest.mark.parametrize("processes", [2, 3, 5])
def test_the_interval_holds_the_true_ratio_as_often_as_it_says(processes: int, frameworks: int) -> None:
    low, high = BELIEVABLE
    assert low <= coverage(processes=processes, frameworks=frameworks) <= high


def _normal_quantile(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.stats import norm, t

    monkeypatch.setattr(t, "ppf", lambda share, freedom: norm.ppf(share))  # noqa: ARG005 - in place of Student's


def _variance_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    residual = ratios._residual
    monkeypatch.setattr(ratios, "variance", lambda logs: 0.0)  # noqa: ARG005
    monkeypatch.setattr(ratios, "_residual", lambda table: residual(table) / 2)


def _shared_loads_left_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_columns(table: Any) -> float:
        return float(sum((value - sum(row) / len(row)) ** 2 for row in table for value in row))

    monkeypatch.setattr(ratios, "_residual", without_columns)


@pytest.mark.parametrize(
    ("break_it", "processes"),
    [
        pytest.param(_normal_quantile, 2, id="normal for Student's"),
        pytest.param(_normal_quantile, 3, id="normal for Student's, three"),
        pytest.param(_variance_of_one, 5, id="half the variance"),
        pytest.param(_shared_loads_left_in, 5, id="loads that all shared"),
    ],
)
def test_a_wrong_formula_does_not_hold_it_as_often(
    monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None], processes: int
) -> None:
    break_it(monkeypatch)
    low, high = BELIEVABLE
    assert not low <= coverage(processes=processes, frameworks=2) <= high


def test_a_process_that_is_left_out_is_in_no_figure_and_still_tells_how_much_processes_differ() -> None:
    one = a_case("one", [[1.0] * 3, [1.0] * 3, [1.0] * 3])
    other = a_case("other", [[9.0] * 3, [2.0] * 3, [2.0] * 3])
    estimate = estimate_ratios([one, other], without={0})["one", "other"]
    assert estimate.times_as_fast == pytest.approx(2.0)
    assert estimate.processes == 2
    assert estimate.freedom == 2
    whole = estimate_ratios([one, other])["one", "other"]
    assert estimate.standard_error is not None
    assert whole.standard_error is not None
    assert estimate.standard_error > 0.5


def test_a_process_that_is_left_out_is_in_no_figure_of_cases_that_were_no_neighbours() -> None:
    one = a_case("one", [[1.0] * 3, [1.0] * 3], occasion="Monday")
    other = a_case("other", [[9.0] * 3, [2.0] * 3], occasion="Tuesday")
    assert estimate_ratios([one, other], without={0})["one", "other"].times_as_fast == pytest.approx(2.0)
