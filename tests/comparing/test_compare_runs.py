"""What of the saved runs counts as history and what only once, and which metrics of a case have a verdict at all."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.comparing.finding_runs import RunSet, find_side
from speedscore.comparing.history import read_history
from speedscore.comparing.output import as_table
from speedscore.comparing.report import SCHEMA_VERSION, ComparisonReport, compared
from speedscore.comparing.rows import Row, RunComparison
from speedscore.comparing.saved_run import SavedRun
from speedscore.record.run_record import CaseResult, Round, RunRecord
from speedscore.verdicts.settings import GateTable, Settings
from speedscore.verdicts.unpaired import FEWEST_PAST_RUNS
from speedscore.verdicts.verdict import VerdictPolicy
from tests.comparing.sample_runs import a_side, compare, loaded, save_plain
from tests.sample_runs import MACHINE, a_run, measured, save, timed

STEADY = (0.100, 0.101)
"""Seconds of two processes."""
SETTINGS = Settings(GateTable())


def two_sides(folder: Path, *, days: float = 1.0) -> tuple[RunSet, RunSet]:
    """The same figures, measured so many days apart."""
    return a_side(folder / "base", a_run(timed(STEADY))), a_side(folder / "head", a_run(timed(STEADY), day=days))


def row_of(found: RunComparison, metric: str = "time") -> Row:
    (row,) = (row for row in found.rows if row.verdict.metric == metric)
    return row


def past(folder: Path, days: Sequence[float], **fields: Any) -> list[SavedRun]:
    return [
        loaded(folder / f"past-{number}", a_run(timed(STEADY), day=day, **fields)) for number, day in enumerate(days)
    ]


def noise(sides: tuple[RunSet, RunSet], earlier: Sequence[SavedRun], *, allow: Sequence[str] = ()) -> str | None:
    return row_of(compare(*sides, earlier=earlier, settings=SETTINGS, allow=allow)).noise


@pytest.mark.parametrize(("carried", "expected"), [(0, "history"), (1, "assumed")])
def test_a_measurement_carried_into_later_sessions_teaches_once(tmp_path: Path, carried: int, expected: str) -> None:
    earlier = past(tmp_path, [-float(day) for day in range(1, FEWEST_PAST_RUNS + 1)])
    for number in range(carried):
        # A session that was taken up again: saved later, and its case is that of the session before.
        first, second = earlier[number], earlier[number + 1]
        case = next(iter(first.cases.values()))
        earlier[number + 1] = msgspec.structs.replace(second, cases={case.case: case})
    assert noise(two_sides(tmp_path), earlier) == expected


def test_a_measurement_carried_into_another_run_of_the_side_counts_once(tmp_path: Path) -> None:
    base, head = two_sides(tmp_path)
    (run,) = head.runs
    again = msgspec.structs.replace(run, path="again.json", created="2026-12-09T12:00:00+00:00")
    found = row_of(compare(base, RunSet("both", (run, again)), earlier=(), settings=SETTINGS, allow=()))
    assert found.head is not None
    assert (found.head.runs, found.head.processes) == (1, 2)


def test_what_is_compared_does_not_teach_its_own_noise(tmp_path: Path) -> None:
    base, head = two_sides(tmp_path)
    others = past(tmp_path, [-float(day) for day in range(1, FEWEST_PAST_RUNS)])
    assert len(others) + 2 > FEWEST_PAST_RUNS
    assert noise((base, head), [*others, *base.runs, *head.runs]) == "assumed"


def test_two_sessions_that_began_in_the_same_second_are_two_measurements(tmp_path: Path) -> None:
    """As two jobs of CI do."""
    base, head = (
        a_side(tmp_path / name, a_run(timed([factor * each for each in STEADY])))
        for name, factor in (("base", 1.0), ("head", 1.1))
    )
    found = row_of(compare(base, head, earlier=(), settings=SETTINGS, allow=()))
    assert found.verdict.ratio == pytest.approx(1.1)
    later = a_side(tmp_path / "later", a_run(timed(STEADY), day=1))
    pooled = RunSet("both", (*base.runs, *head.runs))
    found = row_of(compare(pooled, later, earlier=(), settings=SETTINGS, allow=()))
    assert found.base is not None
    assert found.base.runs == 2
    others = past(tmp_path, [-float(day) for day in range(1, FEWEST_PAST_RUNS)])
    assert noise((base, head), [*others, *base.runs, *head.runs]) == "assumed", "neither teaches its own noise"


@pytest.mark.parametrize(("apart", "expected"), [(1.0, "history"), (2.0, "history"), (2.1, "assumed")])
def test_history_must_reach_over_half_of_what_lies_between_the_sides(
    tmp_path: Path, apart: float, expected: str
) -> None:
    """Runs that were all saved within an hour have not seen what differs between two days."""
    days = [-1.0 - step / (FEWEST_PAST_RUNS - 1) for step in range(FEWEST_PAST_RUNS)]
    assert noise(two_sides(tmp_path, days=apart), past(tmp_path, days)) == expected


def test_runs_that_may_be_compared_by_leave_may_teach_by_it(tmp_path: Path) -> None:
    days = [-float(day) for day in range(1, FEWEST_PAST_RUNS + 1)]
    elsewhere = past(tmp_path, days, environment=MACHINE | {"cpu.model": "B"})
    sides = two_sides(tmp_path)
    assert noise(sides, elsewhere) == "assumed"
    assert noise(sides, elsewhere, allow=["cpu.model"]) == "history"


def test_what_is_no_run_in_the_history_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path / "run.json", a_run(timed(STEADY)))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "folder.json").mkdir()
    # As a session that removes old runs meanwhile leaves it, too.
    (tmp_path / "link.json").symlink_to(tmp_path / "nowhere.json")
    assert [Path(run.path).name for run in read_history(tmp_path)] == ["run.json"]


@pytest.mark.parametrize("lacking", ["base", "head"])
def test_a_metric_that_one_side_lacks_is_named_and_the_time_compared(tmp_path: Path, lacking: str) -> None:
    with_it = a_run(timed(STEADY, extra=[measured("peak_bytes", "bytes", 100, 100)]), day=float(lacking == "base"))
    without = a_run(timed(STEADY), day=float(lacking == "head"))
    runs = (without, with_it) if lacking == "base" else (with_it, without)
    base, head = (a_side(tmp_path / name, run) for name, run in zip(("base", "head"), runs, strict=True))
    found = compare(base, head, earlier=(), settings=SETTINGS, allow=())
    lone = row_of(found, "peak_bytes").verdict
    assert (lone.outcome, lone.reason) == ("not comparable", f"not recorded in {lacking}")
    assert row_of(found).verdict.ratio == pytest.approx(1.0)


def test_a_figure_of_zero_has_no_ratio(tmp_path: Path) -> None:
    (one, other) = (
        a_run(timed(STEADY, extra=[measured("live_bytes", "bytes", *pair)]), day=float(day))
        for day, pair in enumerate(((0, 0), (100, 100)))
    )
    found = compare(a_side(tmp_path / "a", one), a_side(tmp_path / "b", other), earlier=(), settings=SETTINGS, allow=())
    verdict = row_of(found, "live_bytes").verdict
    assert (verdict.outcome, verdict.reason, verdict.ratio) == ("not comparable", "a figure of 0 has no ratio", None)


def test_a_tiny_ratio_keeps_its_digits(tmp_path: Path) -> None:
    sides = (
        RunSet(name, (loaded(tmp_path / name, a_run(timed(seconds), day=float(day))),))
        for day, (name, seconds) in enumerate((("base", (1.0, 1.0)), ("head", (2e-5, 2e-5))))
    )
    base, head = sides
    found = compare(base, head, earlier=(), settings=SETTINGS, allow=())
    shown = as_table(
        ComparisonReport(
            SCHEMA_VERSION, VerdictPolicy(), VerdictPolicy(), None, (compared(base, head, found, group_by=None),)
        )
    )
    assert " 2e-05 " in shown
    assert " 0.000" not in shown


def test_a_run_that_does_not_say_which_process_a_round_ran_in_counts_as_one(tmp_path: Path) -> None:
    """So were runs saved before 2026-12."""
    unknown = msgspec.structs.replace(timed([0.1]), rounds=tuple(map(Round, (0.1, 0.3, 0.2))))
    base, head = (a_side(tmp_path / name, a_run(unknown, day=float(day))) for day, name in enumerate(("base", "head")))
    row = row_of(compare(base, head, earlier=(), settings=SETTINGS, allow=()))
    assert row.base is not None
    assert row.base.processes == 1
    assert row.base.figure == pytest.approx(0.2)
    assert "one process a side" in row.verdict.reason


@given(seed=st.integers(0, 1000), factors=st.lists(st.floats(0.2, 5.0), min_size=2, max_size=5))
def test_the_order_of_the_cases_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, factors: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("ordered")
    cases = [
        [timed([value * slower for value in STEADY], framework=f"number-{number}") for slower in (1.0, factor)]
        for number, factor in enumerate(factors)
    ]
    mixed = random.Random(seed).sample(cases, len(cases))

    def rows(name: str, ordered: Sequence[Sequence[CaseResult]]) -> dict[str, Row]:
        runs: list[RunRecord] = [a_run(*(case[day] for case in ordered), day=float(day)) for day in (0, 1)]
        base, head = (a_side(folder / name / str(day), run) for day, run in enumerate(runs))
        found = compare(base, head, earlier=(), settings=SETTINGS, allow=())
        return {row.verdict.case: row for row in found.rows}

    assert rows("as-they-are", cases) == rows("mixed", mixed)


def test_a_plain_file_and_one_of_ours_are_warned_of_what_is_not_known(tmp_path: Path) -> None:
    plain = tmp_path / "plain.json"
    save_plain(plain)
    ours = a_side(tmp_path / "ours", a_run(timed(STEADY), day=1.0))
    found = compare(find_side(str(plain)), ours, earlier=(), settings=SETTINGS, allow=())
    assert {each.field for each in found.differences if each.action == "warn"} >= {"preset", "in_process"}
    assert {row.verdict.reason for row in found.rows} == {"new, only in head", "removed, only in base"}
