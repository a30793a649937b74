"""Pytest's side of a process in which a framework is asked: start it, call functions in it by name, be sure it is gone.

What a function raised there, and a process that died or hung, come back as exceptions that say so; what they mean is
the family's to decide. Nothing here knows what is asked.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from speedscore.bench_suite.probes.child import PROCESSORS
from speedscore.host.piped import PipedProcess, ProcessLostError


class Raised(Exception):
    """A function raised an exception in its process."""

    def __init__(self, *, type_name: str, module: str, message: str, traceback: str) -> None:
        super().__init__(f"{type_name}: {message}")
        self.type_name = type_name
        self.module = module
        """Of the exception's type."""
        self.message = message
        self.traceback = traceback
        """As Python prints it, the message at its end."""


class Lost(Exception):
    """The process died or hung; the message says how and holds its last lines."""

    def __init__(self, message: str, *, hung: bool) -> None:
        super().__init__(message)
        self.hung = hung
        """True where it was still at work when its time was over, False where it died."""


class _Reply(msgspec.Struct, frozen=True):
    number: int
    secret: str
    value: Any = None
    raised: dict[str, str] | None = None


class ProbeProcess:
    """Started as it is made; whoever made it closes it."""

    def __init__(
        self,
        python: Path,
        *,
        folder: Path,
        import_path: str,
        variables: Mapping[str, str],
        processors: tuple[int, ...],
        deadline: float,
    ) -> None:
        """Run under the interpreter ``python``, with ``folder``, which is there, for its log and as its current folder.

        ``import_path`` is where it imports from, beside what the interpreter itself has. ``variables`` are all that its
        environment holds.
        ``deadline`` is the moment of ``time.monotonic`` when the probe's time is over.
        """
        self.deadline = deadline
        self._secret = secrets.token_hex(16)
        self._number = 0
        self.is_lost = False
        """Whether a call raised Lost: nobody is there to be asked again."""
        self.started = time.perf_counter()
        """The moment of ``time.perf_counter`` when it was started."""
        self._process = PipedProcess(
            [str(python), "-m", "speedscore.bench_suite.probes.child"],
            log_path=folder / "process.log",
            env={
                **variables,
                "PYTHONPATH": import_path,
                PROCESSORS: ",".join(map(str, processors)),
            },
            cwd=folder,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, function: str, /, *, limit_seconds: float = 1e9, **arguments: Any) -> Any:
        """Call ``module:function`` with a dictionary of the process's own and ``arguments``, and return its value.

        The dictionary is the same in every call to one process, so that a function can leave something to a later one.
        Arguments and values are JSON. Raises Raised for an exception there, and Lost where the process died, wrote
        something else, or was not done in ``limit_seconds`` or before the probe's own time was over.
        """
        self._number += 1
        try:
            return self._call(function, arguments, limit_seconds=limit_seconds)
        except Lost:
            self.is_lost = True
            raise

    def _call(self, function: str, arguments: Mapping[str, Any], *, limit_seconds: float) -> Any:
        asked = {"number": self._number, "secret": self._secret, "function": function, "arguments": arguments}
        left_seconds = max(0.1, min(limit_seconds, self.deadline - time.monotonic()))
        try:
            self._process.send(json.dumps(asked).encode())
            line = self._process.read_line(limit_seconds=left_seconds)
        except ProcessLostError as error:
            raise Lost(str(error), hung=error.hung) from None
        try:
            reply = msgspec.json.decode(line, type=_Reply)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Lost(f"something else wrote to its pipe\n{self._process.last_lines()}", hung=False) from None
        if (reply.number, reply.secret) != (self._number, self._secret):
            raise Lost(f"something else answered for it\n{self._process.last_lines()}", hung=False)
        if (raised := reply.raised) is not None:
            raise Raised(
                type_name=raised["type"],
                module=raised["module"],
                message=raised["message"],
                traceback=raised["traceback"],
            )
        return reply.value

    def versions(self, *distributions: str) -> dict[str, str]:
        """Distribution → version of those that are installed in its environment, and Python's own."""
        versions: dict[str, str] = self.call(
            "speedscore.bench_suite.probes.child:installed_versions", distributions=list(distributions)
        )
        return versions

    def last_lines(self) -> str:
        """The end of what it printed."""
        return self._process.last_lines()

    def freeze(self) -> None:
        """Stop every thread of it until it is called again."""
        self._process.freeze()

    def kill(self) -> None:
        """End it from another thread; whoever waits for it gets Lost."""
        self._process.kill()

    def close(self) -> None:
        """End it and all that it started; harmless when it has ended already."""
        self._process.close()
