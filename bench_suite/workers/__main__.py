"""The worker's main loop: ``python -m speedscore.bench_suite.workers``, started by pytest's side only.

It reads a request, hands it to the service, and writes the reply, until the requests end. Errors become replies; what
a framework prints goes wherever standard output and error were sent.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import traceback
from typing import TYPE_CHECKING

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workers.isolation import die_with_parent, isolate
from speedscore.bench_suite.workers.protocol import Answered, Build, Refused, Reply, Request, decode_asked, send
from speedscore.host.variables import PIPES
from speedscore.text.cleaning import writable

if TYPE_CHECKING:
    from speedscore.bench_suite.workers.service import Service


_MOST_CHARACTERS = 8000
_FIRST_PRIVATE_NUMBER = 700
"""Below the 1,024 that a process may commonly open."""


class RequestHandler:
    """Answers requests; the first of them starts the service."""

    def __init__(self) -> None:
        self._service: Service | None = None

    def answer(self, request: Request) -> Reply:
        """The service's reply, or a refusal in its place. The traceback goes to standard error, and so to the log."""
        try:
            if self._service is None:
                self._service = _open(request)
            return self._service.handle(request)
        except DeviceUnavailable as error:
            return Refused(kind="unavailable", message=_bounded(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is this case's failure, and only its own
            traceback.print_exc()
            return Refused(kind="failed", message=_bounded(f"{type(error).__name__}: {error}"))


def _open(request: Request) -> Service:
    if not isinstance(request, Build):
        raise RuntimeError(f"the first request to a worker must be Build, not {type(request).__name__}")
    isolate(request.setting)
    # Only now: it imports NumPy, and NumPy reads the thread variables once.
    from speedscore.bench_suite.workers.service import Service

    return Service()


def _bounded(message: str) -> str:
    """The message as it can be sent, or its beginning and end where it is too long for a record and a terminal."""
    message = writable(message)
    if len(message) <= _MOST_CHARACTERS:
        return message
    half = _MOST_CHARACTERS // 2
    return f"{message[:half]} … ({len(message) - 2 * half:,} characters left out) … {message[-half:]}"


def _private(descriptor: int) -> int:
    """The same pipe under a number that no program guesses by counting, and closed in whatever is executed."""
    try:
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_PRIVATE_NUMBER)
    except OSError:  # no number that high is allowed here
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return moved


def _flush() -> None:
    """What was printed stands in the log: a worker is killed at its end. A program may have closed its output."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()


def main() -> None:
    die_with_parent()
    # Taken out, so that what a framework starts does not find it.
    requests_fd, replies_fd = (_private(int(number)) for number in os.environ.pop(PIPES).split(","))
    handler = RequestHandler()
    with os.fdopen(requests_fd, "rb") as requests, os.fdopen(replies_fd, "wb") as replies:
        for line in requests:
            asked = decode_asked(line)
            reply = handler.answer(asked.request)
            _flush()
            try:
                send(replies, Answered(asked.number, asked.secret, reply))
            except UnicodeEncodeError as error:  # half of a surrogate pair in what a program says of itself
                refused = Refused(kind="failed", message=f"a reply holds text that cannot be sent: {error}")
                send(replies, Answered(asked.number, asked.secret, refused))


if __name__ == "__main__":
    main()
