"""What stands for a block or a gate in the tests of a fleet: it does next to nothing, and says when and where."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import msgspec

from speedscore.fleet.work import Report
from speedscore.host.variables import CHECKOUT


class Span(msgspec.Struct, frozen=True):
    """When a piece was done, by this machine's clock, and by which process."""

    began: float
    ended: float
    pid: int
    checkout: str
    threads: str | None


def echo(request: bytes, report: Report) -> bytes:
    """Tells its request, and answers it."""
    report(request)
    return request


def pause(request: bytes, report: Report) -> bytes:
    """Takes as many seconds as it is asked to, and answers with a Span."""
    began = time.time()
    time.sleep(float(request))
    report(b"nearly done")
    span = Span(began, time.time(), os.getpid(), os.environ.get(CHECKOUT, ""), os.environ.get("OMP_NUM_THREADS"))
    return msgspec.json.encode(span)


def raises(request: bytes, report: Report) -> bytes:  # noqa: ARG001
    """Raises an error with the text that it is asked for."""
    raise RuntimeError(request.decode())


def dies(request: bytes, report: Report) -> bytes:  # noqa: ARG001
    """Ends as a process does that runs out of memory."""
    os.kill(os.getpid(), 9)
    return b""


def prints(request: bytes, report: Report) -> bytes:  # noqa: ARG001
    """Prints as many characters as it is asked to."""
    print("x" * int(request))
    return b""


def prints_and_dies(request: bytes, report: Report) -> bytes:
    """Prints its request, and ends so."""
    print(request.decode(), flush=True)
    return dies(request, report)


def sees(request: bytes, report: Report) -> bytes:  # noqa: ARG001
    """Imports a module in a process that it starts, and answers with what that said its version and its Python are."""
    said = "json.dumps({'version': module.VERSION, 'python': sys.executable})"
    script = f"import json, sys, {request.decode()} as module; print({said})"
    return subprocess.check_output([sys.executable, "-c", script])


def has_children(request: bytes, report: Report) -> bytes:  # noqa: ARG001
    """Starts a process in a session of its own, tells the numbers of both, and waits for hours."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(9999)"], start_new_session=True)
    report(f"{os.getpid()} {child.pid}".encode())
    time.sleep(9999)
    return b""
