"""Commands that make what later sessions find again: one maker at a time, and none that outlives its session.

It knows nothing of what is made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from speedscore.host.reaper import mark

_LOOK_SECONDS = 0.1
_SHOWN_LINES = 3


class MakingStopped(Exception):
    """The session ended while something was being made, or waited for."""


@contextlib.contextmanager
def locked(path: Path, *, stopped: threading.Event) -> Iterator[IO[str]]:
    """Hold the file's lock, when nobody else does any more. Raises MakingStopped soon after ``stopped`` is set."""
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if stopped.wait(_LOOK_SECONDS):
                    raise MakingStopped from None
        yield lock


def run_command(
    command: Sequence[str],
    *,
    variables: Mapping[str, str],
    lock: IO[str],
    stopped: threading.Event,
    limit_seconds: float,
    folder: Path | None = None,
) -> None:
    """Run to its end, or until stopped or late. ``variables`` are its environment, ``folder`` its current one.

    Raises MakingStopped, TimeoutExpired and CalledProcessError, of which the last holds all that it printed.
    """
    deadline = time.monotonic() + limit_seconds
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**variables, **mark()},
            # It holds the lock with us: where we are killed, nobody else begins before it has ended, too.
            pass_fds=(lock.fileno(),),
            start_new_session=True,
            cwd=folder,
        )
        try:
            while (status := process.poll()) is None:
                if stopped.wait(_LOOK_SECONDS):
                    raise MakingStopped
                if time.monotonic() > deadline:
                    raise subprocess.TimeoutExpired(command, round(limit_seconds))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if status:
            output.seek(0)
            raise subprocess.CalledProcessError(status, command, output.read())


def last_words(error: Exception) -> str:
    """What went wrong, in the command's own words where there are some."""
    text = getattr(error, "output", None) or str(error)
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    # What went wrong stands behind what pip says of every address that it has asked.
    lines = [line for line in lines if not line.startswith("WARNING")] or lines
    return "; ".join(lines[-_SHOWN_LINES:]) or type(error).__name__
