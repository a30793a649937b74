"""What others use of the processors: our own processes are not others, whatever they do."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from speedscore.host.load import others_processor_seconds

SPIN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"


class Times:
    """The system's counters of one processor."""

    def __init__(self, **seconds: float) -> None:
        self.__dict__ |= seconds


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> list[Times]:
    """Counters of two processors, of which this process may run on the first."""
    counters = [Times(user=100.0, idle=5.0), Times(user=900.0, idle=5.0)]
    monkeypatch.setattr(psutil, "cpu_times", lambda *, percpu: counters)  # noqa: ARG005
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)  # noqa: ARG005
    return counters


def test_what_others_use_is_counted_with_what_a_hypervisor_took_on_our_processors_alone(
    system: list[Times],
) -> None:
    before = others_processor_seconds()
    system[0] = Times(user=103.0, steal=2.0, iowait=40.0, idle=90.0)
    system[1] = Times(user=990.0)
    after = others_processor_seconds()
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(5.0, abs=0.2)


@pytest.mark.usefixtures("system")
def test_what_our_own_processes_use_is_not_of_others() -> None:
    """The counters of the system stand still here, so what is ours is taken away from them."""
    before = others_processor_seconds()
    subprocess.run([sys.executable, "-c", SPIN], check=True)
    after = others_processor_seconds()
    assert before is not None
    assert after is not None
    assert after - before <= -0.5
