"""What others use of the processors: our own processes are not others, whatever they do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from speedscore.host import load
from speedscore.host.load import others_processor_seconds

SPIN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
ALL = "cpu  9 9 9 9 9 9 9 9 9 9"
TICKS = os.sysconf("SC_CLK_TCK")

Count = Callable[..., None]


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Count:
    """Lets the system count so many seconds of each processor by its number; this process may run on number 2."""

    def write(**lines: str) -> None:
        counted = [
            " ".join([name, *(str(round(float(seconds) * TICKS)) for seconds in line.split())])
            for name, line in lines.items()
        ]
        (tmp_path / "stat").write_text("\n".join([ALL, *counted, "intr 3 1 2", "ctxt 77"]) + "\n")

    monkeypatch.setattr(load, "_STAT", tmp_path / "stat")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2}, raising=False)  # noqa: ARG005
    return write


def others() -> float:
    seconds = others_processor_seconds()
    assert seconds is not None
    return seconds


def test_what_others_use_is_counted_with_what_a_hypervisor_took_on_our_processors_alone(count: Count) -> None:
    count(cpu0="900 0 0 5", cpu2="100 0 0 5 0 0 0 0 0 0")
    before = others()
    # user, nice, system, idle, waiting, irq, softirq, steal, and guests, whom user time has in it
    count(cpu0="990 0 0 5", cpu2="103 0.5 1 90 40 0.25 0.25 2 3 0")
    assert others() - before == pytest.approx(7.0, abs=0.2)


def test_a_processor_is_known_by_its_number_for_those_that_are_offline_are_not_told_of(count: Count) -> None:
    count(cpu0="0", cpu2="0", cpu3="0")
    before = others()
    count(cpu0="10", cpu2="1", cpu3="100")
    assert others() - before == pytest.approx(1.0, abs=0.2)


def test_where_the_system_does_not_tell_of_our_processor_nothing_is_known(count: Count) -> None:
    assert others_processor_seconds() is None
    count(cpu0="1", cpu3="1")
    assert others_processor_seconds() is None


def test_what_our_own_processes_use_is_not_of_others(count: Count) -> None:
    """The counters of the system stand still here, so what is ours is taken away from them."""
    count(cpu2="100")
    before = others()
    subprocess.run([sys.executable, "-c", SPIN], check=True)
    assert others() - before <= -0.5
