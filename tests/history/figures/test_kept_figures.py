"""What saved runs say, the rows that a history keeps of them say too, to the digit. Needs no extra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.comparing.saved_figures import figures_of
from speedscore.history.figures.kept_figures import READ, KeptRow, figure_blocks, measured_cases, saved_runs
from speedscore.history.figures.series import make_series, series_of
from speedscore.host.fields import Scalar
from speedscore.record.case_summary import summaries_of
from speedscore.record.content_id import content_id
from speedscore.record.run_record import RunRecord
from tests.history.sample_history import a_full_run
from tests.record.sample_machines import MACHINES, on
from tests.sample_runs import MACHINE, a_run, measured, timed


def kept(runs: Sequence[RunRecord], *, host: str = "") -> list[KeptRow]:
    """As a history has them."""
    rows: list[KeptRow] = []
    for run in runs:
        nodeids = [case.nodeid for case in run.cases]
        for blocks in figure_blocks(run, content_id(run), summaries_of(run), [nodeids], host=host):
            rows += [tuple(row[name] for name in READ) for block in blocks for row in block.rows()]
    return rows


class Night(msgspec.Struct, frozen=True):
    """One run of a history, by what may differ from another's."""

    day: int
    processor: str
    jax: str | None
    """Its version; None where it was not recorded."""
    free_bytes: int
    """Which comparing passes over."""
    variant: str
    busy: float
    """The same."""
    machine: str
    is_carried: bool
    """Whether it holds the cases of the run before."""


def runs_of(nights: Sequence[Night]) -> list[RunRecord]:
    runs: list[RunRecord] = []
    for night in nights:
        environment: dict[str, Scalar] = {
            "cpu.model": night.processor,
            "git.commit": f"{night.day:040}",
            "git.dirty": night.day % 2 == 0,
            "memory.available_bytes": night.free_bytes,
        }
        if night.jax is not None:
            environment["package.jax"] = night.jax
        memory = measured("peak_rss_running_bytes", "bytes", 0.0 if night.day % 3 == 0 else 1e6 + night.day)
        cases = on(
            night.machine,
            timed(
                [0.1 + night.day, 0.2, 0.3],
                extra=[memory],
                program={"variant": night.variant},
                worker={"processors_busy_before": night.busy},
            ),
        )
        run = a_run(*cases, timed([0.5], framework="torch"), day=night.day, environment=environment, machines=MACHINES)
        if night.is_carried and runs:
            run = msgspec.structs.replace(run, cases=runs[-1].cases)
        runs.append(run)
    return runs


NIGHTS = st.lists(
    st.builds(
        Night,
        day=st.integers(0, 400),
        processor=st.sampled_from(("a", "b")),
        jax=st.sampled_from(("0.10.1", "0.10.2", None)),
        free_bytes=st.integers(0, 3),
        variant=st.sampled_from(("jit", "eager")),
        busy=st.sampled_from((0.0, 0.25)),
        machine=st.sampled_from(("", "box-1", "box-2")),
        is_carried=st.booleans(),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda night: night.day,
)


@settings(max_examples=60, deadline=None)
@given(NIGHTS)
def test_kept_rows_make_the_series_that_their_runs_make(nights: list[Night]) -> None:
    runs = runs_of(nights)
    expected = make_series([figures_of(run, path=content_id(run), host="a host") for run in runs])
    rows = kept(runs, host="a host")
    assert series_of(measured_cases(rows)) == expected
    assert make_series(saved_runs(rows)) == expected


def test_rows_of_a_release_that_kept_no_host_are_of_a_machine_that_is_not_known_or_of_a_fleets() -> None:
    rows = kept([a_run(*on("box-1", timed([0.1])), timed([0.2], framework="torch"), machines=MACHINES)], host="a host")
    earlier: list[KeptRow] = []
    for row in rows:
        columns: dict[str, Any] = dict(zip(READ, row, strict=True))
        figures = msgspec.json.decode(columns["figures"], type=dict)
        del figures["host"]
        columns["figures"] = msgspec.json.encode(figures).decode()
        earlier.append(tuple(columns.values()))
    for known, expected in ((rows, {"jax": "box-1", "torch": "a host"}), (earlier, {"jax": "box-1", "torch": ""})):
        all_series = series_of(measured_cases(known))
        assert {series.framework: series.points[0].machine_name for series in all_series} == expected


def test_a_case_that_was_not_measured_makes_no_series() -> None:
    run = a_full_run()
    rows = kept([run])
    assert len(rows) == len(run.cases) == 3
    assert {each.case for each in series_of(measured_cases(rows))} == {case.nodeid for case in run.cases[:2]}


@pytest.mark.parametrize(
    ("compared", "rest", "field"),
    [("run_fields", "run", "package.jax"), ("case_fields", "figures", "program.variant")],
    ids=["of the run", "of the case"],
)
def test_what_another_release_passed_over_is_compared_where_it_counts_now(compared: str, rest: str, field: str) -> None:
    runs = [
        a_run(timed([0.1], program={"variant": each}), day=day, environment=MACHINE | {"package.jax": each})
        for day, each in enumerate(("one", "another"))
    ]
    rows = kept(runs)
    moved: list[KeptRow] = []
    for row in rows:
        columns: dict[str, Any] = dict(zip(READ, row, strict=True))
        looked_at, whole = (msgspec.json.decode(columns[name], type=dict) for name in (compared, rest))
        whole.setdefault("fields", {})[field] = looked_at.pop(field)
        columns |= {name: msgspec.json.encode(each).decode() for name, each in ((compared, looked_at), (rest, whole))}
        moved.append(tuple(columns.values()))
    (series,) = series_of(measured_cases(moved))
    assert field in {each.field for each in series.points[1].changed}
    assert (series,) == series_of(measured_cases(rows))


def test_cases_of_a_run_share_what_is_said_of_the_run() -> None:
    rows = kept([a_run(timed([0.1]), timed([0.2], framework="torch"))])
    one, other = (series.points[0] for series in series_of(measured_cases(rows)))
    assert one.at is other.at
    assert one.run is other.run
    assert one.commit is other.commit
