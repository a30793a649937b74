"""Resident memory is the kernel's own figure, peaks included, and None where the kernel does not tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from speedscore.bench_suite.workers import memory
from speedscore.bench_suite.workers.memory import peak_rss_bytes, reset_peak, rss_bytes
from tests.places import ROOT

STATUS = "Name:\tpython\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t1\n"

TAKE_AND_GIVE_BACK = """
from speedscore.bench_suite.workers.memory import peak_rss_bytes, reset_peak, rss_bytes

def figures():
    return rss_bytes(), peak_rss_bytes()

print("begin", reset_peak(), *figures())
taken = b"\\x01" * (64 << 20)
print("taken", True, *figures())
del taken
print("given", True, *figures())
print("reset", reset_peak(), *figures())
"""


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "status"
    monkeypatch.setattr(memory, "_STATUS", path)
    return path


def test_figures_are_read_in_bytes(status: Path) -> None:
    status.write_text(STATUS)
    assert (peak_rss_bytes(), rss_bytes()) == (2048 * 1024, 1024 * 1024)


def test_a_field_that_the_kernel_does_not_have_is_unknown(status: Path) -> None:
    status.write_text("Name:\tpython\n")
    assert (peak_rss_bytes(), rss_bytes()) == (None, None)


@pytest.mark.usefixtures("status")
def test_without_the_kernels_file_memory_is_unknown() -> None:
    assert (peak_rss_bytes(), rss_bytes()) == (None, None)


def test_a_peak_that_cannot_be_reset_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_CLEAR_REFS", tmp_path / "missing" / "clear_refs")
    assert reset_peak() is False


def test_a_system_that_cannot_take_memory_back_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoTrim:
        def __init__(self, name: str | None) -> None:
            assert name is None

    monkeypatch.setattr("ctypes.CDLL", NoTrim)
    assert reset_peak() is False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the figures are Linux's")
def test_a_peak_is_kept_after_the_memory_is_given_back_and_forgotten_on_demand() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TAKE_AND_GIVE_BACK],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    if lines[0][1] == "False":
        pytest.skip("this kernel does not let a process reset its peak")
    resident = {name: int(now) for name, _, now, _ in lines}
    peak = {name: int(highest) for name, _, _, highest in lines}
    # Half of what was taken separates the two cases from everything that the interpreter does besides.
    step = 32 << 20
    assert resident["taken"] - resident["begin"] > step
    assert peak["taken"] - peak["begin"] > step
    assert resident["taken"] - resident["given"] > step
    assert peak["given"] - peak["begin"] > step
    assert peak["given"] - peak["reset"] > step
