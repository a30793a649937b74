"""Pytest's side of a worker: start it, ask it, freeze and thaw it, and be sure that it is gone.

A worker that dies or hangs raises an error that says how and holds its last lines; the caller decides what that means
for the session. Nothing here knows what a request is about.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

import psutil

import bench_suite
from bench_suite.frameworks.program import DeviceUnavailable
from bench_suite.workers.protocol import Refused, Reply, Request, decode_reply, send

_LOG_LINES = 15
_LOG_TAIL_BYTES = 8192
_STOP_SECONDS = 2.0
_END_SECONDS = 10.0


class WorkerError(RuntimeError):
    """A worker could not do what it was asked. The message says what happened and holds the worker's last lines."""


class WorkerLost(WorkerError):
    """A worker has died or hangs: there is nobody left to ask."""


class Worker(Protocol):
    """What measuring needs of a worker."""

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        """Send a request and wait for its reply. Raises DeviceUnavailable, or WorkerError for any other failure."""
        ...

    def freeze(self) -> None:
        """Stop every thread of the worker until it is asked again."""
        ...

    def close(self) -> None:
        """End the worker and all that it started, at once; harmless when it has ended already."""
        ...


class ProcessWorker:
    """A worker in a fresh process and session of its own, so that a signal meant for pytest does not reach it."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._log_path = scratch / "worker.log"
        self._buffer = b""
        self._frozen = False
        requests_read, requests_write = os.pipe()
        replies_read, replies_write = os.pipe()
        # The worker must find this very checkout first, then all that pytest's side finds.
        source_root = str(Path(bench_suite.__file__).parent.parent)
        python_path = os.pathsep.join(dict.fromkeys((source_root, *filter(None, sys.path))))
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench_suite.workers", str(requests_read), str(replies_write)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(requests_read, replies_write),
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": python_path, "PYTHONHASHSEED": "0", "TMPDIR": str(scratch)},
            )
        os.close(requests_read)
        os.close(replies_write)
        self._requests = os.fdopen(requests_write, "wb")
        self._replies_fd = replies_read

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        self._thaw()
        try:
            send(self._requests, request)
        except OSError:
            raise self._death() from None
        reply = decode_reply(self._read_line(limit_seconds))
        if isinstance(reply, Refused):
            if reply.kind == "unavailable":
                raise DeviceUnavailable(reply.message)
            raise WorkerError(f"{reply.message}\n{self._last_lines()}")
        return reply

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)
        self._frozen = True

    def close(self) -> None:
        if self._process.poll() is None:
            # Children first by name: those that made a session of their own would not hear the group's signal.
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(self._process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.kill()
        self._signal(signal.SIGKILL)
        # Inside a driver that hangs, a process does not even hear this; the other cases must not wait for it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        with contextlib.suppress(OSError):
            self._requests.close()
        if self._replies_fd >= 0:
            os.close(self._replies_fd)
            self._replies_fd = -1
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _thaw(self) -> None:
        if self._frozen:
            self._signal(signal.SIGCONT)
            self._frozen = False

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read_line(self, limit_seconds: float) -> bytes:
        deadline = time.monotonic() + limit_seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._replies_fd, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise WorkerLost(f"hung: no reply within {limit_seconds:.0f} s\n{self._last_lines()}")
                chunk = os.read(self._replies_fd, 65536)
                if not chunk:
                    raise self._death()
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _death(self) -> WorkerLost:
        try:
            status = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return WorkerLost(f"closed its pipe but did not end\n{self._last_lines()}")
        if status >= 0:
            how = f"ended with exit code {status} instead of replying"
        elif -status == signal.SIGKILL:
            how = "was killed (SIGKILL); on Linux most often because memory ran out"
        else:
            how = f"was ended by {signal.Signals(-status).name}"
        return WorkerLost(f"{how}\n{self._last_lines()}")

    def _last_lines(self) -> str:
        try:
            with self._log_path.open("rb") as log:
                log.seek(max(0, self._log_path.stat().st_size - _LOG_TAIL_BYTES))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            lines = []
        if not lines:
            return "the worker printed nothing"
        return "\n".join(["the worker's last lines:", *(f"  | {line}" for line in lines[-_LOG_LINES:])])


class InProcessWorker:
    """The same service inside pytest's own process, for debuggers and profilers: nothing is fresh or frozen."""

    def __init__(self, scratch: Path) -> None:
        # Imported here: pytest's own process has no use for it otherwise.
        from bench_suite.workers.service import Service

        self._scratch = scratch
        self._service = Service(isolated=False)

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:  # noqa: ARG002 - a debugger takes its time
        return self._service.handle(request)

    def freeze(self) -> None:
        """Nothing to do: one process cannot stop itself."""

    def close(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)


def new_scratch() -> Path:
    """A fresh folder for a worker's caches and log, removed when the worker is closed."""
    return Path(tempfile.mkdtemp(prefix="speedscore-"))
