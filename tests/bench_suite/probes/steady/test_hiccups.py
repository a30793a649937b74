"""A long run: what a process tells of its steps, and what the answer makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.steady.hiccups import (
    FEWEST_STEPS,
    METRIC_OF,
    SHOWN_STALLS,
    TOO_BUSY,
    asked_frameworks,
    compilations_module,
    judge,
    list_cases,
    percentile_99,
)
from speedscore.bench_suite.probes.steady.long_run import COLUMNS
from speedscore.bench_suite.probes.steady.stalls import CAUSES
from tests.bench_suite.probes.steady.running import run_columns, stop_now_and_then

VERSIONS = {"sample": "1"}


def columns(count: int, **changed: dict[int, float]) -> dict[str, Any]:
    """A run of steps of 5 ms in which nothing happened but what is ``changed``: a column's values by step."""
    made: dict[str, Any] = {name: [0] * count for name in COLUMNS} | {"seconds": [0.005] * count, "watched": True}
    for name, values in changed.items():
        for number, value in values.items():
            made[name][number] = value
    return made


def test_a_run_that_nothing_interrupts_is_steady() -> None:
    answer = judge(columns(FEWEST_STEPS), versions=VERSIONS)
    assert answer.outcome == "steady"
    assert answer.measurements["steady_p99_seconds"] == [0.005]
    assert len(answer.measurements["steady_step_seconds"]) == FEWEST_STEPS
    assert not {*METRIC_OF.values()} & {*answer.measurements}


@pytest.mark.parametrize(
    ("column", "cause", "outcome"),
    [
        ("collection_seconds", "garbage collection", "stalls of its own"),
        ("compile_seconds", "recompilation", "stalls of its own"),
        ("withheld_seconds", "host", "stalls of the host"),
        ("steal_seconds", "host", "stalls of the host"),
        ("involuntary_switches", "unknown", "stalls of unknown cause"),
    ],
)
def test_a_stall_is_told_with_its_step_its_seconds_and_its_cause(column: str, cause: Any, outcome: str) -> None:
    answer = judge(columns(3000, seconds={7: 2.005}, **{column: {7: 2.0}}), versions=VERSIONS)
    assert answer.outcome == outcome
    assert outcome in FAMILIES["hiccups"].outcomes
    assert list(answer.measurements[METRIC_OF[cause]]) == pytest.approx([2.0])
    assert str(answer.observations["stall_1"]).startswith(f"step 7: 2.00 s, {cause} (")


def test_of_a_run_that_others_withheld_much_of_nothing_good_is_said() -> None:
    busy = dict.fromkeys(range(FEWEST_STEPS), 0.002)
    ran = columns(FEWEST_STEPS, withheld_seconds=busy)
    assert judge(ran, versions=VERSIONS).outcome == TOO_BUSY
    assert TOO_BUSY in FAMILIES["hiccups"].outcomes
    ran["collection_seconds"][9], ran["seconds"][9] = 0.1, 0.105
    assert judge(ran, versions=VERSIONS).outcome == "stalls of its own"


def test_one_stall_of_its_own_counts_more_than_many_of_the_host() -> None:
    stalled = dict.fromkeys(range(0, 3000, 1000), 0.1)
    ran = columns(3000, seconds=stalled, withheld_seconds=stalled)
    assert judge(ran, versions=VERSIONS).outcome == "stalls of the host"
    ran["withheld_seconds"][0], ran["collection_seconds"][0] = 0.0, 0.1
    assert judge(ran, versions=VERSIONS).outcome == "stalls of its own"


def test_the_longest_stalls_are_told_in_their_order_and_the_seconds_of_all_are_kept() -> None:
    stalled = {number: 0.1 + number / 1000 for number in range(0, 100, 3)}
    answer = judge(columns(100, seconds=stalled), versions=VERSIONS)
    told = [str(value) for name, value in answer.observations.items() if name.startswith("stall_")]
    assert len(told) == SHOWN_STALLS < len(stalled)
    assert told[-1].startswith("step 99:")
    numbers = [int(text.split()[1].rstrip(":")) for text in told]
    assert numbers == sorted(numbers)
    assert len(answer.measurements["unknown_stall_seconds"]) == len(stalled)


def test_a_percentile_is_told_of_a_thousand_steps_and_not_of_fewer() -> None:
    assert percentile_99(list(range(1, FEWEST_STEPS))) is None
    assert percentile_99(list(range(1, FEWEST_STEPS + 1))) == 990
    assert "steady_p99_seconds" not in judge(columns(999), versions=VERSIONS).measurements


def test_each_cause_has_a_metric_and_each_framework_of_ours_tells_what_it_compiles() -> None:
    assert {*METRIC_OF} == {*CAUSES}
    assert {case.framework for case in list_cases()} == {line.id for line in asked_frameworks()}
    assert not any(case.is_quick for case in list_cases())
    for line in asked_frameworks():
        if not line.missing_packages():
            assert compilations_module(line.id), f"{line.id} has no probing.compilations"
    assert FRAMEWORKS["torch-compile"] in asked_frameworks()


def test_in_a_real_run_a_collection_and_a_stopped_process_are_told_apart() -> None:
    # Seven times, for on a machine that others use one or two may fall into a step that they made long already.
    ran = run_columns("collection", seconds=4.0, disturb=stop_now_and_then)
    assert {len(ran[name]) for name in COLUMNS if ran[name] is not None} == {len(ran["seconds"])}
    assert not ran["watched"]
    answer = judge(ran, versions=VERSIONS)
    assert answer.outcome == "stalls of its own"
    assert {"collection_stall_seconds", "host_stall_seconds"} <= {*answer.measurements}
    told = " ".join(str(value) for name, value in answer.observations.items() if name.startswith("stall_"))
    assert "stopped by a signal 1" in told
    assert "collections 1" in told
