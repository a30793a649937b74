"""Pytest's side of a worker: start it, ask it, freeze it, and be sure that it is gone.

A worker that dies or hangs raises an error that says how and holds its last lines; the caller decides what that means
for the session. Nothing here knows what a request is about.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
from pathlib import Path
from typing import Protocol

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workers.protocol import Asked, Refused, Reply, Request, decode_answered, encode
from speedscore.host.import_path import import_path
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.host.run_queue import held_up_seconds

_SHOWN_BYTES = 200
_HARMLESS = re.compile(
    r"cpu_aot_loader\.cc:\d+\] Loading XLA:CPU AOT result\. Target machine feature \+prefer-no-"
    r"|text_format\.cc:\d+\] Error parsing text-format tensorflow\.XlaSerializedCacheEntry"
)
"""What TensorFlow prints as an error whenever XLA finds a program in its cache, and goes on. These features are hints
to the compiler and no instructions, and what was found is certified as what was compiled is."""


class WorkerError(RuntimeError):
    """A worker could not do what it was asked. The message says what happened and holds the worker's last lines."""


class WorkerLost(WorkerError):
    """A worker has died or hangs: there is nobody left to ask."""


class Worker(Protocol):
    """What measuring needs of a worker."""

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        """Send a request and wait for its reply. Raises DeviceUnavailable, or WorkerError for any other failure."""
        ...

    def send(self, request: Request) -> None:
        """Let the worker begin with a request, thawed where it was frozen. Raises WorkerLost."""
        ...

    def receive(self, *, limit_seconds: float) -> Reply:
        """Wait for the reply to what was sent. Raises as ``ask`` does."""
        ...

    def held_up_seconds(self) -> float:
        """How long the worker's thread that answers, and the one that asks, have waited for a processor so far."""
        ...

    def freeze(self) -> None:
        """Stop every thread of the worker until it is asked again."""
        ...

    def close(self) -> None:
        """End the worker and all that it started, at once; harmless when it has ended already."""
        ...


class ProcessWorker:
    """A worker in a fresh process."""

    def __init__(self, scratch: Path, *, title: str = "") -> None:
        """``title`` is what its log is called where logs are kept."""
        self._scratch = scratch
        self._secret = secrets.token_hex(16)
        self._number = 0
        self._asked = ""
        """What it was sent last."""
        self._process = PipedProcess(
            [sys.executable, "-m", "speedscore.bench_suite.workers"],
            log_path=scratch / "worker.log",
            hidden=_HARMLESS,
            title=title,
            env=os.environ | {"PYTHONPATH": import_path(), "PYTHONHASHSEED": "0", "TMPDIR": str(scratch)},
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        self.send(request)
        return self.receive(limit_seconds=limit_seconds)

    def send(self, request: Request) -> None:
        self._number += 1
        self._asked = type(request).__name__
        try:
            self._process.send(encode(Asked(self._number, self._secret, request)))
        except ProcessLostError as error:
            raise WorkerLost(str(error)) from None

    def receive(self, *, limit_seconds: float) -> Reply:
        try:
            line = self._process.read_line(limit_seconds=limit_seconds)
        except ProcessLostError as error:
            raise WorkerLost(str(error)) from None
        answered = decode_answered(line)
        if answered is None or (answered.number, answered.secret) != (self._number, self._secret):
            # Whatever comes next could not be told from what the program writes, so the worker is given up.
            raise WorkerLost(
                f"expected the worker's reply to request {self._number} ({self._asked}), but something else "
                f"wrote to its pipe: {line[:_SHOWN_BYTES]!r}; a program must write to standard output or error only\n"
                f"{self._process.last_lines()}"
            )
        reply = answered.reply
        if isinstance(reply, Refused):
            if reply.kind == "unavailable":
                raise DeviceUnavailable(reply.message)
            raise WorkerError(f"{reply.message}\n{self._process.last_lines()}")
        return reply

    def held_up_seconds(self) -> float:
        return held_up_seconds(self._process.pid) + held_up_seconds()

    def freeze(self) -> None:
        self._process.freeze()

    def close(self) -> None:
        self._process.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


class InProcessWorker:
    """The same service inside pytest's own process, for debuggers and profilers: nothing is fresh or frozen."""

    def __init__(self, scratch: Path) -> None:
        # Imported here: pytest's own process has no use for it otherwise.
        from speedscore.bench_suite.workers.service import Service

        self._scratch = scratch
        self._service = Service(isolated=False)
        self._sent: Request | None = None

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        self.send(request)
        return self.receive(limit_seconds=limit_seconds)

    def send(self, request: Request) -> None:
        self._sent = request

    def receive(self, *, limit_seconds: float) -> Reply:  # noqa: ARG002 - a debugger takes its time
        if self._sent is None:
            raise RuntimeError("nothing was sent to the worker")
        request, self._sent = self._sent, None
        return self._service.handle(request)

    def held_up_seconds(self) -> float:
        return held_up_seconds()

    def freeze(self) -> None:
        """Nothing to do: one process cannot stop itself."""

    def close(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)
