"""What others took from a round: only what the program itself cannot bring about counts."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import speedscore_gate_preemption
from speedscore_gate_preemption import KernelCounts, Preemption, RoundTimes, preempted_seconds

from tests.gate.sample_repository import SAMPLES

SIDE = Path(speedscore_gate_preemption.__file__).parent
SLEPT = 0.01


def rounds(what: str) -> list[RoundTimes]:
    """Of a program that works, and does something else by itself, while another process wants its processor."""
    processor = min(os.sched_getaffinity(0))
    neighbour = f"import os\nos.sched_setaffinity(0, {{{processor}}})\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", neighbour]) as process:
        try:
            done = subprocess.run(
                [sys.executable, SAMPLES / "preempted_rounds.py", what, str(processor)],
                env={**os.environ, "PYTHONPATH": str(SIDE)},
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            process.kill()
    return [RoundTimes(**json.loads(line)) for line in done.stdout.splitlines()]


def test_of_a_round_that_only_works_all_but_its_processor_time_was_taken_by_others() -> None:
    measured = rounds("nothing")
    assert sum(times.involuntary_switches or 0 for times in measured) > 0
    assert sum(times.preempted_seconds for times in measured) > 0.1 * sum(times.seconds for times in measured)
    # A page that has to be fetched makes a round sleep.
    working = [times for times in measured if times.preempted_seconds == times.seconds - times.cpu_seconds]
    assert len(working) > len(measured) / 2


def test_what_a_program_sleeps_is_its_own() -> None:
    kept = [times.seconds - times.preempted_seconds for times in rounds("sleep")]
    # Now and then the thread loses its processor after its timer is set and before it sleeps: it waits for a processor
    # while it would have slept, and the kernel counts that as waiting.
    assert statistics.median(kept) >= SLEPT


def test_where_a_child_of_the_program_may_have_had_the_processor_nothing_is_taken_out() -> None:
    measured = rounds("child")
    assert {(times.preempted_seconds, times.involuntary_switches) for times in measured} == {(0.0, None)}


IDLE = KernelCounts(
    other_threads_seconds=5.0,
    children_seconds=1.0,
    has_children=False,
    sleeps=10,
    delay_seconds=2.0,
    involuntary_switches=7,
)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 0.6),
        ({"delay_seconds": None}, 0.6),
        ({"sleeps": 11, "delay_seconds": 2.25}, 0.25),
        ({"sleeps": 11, "delay_seconds": 2.75}, 0.6),
        ({"sleeps": 11, "delay_seconds": None}, 0.0),
        ({"other_threads_seconds": 5.1}, 0.0),
        ({"children_seconds": 1.1}, 0.0),
        ({"has_children": True}, 0.0),
    ],
    ids=str,
)
def test_what_is_taken_out_follows_from_what_the_kernel_counted(changes: dict[str, Any], seconds: float) -> None:
    taken = preempted_seconds(IDLE, IDLE._replace(**changes), cpu_seconds=0.4, not_running_seconds=0.6)
    assert taken == pytest.approx(seconds)


def test_a_timer_that_counts_no_wall_time_keeps_its_figure() -> None:
    times = Preemption().times(seconds=0.5, wall_seconds=1.0, cpu_seconds=0.5)
    assert (times.seconds, times.preempted_seconds) == (0.5, 0.0)


def test_an_iteration_has_its_share() -> None:
    assert RoundTimes(8.0, 4.0, 2.0, 3).per_iteration(4) == RoundTimes(2.0, 1.0, 0.5, 3)
