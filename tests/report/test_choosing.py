"""Of many runs the newest that hold a case are scored, and nothing is left out without its reason."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.run_record import RunRecord
from speedscore.report.choosing import choose_runs
from speedscore.scoring.evidence.evidence import EvidenceError, NamedRun
from tests.scoring.sample_probes import answered, probed_run
from tests.scoring.sample_runs import make_run, measured_case, skipped_case


def at(day: int, record: RunRecord, name: str = "") -> NamedRun:
    created = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=day)
    return NamedRun(name=name or f"day-{day}", record=msgspec.structs.replace(record, created=created.isoformat()))


def test_of_runs_of_the_same_cases_the_newest_is_scored() -> None:
    record = make_run(measured_case("jax", 0.01))
    chosen = choose_runs([at(1, record), at(3, record), at(2, record)])
    assert [run.name for run in chosen.scored] == ["day-3"]
    assert [(run.name, reason) for run, reason in chosen.left_out] == [
        ("day-2", "day-3 is newer and holds the same cases"),
        ("day-1", "day-3 is newer and holds the same cases"),
    ]


def test_runs_of_other_cases_are_scored_together_the_newest_last() -> None:
    chosen = choose_runs(
        [
            at(2, make_run(measured_case("jax", 0.01), skipped_case("torch", reason="not installed"))),
            at(1, make_run(measured_case("torch", 0.01), skipped_case("jax", reason="not installed"))),
        ]
    )
    assert [run.name for run in chosen.scored] == ["day-1", "day-2"]
    assert chosen.left_out == ()


def test_what_cannot_be_judged_beside_the_newest_says_why() -> None:
    inside = make_run(measured_case("haiku", 0.01), in_process=True)
    full = make_run(measured_case("torch", 0.01), preset="full")
    chosen = choose_runs([at(1, inside), at(2, full), at(3, make_run(measured_case("jax", 0.01)))])
    assert [run.name for run in chosen.scored] == ["day-3"]
    reasons = {run.name: reason for run, reason in chosen.left_out}
    assert "different presets" in reasons["day-2"]
    assert "inside pytest" in reasons["day-1"]


def test_where_no_run_can_be_scored_the_newest_says_why() -> None:
    with pytest.raises(EvidenceError, match="day-2: its frameworks ran inside pytest"):
        choose_runs([at(day, make_run(measured_case("jax", 0.01), in_process=True)) for day in (1, 2)])


def test_probes_may_overlap_but_a_run_with_no_other_answers_is_history() -> None:
    first, second = answered("export", subject="first"), answered("export", subject="second")
    newest = msgspec.structs.replace(make_run(measured_case("jax", 0.01)), probes=(first,))
    both, same = probed_run(first, second), probed_run(first)
    chosen = choose_runs([at(1, same), at(2, both), at(3, newest)])
    assert [run.name for run in chosen.scored] == ["day-2", "day-3"]
    assert [(run.name, reason) for run, reason in chosen.left_out] == [
        ("day-1", "day-3 is newer and holds the same probes")
    ]


def test_without_runs_there_is_nothing_to_choose() -> None:
    assert choose_runs([]).scored == ()


@given(st.lists(st.tuples(st.integers(0, 40), st.sets(st.sampled_from("abcd"), min_size=1)), min_size=1, max_size=12))
def test_each_run_is_scored_or_left_out_and_no_case_is_scored_twice(given_runs: list[tuple[int, set[str]]]) -> None:
    runs = [
        at(day, make_run(*(measured_case(framework, 0.01) for framework in sorted(frameworks))), f"run-{place}")
        for place, (day, frameworks) in enumerate(given_runs)
    ]
    chosen = choose_runs(runs)
    names = [run.name for run in chosen.scored] + [run.name for run, _ in chosen.left_out]
    assert sorted(names) == sorted(run.name for run in runs)
    scored = [case.nodeid for run in chosen.scored for case in run.record.cases]
    assert len(scored) == len(set(scored))
    newest = max(run.record.created for run in runs)
    assert chosen.scored[-1].record.created == newest
