"""A process that is spoken to: its death is seen at once, and it dies with who started it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from speedscore.host import piped, reaper_script
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.host.reaper import end_leftovers, is_alive
from speedscore.host.scratch import make_scratch, remove_leftovers
from tests.waiting import wait_until

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
    wait_until(lambda: not any(map(reaper_script.identity, pids)), "a process was not ended")


def test_a_death_is_seen_though_a_child_holds_the_pipe(start: Callable[[str], PipedProcess]) -> None:
    process = start("(os.fork() or time.sleep(600)) and os._exit(3)")
    began = time.monotonic()
    with pytest.raises(ProcessLostError, match="ended with exit code 3 instead of replying"):
        process.read_line(limit_seconds=LIMIT_SECONDS)
    assert time.monotonic() - began < LIMIT_SECONDS / 2


def test_one_that_only_does_not_reply_hangs_and_one_that_has_gone_does_not(
    start: Callable[[str], PipedProcess],
) -> None:
    with pytest.raises(ProcessLostError) as lost:
        start("time.sleep(600)").read_line(limit_seconds=0.0)
    assert lost.value.hung
    with pytest.raises(ProcessLostError) as lost:
        start("print('hung: as I was told to say'); sys.exit(3)").read_line(limit_seconds=LIMIT_SECONDS)
    assert not lost.value.hung


def test_what_it_printed_last_is_told_without_colours(start: Callable[[str], PipedProcess]) -> None:
    """As a program prints where FORCE_COLOR is set."""
    process = start(r"print('\x1b[31mERROR: jammed\x1b[0m\n\x1b[1;32mgone\x1b[0m')")
    with pytest.raises(ProcessLostError) as lost:
        process.read_line(limit_seconds=LIMIT_SECONDS)
    assert str(lost.value).endswith("its last lines:\n  | ERROR: jammed\n  | gone")


def test_lines_that_are_hidden_are_not_told(tmp_path: Path) -> None:
    process = PipedProcess(
        [sys.executable, "-c", "print('ERROR: jammed'); print(*[9000 * 'x' + 'harmless'] * 2, sep='\\n')"],
        log_path=tmp_path / "log",
        env=dict(os.environ),
        hidden=re.compile("harmless"),
    )
    with pytest.raises(ProcessLostError) as lost:
        process.read_line(limit_seconds=LIMIT_SECONDS)
    process.close()
    assert str(lost.value).endswith("its last lines:\n  | ERROR: jammed")


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
    """Children in a session of their own as well, which no signal to a group reaches, or without our mark."""
    child = """
import os, subprocess, sys, time
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
children = [subprocess.Popen(sleep, start_new_session=True), subprocess.Popen(sleep, env={})]
children.append(subprocess.Popen(sleep, env={}, start_new_session=True))
print(*(child.pid for child in children), flush=True)
time.sleep(600)
"""
    starter = f"""
import os, sys, time
from pathlib import Path
from speedscore.host.piped import PipedProcess
log = Path({str(tmp_path / "log")!r})
process = PipedProcess([sys.executable, "-c", {child!r}], log_path=log, env=dict(os.environ))
while not log.read_text().strip():
    time.sleep(0.02)
process.freeze()
if not os.fork():
    time.sleep(600)
print(process.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            started = int(process.stdout.readline())
            grandchildren = list(map(int, (tmp_path / "log").read_text().split()))
            assert len(grandchildren) == 3
            wait_until(lambda: psutil.Process(started).status() == psutil.STATUS_STOPPED, "it was not frozen")
            process.send_signal(number)
            wait_until_gone(started, *grandchildren)
        finally:
            # Its fork, which holds the pipe of the reaper.
            os.killpg(process.pid, signal.SIGKILL)


@needs_linux
def test_what_nobody_reaped_is_found_later() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    identity = reaper_script.identity(gone.pid) or f"{gone.pid}-1-{reaper_script.place()}"
    gone.wait()
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={reaper_script.MARK: identity})
    try:
        wait_until(lambda: left.pid in reaper_script.marked(), "it has not begun")
        # A gate that begins meanwhile looks for leftovers, too, and may find it first.
        assert end_leftovers() >= 1 or left.wait(LIMIT_SECONDS)
        assert left.wait(LIMIT_SECONDS) == -signal.SIGKILL
    finally:
        left.kill()


@needs_linux
def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    identity = reaper_script.identity(os.getpid())
    assert is_alive(identity)
    assert not is_alive(f"{os.getpid()}-1-{reaper_script.place()}")
    assert not is_alive("")


@needs_linux
def test_what_another_container_started_is_left_alone() -> None:
    mark = f"{os.getpid()}-1-1234.5678"
    theirs = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={reaper_script.MARK: mark})
    try:
        wait_until(lambda: theirs.pid in reaper_script.marked(), "it has not begun")
        end_leftovers()
        assert theirs.poll() is None
    finally:
        theirs.kill()
        theirs.wait()


@needs_linux
def test_folders_of_those_who_have_gone_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ours, left, strange = make_scratch("gate"), make_scratch("gate"), tmp_path / "speedscore-strange"
    old, of_container = make_scratch("gate"), make_scratch("gate")
    for folder in (old, of_container):
        (folder / ".made-by").write_text(f"{os.getpid()}-1-1234.5678")
    os.utime(old / ".made-by", (0, 0))
    (left / ".made-by").write_text(f"{os.getpid()}-1-{reaper_script.place()}")
    (left / "worktree").mkdir()
    strange.mkdir()
    assert remove_leftovers() == 2
    assert sorted(tmp_path.iterdir()) == sorted([ours, strange, of_container])


def test_what_is_closed_is_signalled_no_more_for_its_number_may_be_anothers(
    start: Callable[[str], PipedProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start("time.sleep(600)")
    process.close()
    signalled: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda group, _: signalled.append(group))
    process.kill()
    assert signalled == []
