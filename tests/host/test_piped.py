"""A process that is spoken to: its death is seen at once, and it dies with who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from speedscore.host import piped, reaping
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.host.reaper import end_leftovers, is_alive
from speedscore.host.scratch import make_scratch, remove_leftovers

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc, which Linux has")
OPEN = "import os, sys, time; r, w = map(int, os.environ['SPEEDSCORE_PIPES'].split(',')); "
LIMIT_SECONDS = 60.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], PipedProcess]]:
    started: list[PipedProcess] = []

    def start(code: str) -> PipedProcess:
        started.append(
            PipedProcess([sys.executable, "-c", OPEN + code], log_path=tmp_path / "log", env=dict(os.environ))
        )
        return started[-1]

    yield start
    for process in started:
        process.close()


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while any(map(reaping.identity, pids)):
        assert time.monotonic() < deadline, f"{pids} still live"
        time.sleep(0.02)


def test_a_death_is_seen_though_a_child_holds_the_pipe(start: Callable[[str], PipedProcess]) -> None:
    process = start("(os.fork() or time.sleep(600)) and os._exit(3)")
    began = time.monotonic()
    with pytest.raises(ProcessLostError, match="ended with exit code 3 instead of replying"):
        process.read_line(limit_seconds=LIMIT_SECONDS)
    assert time.monotonic() - began < LIMIT_SECONDS / 2


def test_a_line_without_an_end_is_given_up(
    start: Callable[[str], PipedProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piped, "_MOST_LINE_BYTES", 1 << 20)
    process = start("[os.write(w, b'x' * 65536) for _ in range(100)]; time.sleep(600)")
    with pytest.raises(ProcessLostError, match="sent more than 1 MiB without the end of a line"):
        process.read_line(limit_seconds=LIMIT_SECONDS)


@needs_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_what_was_started_ends_with_its_starter_frozen_or_not(tmp_path: Path, number: signal.Signals) -> None:
    """A child in a session of its own as well, which no signal to a group reaches."""
    child = (
        "import subprocess, sys, time; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    )
    child += " start_new_session=True).pid, flush=True); time.sleep(600)"
    starter = f"""
import os, sys, time
from pathlib import Path
from speedscore.host.piped import PipedProcess
log = Path({str(tmp_path / "log")!r})
process = PipedProcess([sys.executable, "-c", {child!r}], log_path=log, env=dict(os.environ))
while not log.read_text().strip():
    time.sleep(0.02)
process.freeze()
print(process.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = int(process.stdout.readline())
        grandchild = int((tmp_path / "log").read_text())
        assert psutil.Process(started).status() == psutil.STATUS_STOPPED
        process.send_signal(number)
    wait_until_gone(started, grandchild)


@needs_linux
def test_what_nobody_reaped_is_found_later() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    identity = reaping.identity(gone.pid) or f"{gone.pid}-1"
    gone.wait()
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={reaping.MARK: identity})
    try:
        while left.pid not in reaping.marked():  # until it has begun
            time.sleep(0.02)
        assert end_leftovers() >= 1
        assert left.wait(LIMIT_SECONDS) == -signal.SIGKILL
    finally:
        left.kill()


@needs_linux
def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    identity = reaping.identity(os.getpid())
    assert is_alive(identity)
    assert not is_alive(f"{os.getpid()}-1")
    assert not is_alive("")


@needs_linux
def test_folders_of_those_who_have_gone_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ours, left, strange = make_scratch("gate"), make_scratch("gate"), tmp_path / "speedscore-strange"
    (left / ".owner").write_text(f"{os.getpid()}-1")
    (left / "worktree").mkdir()
    strange.mkdir()
    assert remove_leftovers() == 1
    assert sorted(tmp_path.iterdir()) == sorted([ours, strange])
