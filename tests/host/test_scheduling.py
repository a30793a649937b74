"""What the system withheld from a process, told by differences of counters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.host.scheduling import Reading, SchedulingCounters

SECONDS = st.floats(0.0, 10.0)


@given(SECONDS, SECONDS, SECONDS, SECONDS, st.integers(0, 3))
def test_no_more_is_withheld_than_the_process_was_idle(
    wall: float, computing: float, queued: float, throttled: float, stops: int
) -> None:
    reading = Reading(computing, queued_seconds=queued, throttled_seconds=throttled, stops=stops)
    withheld = reading.withheld_seconds(wall)
    assert 0.0 <= withheld <= max(0.0, wall - computing)
    assert stops or withheld <= queued + throttled


def test_threads_that_queue_for_each_other_are_not_kept_waiting_by_the_host() -> None:
    assert Reading(processor_seconds=1.0, queued_seconds=3.0).withheld_seconds(1.0) == 0.0


def test_who_sleeps_is_not_withheld_but_who_is_stopped_is() -> None:
    assert Reading(processor_seconds=0.1).withheld_seconds(1.0) == 0.0
    assert Reading(processor_seconds=0.1, stops=1).withheld_seconds(1.0) == pytest.approx(0.9)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell")
def test_a_stop_and_a_neighbour_on_the_same_processor_move_the_counters() -> None:
    before_handler = signal.getsignal(signal.SIGCONT)
    affinity = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(affinity)})
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    counters = SchedulingCounters()
    try:
        before = counters.read()
        while (taken := counters.read().since(before)).queued_seconds < 0.02:
            pass
        assert taken.processor_seconds > 0.0
        os.kill(os.getpid(), signal.SIGCONT)
        assert counters.read().since(before).stops == 1
    finally:
        counters.close()
        neighbour.kill()
        neighbour.wait()
        os.sched_setaffinity(0, affinity)
    assert signal.getsignal(signal.SIGCONT) == before_handler
