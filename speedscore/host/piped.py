"""A process that is spoken to in lines over two pipes: start it, freeze and thaw it, and be sure that it is gone.

It lives in a session of its own, so that a signal meant for pytest does not reach it, and dies with this process. One
that dies or hangs raises an error that says how and holds its last lines. Nothing here knows what the lines are about.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from speedscore.host.kept_logs import kept_log, shorten
from speedscore.host.reaper import mark
from speedscore.host.variables import KEPT_LOGS, PIPES
from speedscore.text.cleaning import without_colours

_LOG_LINES = 15
_LOG_TAIL_BYTES = 8192
_LOOK_SECONDS = 0.5
_CHUNK_BYTES = 1 << 16
_MOST_LINE_BYTES = 16 << 20
_STOP_SECONDS = 2.0
_END_SECONDS = 10.0


class ProcessLostError(RuntimeError):
    """The process has died or hangs: there is nobody left to ask. The message says how and holds its last lines."""

    def __init__(self, message: str, *, hung: bool = False) -> None:
        super().__init__(message)
        self.hung = hung
        """Whether it was still there, and did not reply in the time that it was given."""


class PipedProcess:
    """Started as it is made."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log_path: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        hidden: re.Pattern[str] | None = None,
        title: str = "",
    ) -> None:
        """What it prints goes to ``log_path``. Where it has a ``title`` and somebody asked for logs of such processes,
        they are kept instead, and what it starts itself is not told of that."""
        kept = kept_log(title) if title else None
        self._log_path = kept or log_path
        self._is_kept = kept is not None
        variables = {name: value for name, value in env.items() if not (title and name == KEPT_LOGS)}
        self._hidden = hidden
        self._buffer = b""
        self._frozen = False
        theirs_read, ours_write = os.pipe()
        ours_read, theirs_write = os.pipe()
        try:
            with self._log_path.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs_read, theirs_write),
                    start_new_session=True,
                    env={**variables, **mark(), PIPES: f"{theirs_read},{theirs_write}"},
                    cwd=cwd,
                )
        except BaseException:
            os.close(ours_write)
            os.close(ours_read)
            raise
        finally:
            os.close(theirs_read)
            os.close(theirs_write)
        self._ours_write = os.fdopen(ours_write, "wb")
        self._ours_read = ours_read

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, line: bytes) -> None:
        """Thaw it where it is frozen, and send a line. Raises ProcessLostError when it has gone."""
        self.thaw()
        try:
            self._ours_write.write(line + b"\n")
            self._ours_write.flush()
        except OSError:
            raise self._death() from None

    def read_line(self, *, limit_seconds: float) -> bytes:
        """Its next line, without the end.

        Raises ProcessLostError when none comes in time, it has gone, or the line has no end.
        """
        if not self.has_line(within_seconds=limit_seconds):
            raise ProcessLostError(f"hung: no reply within {limit_seconds:.0f} s\n{self.last_lines()}", hung=True)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def has_line(self, *, within_seconds: float) -> bool:
        """Wait for its next line. Raises ProcessLostError when it has gone, or the line has no end."""
        deadline = time.monotonic() + within_seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._ours_read, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left_seconds = deadline - time.monotonic()
                if left_seconds <= 0:
                    return False
                # A child that it forked may hold the pipe open when it has gone: its end is looked for, too.
                if selector.select(min(left_seconds, _LOOK_SECONDS)):
                    chunk = os.read(self._ours_read, _CHUNK_BYTES)
                elif self._process.poll() is None:
                    continue
                else:
                    chunk = b""
                if not chunk:
                    raise self._death()
                self._buffer += chunk
                if len(self._buffer) > _MOST_LINE_BYTES:
                    raise ProcessLostError(
                        f"sent more than {_MOST_LINE_BYTES >> 20} MiB without the end of a line\n{self.last_lines()}"
                    )
        return True

    def processor_seconds(self) -> float:
        """What it and all that it started have used of processors so far, as far as the system tells."""
        total = 0.0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            for each in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = each.cpu_times()
                    total += times.user + times.system
        return total

    def freeze(self) -> None:
        """Stop every thread of it, and of what it started in its session, until it is thawed or sent a line."""
        self._signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        if self._frozen:
            self._signal(signal.SIGCONT)
            self._frozen = False

    def kill(self) -> None:
        """End the process and all that it started, at once, and let whoever waits for its line hear of it.

        Any thread may call it; harmless when it has ended already.
        """
        if self._ours_read < 0:
            return  # closed: its number may be another's by now
        if self._process.poll() is None:
            # Children first by name: those that made a session of their own would not hear the group's signal.
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self._process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        child.kill()
        self._signal(signal.SIGKILL)

    def hang_up(self, *, within_seconds: float) -> bool:
        """Close the pipe that it reads from, and wait for it to end by itself. Returns whether it did."""
        with contextlib.suppress(OSError):
            self._ours_write.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_seconds)
        return self._process.poll() is not None

    def close(self) -> None:
        """Kill it, and give its pipes back. For the thread that speaks to it."""
        self.kill()
        # Inside a driver that hangs, a process does not even hear this; the other cases must not wait for it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        if self._is_kept:
            shorten(self._log_path)
        with contextlib.suppress(OSError):
            self._ours_write.close()
        if self._ours_read >= 0:
            os.close(self._ours_read)
            self._ours_read = -1

    def last_lines(self) -> str:
        """The end of what it printed, indented, with a heading, and without the lines that are hidden."""
        try:
            with self._log_path.open("rb") as log:
                # Further back than is shown: what is hidden can fill the end.
                log.seek(max(0, self._log_path.stat().st_size - 4 * _LOG_TAIL_BYTES))
                lines = without_colours(log.read().decode(errors="replace")).splitlines()
            lines = [line for line in lines if self._hidden is None or not self._hidden.search(line)]
        except OSError:
            lines = []
        if not lines:
            return "it printed nothing"
        shown = "\n".join(lines[-_LOG_LINES:])[-_LOG_TAIL_BYTES:].splitlines()
        return "\n".join(["its last lines:", *(f"  | {line}" for line in shown)])

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _death(self) -> ProcessLostError:
        try:
            status = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return ProcessLostError(f"closed its pipe but did not end\n{self.last_lines()}")
        if status >= 0:
            how = f"ended with exit code {status} instead of replying"
        elif -status == signal.SIGKILL:
            how = "was killed (SIGKILL); on Linux most often because memory ran out"
        else:
            how = f"was ended by {signal.Signals(-status).name}"
        return ProcessLostError(f"{how}\n{self.last_lines()}")
