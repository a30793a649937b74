"""Series hold what may be compared, in the order of time; what may not is kept apart, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.comparing.saved_figures import figures_of, load_figures
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.figures.machines import machine_id
from speedscore.history.figures.series import Series, make_series
from speedscore.host.fields import Scalar
from speedscore.record.run_record import CaseResult
from tests.comparing.sample_runs import save_plain
from tests.record.sample_machines import BOX_1, BOX_2, MACHINES, on
from tests.sample_runs import MACHINE, a_run, measured, timed


def saved(*cases: CaseResult, day: float = 0.0, changed: dict[str, Scalar] | None = None, **fields: Any) -> SavedRun:
    """A run in memory; ``changed`` is what its environment has beside the usual machine's."""
    run = a_run(*cases, day=day, environment={**MACHINE, **(changed or {})}, **fields)
    return figures_of(run, path=f"day{day:g}.json")


def one(runs: Sequence[SavedRun]) -> Series:
    (series,) = make_series(runs)
    return series


def test_points_are_in_the_order_of_time_and_say_where_they_come_from() -> None:
    runs = [saved(timed([0.1 + day]), day=day, changed={"git.commit": f"c{day:g}"}) for day in (2.0, 0.0, 1.0)]
    series = one(runs)
    assert [(point.run, point.commit, point.value) for point in series.points] == [
        ("day0.json", "c0", 0.1),
        ("day1.json", "c1", 1.1),
        ("day2.json", "c2", 2.1),
    ]
    assert (series.preset, series.unit, series.points[0].seed) == ("smoke", "s", 1)


def test_a_point_is_the_mean_over_processes_and_has_an_interval_from_three_on() -> None:
    two, three = make_series([saved(timed([0.1, 0.4]))])[0], make_series([saved(timed([0.1, 0.2, 0.4]))])[0]
    (point,) = two.points
    assert point.value == pytest.approx(0.2)
    assert (point.low, point.high, point.processes) == (None, None, 2)
    (point,) = three.points
    assert point.low is not None
    assert point.high is not None
    assert point.low < point.value < point.high
    assert point.low * point.high == pytest.approx(point.value**2), "it reaches as far up as down, as a ratio"


def test_without_intervals_all_else_is_said_alike() -> None:
    runs = [saved(timed([0.1, 0.2, 0.4 + day]), day=day, changed={"package.jax": f"{day}"}) for day in range(2)]
    with_intervals, without = one(runs), make_series(runs, with_intervals=False)[0]
    assert all(point.low is not None for point in with_intervals.points)
    points = tuple(msgspec.structs.replace(point, low=None, high=None) for point in with_intervals.points)
    assert without == msgspec.structs.replace(with_intervals, points=points)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"changed": {"cpu.model": "another processor"}}, "cpu.model"),
        ({"changed": {"cpu.affinity": "0"}}, "cpu.affinity"),
        ({"changed": {"benchmark.timer": "time.time"}}, "benchmark.timer"),
        ({"preset": "small"}, "preset"),
        ({"in_process": True}, "in_process"),
    ],
    ids=["processor", "processors", "timer", "preset", "inside pytest"],
)
def test_what_must_not_be_compared_is_a_series_of_its_own(other: dict[str, Any], field: str) -> None:
    usual: dict[str, Scalar] = {"cpu.affinity": "0,1", "benchmark.timer": "perf_counter"}
    unlike = other | {"changed": usual | other.get("changed", {})}
    runs = [
        saved(timed([0.1]), changed=usual),
        saved(timed([0.2]), day=1, **unlike),
        saved(timed([0.3]), day=2, changed=usual),
    ]
    first, second = make_series(runs)
    assert [point.value for point in first.points] == [0.1, 0.3]
    assert [point.value for point in second.points] == [0.2]
    assert first.apart == ()
    assert [difference.field for difference in second.apart] == [field]


def test_another_shape_of_the_model_is_another_series() -> None:
    shape = {"preset": "smoke", "cut": "none", "batch": 16}
    first, second = make_series([saved(timed([0.1])), saved(timed([0.1], workload=shape), day=1)])
    assert [difference.field for difference in second.apart] == ["workload.batch"]
    assert len(first.points) == len(second.points) == 1


def test_what_a_run_did_not_record_is_not_known_to_differ() -> None:
    runs = [saved(timed([0.1]), changed={"cpu.affinity": "0,1"}), saved(timed([0.1]), day=1)]
    assert len(one(runs).points) == 2


def test_versions_that_changed_are_named_where_they_did_and_split_nothing() -> None:
    versions = ["0.10.1", "0.10.1", "0.10.2"]
    runs = [saved(timed([0.1]), day=day, changed={"package.jax": each}) for day, each in enumerate(versions)]
    changed = [[(each.field, each.base, each.head) for each in point.changed] for point in one(runs).points]
    assert changed == [[], [], [("package.jax", "0.10.1", "0.10.2")]]


def test_a_measurement_that_was_carried_into_a_later_session_counts_once() -> None:
    first = saved(timed([0.1]))
    later = msgspec.structs.replace(saved(timed([0.5]), day=1), cases=first.cases)
    assert [point.value for point in one([first, later]).points] == [0.1]


def test_every_metric_has_its_series_and_memory_below_its_instrument_no_point() -> None:
    runs = [
        saved(
            timed(
                [0.1], extra=[measured("xla_flops", "count", 0.0), measured("peak_rss_running_bytes", "bytes", each)]
            ),
            day=day,
        )
        for day, each in enumerate((0.0, 3e6))
    ]
    assert [(each.metric, each.is_counted, len(each.points)) for each in make_series(runs)] == [
        ("time", False, 2),
        ("xla_flops", True, 2),
        ("peak_rss_running_bytes", False, 1),
    ]


def test_plain_files_of_pytest_benchmark_make_series_too(tmp_path: Path) -> None:
    paths = [save_plain(tmp_path / f"{day}.json", median=0.1 + day, day=day) for day in range(2)]
    series = one([load_figures(path) for path in paths])
    assert (series.case, series.preset) == ("tests/test_it.py::test_it", "")
    assert [point.commit for point in series.points] == ["0123456789abcdef"] * 2


def test_a_case_that_wanders_over_a_fleet_has_a_series_on_each_kind_of_machine() -> None:
    nights = ["box-1", "box-2", "box-1"]
    runs = [
        saved(*on(machine, timed([0.1 + day])), day=day, machines=MACHINES)
        for day, machine in enumerate(nights, start=1)
    ]
    # One of them alone, by itself.
    runs.append(figures_of(a_run(timed([0.5]), day=9, environment=BOX_2), path="alone.json"))
    first, second = make_series(runs)
    assert [(point.value, point.run) for point in first.points] == [(1.1, "day1.json"), (3.1, "day3.json")]
    assert [(point.value, point.run) for point in second.points] == [(2.1, "day2.json"), (0.5, "alone.json")]
    assert (first.machine, second.machine) == (machine_id(BOX_1), machine_id(BOX_2))
    assert {difference.field for difference in second.apart} == {"cpu.logical", "cpu.model"}
