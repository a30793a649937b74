"""From two sides of saved runs to verdicts: what is compared, with which noise, and why something is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.matrix.cases import Case
from speedscore.comparing.fields import RunsDifferError
from speedscore.comparing.rows import Row, RunComparison
from speedscore.comparing.saved_run import SavedRun
from speedscore.record.run_record import CaseResult, Certificate, Check
from speedscore.verdicts.settings import CaseTable, GateTable, Settings
from speedscore.verdicts.unpaired import FEWEST_PAST_RUNS
from tests.comparing.sample_runs import a_side, compare, loaded
from tests.sample_runs import MACHINE, a_case, a_run, measured, timed

STEADY = (0.100, 0.101)
"""Seconds of two processes."""


def compared(
    folder: Path,
    base: Sequence[CaseResult],
    head: Sequence[CaseResult],
    *,
    earlier: Sequence[SavedRun] = (),
    settings: Settings | None = None,
) -> RunComparison:
    """Two runs, a day apart."""
    sides = a_side(folder / "base", a_run(*base)), a_side(folder / "head", a_run(*head, day=1.0))
    return compare(*sides, earlier=earlier, settings=settings or Settings(GateTable()), allow=())


def only(found: RunComparison, metric: str = "time") -> Row:
    (row,) = (row for row in found.rows if row.verdict.metric == metric)
    return row


def history(folder: Path, *, runs: int, spread: float = 0.001, **fields: Any) -> list[SavedRun]:
    """Earlier runs of the case, one a day, which lie above and below its figure in turn."""
    return [
        loaded(
            folder / f"past-{number}",
            a_run(timed([value * (1 + (-1) ** number * spread) for value in STEADY], **fields), day=number - 100.0),
        )
        for number in range(runs)
    ]


@pytest.mark.parametrize(
    ("factor", "outcome"), [(3.0, "regressed"), (0.3, "improved"), (1.1, "inconclusive"), (1.0, "inconclusive")]
)
def test_without_history_only_a_large_change_is_called_one(tmp_path: Path, factor: float, outcome: str) -> None:
    row = only(compared(tmp_path, [timed(STEADY)], [timed([value * factor for value in STEADY])]))
    assert (row.verdict.outcome, row.noise) == (outcome, "assumed")
    assert row.verdict.ratio == pytest.approx(factor)


def test_one_process_a_side_says_that_it_cannot_tell_and_what_would(tmp_path: Path) -> None:
    row = only(compared(tmp_path, [timed([0.1])], [timed([0.104])]))
    assert row.verdict.outcome == "inconclusive"
    assert "one process a side cannot carry a verdict about a small change" in row.verdict.reason
    assert "--processes 5" in row.verdict.reason


def test_however_many_rounds_of_one_process_agree_they_are_one_number(tmp_path: Path) -> None:
    base, head = ([a_case("jax", [[seconds] * 500])] for seconds in (0.100, 0.104))
    row = only(compared(tmp_path, base, head))
    assert row.base is not None
    assert (row.base.processes, row.verdict.outcome) == (1, "inconclusive")


@pytest.mark.parametrize(("runs", "noise"), [(FEWEST_PAST_RUNS - 1, "assumed"), (FEWEST_PAST_RUNS, "history")])
def test_twenty_earlier_runs_teach_the_noise(tmp_path: Path, runs: int, noise: str) -> None:
    slower = [timed([value * 1.05 for value in STEADY])]
    row = only(compared(tmp_path, [timed(STEADY)], slower, earlier=history(tmp_path, runs=runs)))
    assert row.noise == noise
    assert row.verdict.outcome == ("regressed" if noise == "history" else "inconclusive")
    assert row.past_runs == (runs if noise == "history" else 0)


def test_earlier_runs_of_another_kind_teach_nothing(tmp_path: Path) -> None:
    other = MACHINE | {"cpu.model": "B"}
    elsewhere = [
        loaded(tmp_path / f"past-{number}", a_run(timed(STEADY), day=number - 100.0, environment=other))
        for number in range(FEWEST_PAST_RUNS)
    ]
    assert only(compared(tmp_path, [timed(STEADY)], [timed(STEADY)], earlier=elsewhere)).noise == "assumed"
    shaped = history(tmp_path / "shaped", runs=FEWEST_PAST_RUNS, workload={"preset": "smoke", "batch": 64})
    assert only(compared(tmp_path, [timed(STEADY)], [timed(STEADY)], earlier=shaped)).noise == "assumed"


def test_memory_is_judged_by_its_own_sizes_and_counts_exactly(tmp_path: Path) -> None:
    base = timed(STEADY, extra=[measured("peak_bytes", "bytes", 100, 100), measured("xla_flops", "count", 12, 12)])
    head = timed(STEADY, extra=[measured("peak_bytes", "bytes", 300, 300), measured("xla_flops", "count", 13, 13)])
    found = compared(tmp_path, [base], [head])
    assert only(found, "peak_bytes").verdict.outcome == "regressed"
    flops = only(found, "xla_flops").verdict
    assert (flops.outcome, flops.reason) == ("regressed", "13 instead of 12 XLA FLOPs, counted exactly")


def test_a_count_of_which_more_is_better_says_so_itself(tmp_path: Path) -> None:
    base, head = (timed(STEADY, extra=[measured("hits", "count", *pair, better="higher")]) for pair in ((5, 5), (6, 6)))
    row = only(compared(tmp_path, [base], [head]), "hits")
    assert (row.verdict.outcome, row.better) == ("improved", "higher")


def test_a_count_without_one_number_proves_nothing(tmp_path: Path) -> None:
    base, head = (timed(STEADY, extra=[measured("xla_flops", "count", *pair)]) for pair in ((12, 12), (12, 13)))
    verdict = only(compared(tmp_path, [base], [head]), "xla_flops").verdict
    assert (verdict.outcome, verdict.reason) == ("not comparable", "head has no one number: from 12 to 13")


def test_where_more_is_better_less_is_a_regression_and_the_ratio_says_what_happened(tmp_path: Path) -> None:
    free = [measured("free_bytes", "bytes", *pair, better="higher") for pair in ((900, 900), (300, 300))]
    base, head = (timed(STEADY, extra=[each]) for each in free)
    verdict = only(compared(tmp_path, [base], [head]), "free_bytes").verdict
    assert verdict.outcome == "regressed"
    assert verdict.ratio == pytest.approx(1 / 3)


OTHER_CERTIFICATE = Certificate(
    reference="another", checks=(Check(quantity="loss", tensor="", error=1e-7, tolerance=1e-5),)
)


def unmeasured(status: str, reason: str) -> CaseResult:
    return msgspec.structs.replace(
        timed(STEADY),
        status=status,
        reason=reason,
        stopped="",
        measurements=(),
        rounds=(),
        certificate=None,
    )


MEASURED = timed(STEADY)
SHAPED = timed(STEADY, workload={"preset": "smoke", "cut": "none", "batch": 9})
CERTIFIED = msgspec.structs.replace(MEASURED, certificate=OTHER_CERTIFICATE)
COMPILED = timed(STEADY, phase="warm_compilation")
COMPILED_WITH_OPTIMIZER = timed(
    STEADY, phase="warm_compilation", extra=[measured("warm_optimizer_state_seconds", "s", 1.0, 1.0)]
)
FAILED, SKIPPED = unmeasured("failed", "out of memory"), unmeasured("skipped", "no driver")


@pytest.mark.parametrize(
    ("base", "head", "reason"),
    [
        ([COMPILED], [COMPILED_WITH_OPTIMIZER], "another shape: timed_from_before None and 'the optimizer'"),
        ([], [MEASURED], "new, only in head"),
        ([MEASURED], [], "removed, only in base"),
        ([MEASURED], [FAILED], "not measured in head (failed: out of memory)"),
        ([SKIPPED], [MEASURED], "not measured in base (skipped: no driver)"),
        ([FAILED], [SKIPPED], "measured on neither side (skipped: no driver)"),
        ([MEASURED], [SHAPED], "another shape: batch 8 and 9"),
        ([MEASURED], [CERTIFIED], "certified against another reference: 'float64 NumPy, by hand' and 'another'"),
    ],
    ids=["clock", "new", "removed", "failed", "skipped", "neither", "shape", "reference"],
)
def test_what_cannot_be_compared_says_why(
    tmp_path: Path, base: list[CaseResult], head: list[CaseResult], reason: str
) -> None:
    other = timed(STEADY, framework="torch")
    found = compared(tmp_path, [*base, other], [*head, other])
    (row,) = (row for row in found.rows if row.framework == "jax")
    assert (row.verdict.outcome, row.verdict.reason) == ("not comparable", reason)
    assert row.is_measured_nowhere == (base == [FAILED])


def test_a_measurement_that_stands_on_both_sides_is_not_compared_with_itself(tmp_path: Path) -> None:
    side = a_side(tmp_path, a_run(timed(STEADY)))
    row = only(compare(side, side, earlier=(), settings=Settings(GateTable()), allow=()))
    assert row.verdict.reason == "the same measurement stands on both sides"


def test_a_run_is_compared_with_the_others_of_the_folder_that_it_lies_in(tmp_path: Path) -> None:
    runs = [a_run(timed([value * factor for value in STEADY]), day=day) for day, factor in enumerate((1.0, 1.0, 3.0))]
    folder, own = a_side(tmp_path / "all", *runs), a_side(tmp_path / "own", runs[-1])
    row = only(compare(folder, own, earlier=(), settings=Settings(GateTable()), allow=()))
    assert row.base is not None
    assert row.base.runs == 2
    assert row.verdict.ratio == pytest.approx(3.0)


def test_runs_of_another_machine_are_refused_unless_that_is_allowed(tmp_path: Path) -> None:
    base = a_side(tmp_path / "base", a_run(timed(STEADY)))
    head = a_side(tmp_path / "head", a_run(timed(STEADY), day=1.0, environment=MACHINE | {"cpu.model": "B"}))
    settings = Settings(GateTable())
    with pytest.raises(RunsDifferError, match=r"--allow cpu\.model"):
        compare(base, head, earlier=(), settings=settings, allow=())
    found = compare(base, head, earlier=(), settings=settings, allow=["cpu.model"])
    assert [each.field for each in found.differences] == ["cpu.model"]
    assert only(found).verdict.outcome == "inconclusive"


def test_another_version_is_told_and_stops_nothing(tmp_path: Path) -> None:
    base = a_side(tmp_path / "base", a_run(timed(STEADY), environment=MACHINE | {"package.jax": "0.9"}))
    head = a_side(tmp_path / "head", a_run(timed(STEADY), day=1.0, environment=MACHINE | {"package.jax": "0.10"}))
    found = compare(base, head, earlier=(), settings=Settings(GateTable()), allow=())
    assert [(each.field, each.action) for each in found.differences] == [("package.jax", "warn")]


def test_another_version_that_the_program_repeats_is_told_once(tmp_path: Path) -> None:
    sides = []
    for day, version in enumerate(("0.9", "0.10")):
        run = a_run(
            timed(STEADY, program={"jax": version}), day=float(day), environment=MACHINE | {"package.jax": version}
        )
        sides.append(a_side(tmp_path / version, run))
    found = compare(*sides, earlier=(), settings=Settings(GateTable()), allow=())
    assert [each.field for each in found.differences] == ["package.jax"]


def test_a_busy_machine_is_told(tmp_path: Path) -> None:
    head = timed(STEADY, worker={"processors_busy_before": 1.9})
    assert compared(tmp_path, [timed(STEADY)], [head]).warnings == (
        "head ran on a busy machine: others were at work before 1 of 1 cases",
    )


def test_a_case_has_the_sizes_that_the_settings_give_it(tmp_path: Path) -> None:
    lenient = Settings(GateTable(case=(CaseTable(match="*test_training*", detect="300%", margin="250%"),)))
    head = [timed([value * 3.0 for value in STEADY])]
    assert only(compared(tmp_path, [timed(STEADY)], head, settings=lenient)).verdict.outcome != "regressed"
    assert only(compared(tmp_path, [timed(STEADY)], head)).verdict.outcome == "regressed"


def test_a_case_has_the_sizes_that_the_settings_give_its_group(tmp_path: Path) -> None:
    case = Case(framework="jax", model="mlp", device="cpu", phase="training")
    lenient = Settings(GateTable(case=(CaseTable(match=case.group, detect="300%", margin="250%"),)))
    head = [timed([value * 3.0 for value in STEADY])]
    assert only(compared(tmp_path, [timed(STEADY)], head, settings=lenient)).verdict.outcome != "regressed"


def test_the_error_is_shared_by_all_that_is_compared(tmp_path: Path) -> None:
    alone = only(compared(tmp_path / "one", [timed(STEADY)], [timed(STEADY)])).verdict
    cases = [timed(STEADY, framework=f"number-{number}") for number in range(50)]
    one_of_many = compared(tmp_path / "many", cases, cases).rows[0].verdict
    assert alone.smallest_visible is not None
    assert one_of_many.smallest_visible is not None
    assert one_of_many.smallest_visible > alone.smallest_visible
    assert one_of_many.low == pytest.approx(alone.low), "an interval is of one level, however many there are"


def test_a_small_change_that_is_certain_is_called_minor(tmp_path: Path) -> None:
    earlier = history(tmp_path, runs=FEWEST_PAST_RUNS, spread=0.0002)
    verdict = only(compared(tmp_path, [timed([0.1, 0.1])], [timed([0.1008, 0.1008])], earlier=earlier)).verdict
    assert verdict.low is not None
    assert verdict.low > 1.0
    assert (verdict.outcome, verdict.is_minor) == ("unchanged", True)


@given(slower=st.floats(0.2, 5.0), noise=st.lists(st.floats(0.9, 1.1), min_size=4, max_size=4))
def test_exchanging_the_sides_turns_the_ratio_and_the_verdict_round(
    tmp_path_factory: pytest.TempPathFactory, slower: float, noise: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("exchanged")
    one, other = [timed(noise[:2])], [timed([value * slower for value in noise[2:]])]
    there, back = only(compared(folder / "a", one, other)).verdict, only(compared(folder / "b", other, one)).verdict
    turned = {"regressed": "improved", "improved": "regressed"}
    assert there.ratio == pytest.approx(1 / (back.ratio or 0.0))
    assert turned.get(there.outcome, there.outcome) == back.outcome
