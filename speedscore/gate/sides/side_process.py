"""A side that is a pytest process in a checkout: it is started, told what to run, and answers, one test at a time.

It knows nothing of the other side but where that lies, and nothing of verdicts.
"""

from __future__ import annotations

import math
import os
import secrets
import shutil
from pathlib import Path
from typing import TypeVar

import msgspec

from speedscore.gate.errors import BudgetSpentError
from speedscore.gate.sides.side import (
    CaseRequest,
    Ended,
    Finished,
    FixtureSetUp,
    Observed,
    Ready,
    SideCollection,
    SideSpec,
    SideWaitsError,
    Timed,
)
from speedscore.host.clock import seconds
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.host.scratch import make_scratch

_PLUGIN_FOLDER = Path(__file__).parent / "plugin"
_PLUGIN = "speedscore_gate_side"
_SHOWN_BYTES = 200
_LONG_SECONDS = 2.0
HANG_SECONDS = 900.0
"""A side that says nothing for so long hangs. Longer than any compilation."""

IDLE_SECONDS = 120.0
"""A side that uses no processor for so long before its benchmark waits for something that does not come."""
_IDLE_LOOK_SECONDS = 5.0
_IDLE_BELOW = 0.01
"""Processors."""

Message = SideCollection | FixtureSetUp | Ready | Timed | Observed | Finished | Ended
MessageType = TypeVar("MessageType", SideCollection, Ready, Timed, Observed, Finished, Ended)
_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


class SideProcess:
    """Started as it is made. Whatever it does not do as agreed raises ProcessLostError with its last lines."""

    def __init__(self, spec: SideSpec, *, other: SideSpec, hash_seed: int, most_seconds: float | None) -> None:
        self.spec = spec
        self._making = FixtureSetUp("")
        """The fixture that it is making."""
        self._deadline = math.inf if most_seconds is None else seconds() + most_seconds
        # A benchmark that writes to whatever is open does not know how a line of ours begins.
        self._signature = secrets.token_hex(8)
        # What it prints is kept as long as it lives.
        self._scratch = make_scratch("gate")
        self._process = PipedProcess(
            [spec.python, "-m", "pytest", "-p", _PLUGIN, f"--rootdir={spec.project}", *spec.arguments],
            log_path=self._scratch / f"{spec.label}.log",
            cwd=spec.folder,
            title=spec.label,
            env=_environment(spec, other=other, hash_seed=hash_seed) | {"SPEEDSCORE_GATE_SIGNATURE": self._signature},
        )

    @property
    def process_id(self) -> int | None:
        return self._process.pid

    def collected(self) -> SideCollection:
        return self._expect(SideCollection)

    def begin(self, request: CaseRequest, *, extra_work: float) -> None:
        self._send("case", extra_work=extra_work, **msgspec.structs.asdict(request))

    def ready(self) -> Ready | Finished:
        answer = self._receive(is_to_work=True)
        if not isinstance(answer, Ready | Finished):
            raise _unexpected(answer, "Ready or Finished")
        return answer

    def agree(self, iterations: int) -> None:
        self._send("agree", iterations=iterations)

    def round(self) -> Timed | Finished:
        self._send("round")
        answer = self._receive()
        if isinstance(answer, Timed):
            self.freeze()
        elif not isinstance(answer, Finished):
            raise _unexpected(answer, "Timed or Finished")
        return answer

    def observe(self, iterations: int, *, most_rounds: int, seconds: float, sampled: bool) -> Observed | Finished:
        self._send("observe", iterations=iterations, most_rounds=most_rounds, seconds=seconds, sampled=sampled)
        answer = self._receive()
        if not isinstance(answer, Observed | Finished):
            raise _unexpected(answer, "Observed or Finished")
        return answer

    def enough(self) -> None:
        self._send("enough")

    def finished(self) -> Finished:
        return self._expect(Finished)

    def end(self) -> Ended:
        self._send("end")
        return self._expect(Ended)

    def freeze(self) -> None:
        self._process.freeze()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._process.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _send(self, what: str, **content: object) -> None:
        self._process.send(msgspec.json.encode({"do": what, **content}))

    def _receive(self, *, is_to_work: bool = False) -> Message:
        """Its next answer; which fixture it is making is noted, and is none."""
        while True:
            began = seconds()
            if is_to_work:
                self._wait_while_it_works()
            answer = self._read_message(began)
            if not isinstance(answer, FixtureSetUp):
                return answer
            self._making = answer

    def _wait_while_it_works(self) -> None:
        """Until it says something, its time is up, or it has done nothing at all for long: then SideWaitsError.

        Both sides make their fixtures at the same time, and one may wait for what the other holds.
        """
        idle_since, used = seconds(), 0.0
        while seconds() < self._deadline and not self._process.has_line(within_seconds=_IDLE_LOOK_SECONDS):
            now, before = seconds(), used
            used = self._process.processor_seconds()
            if used - before > _IDLE_BELOW * _IDLE_LOOK_SECONDS:
                idle_since = now
            elif now - idle_since >= IDLE_SECONDS:
                where = f"in its fixture {self._making.name!r}" if self._making.name else "before its benchmark"
                raise SideWaitsError(
                    f"waited {now - idle_since:.0f} s {where} without using a processor, while the other side ran "
                    "beside it: does it want a lock, a port or a file that the other holds? Give each process its own\n"
                    f"{self._process.last_lines()}",
                    fixture=self._making.fixture,
                )

    def _read_message(self, began: float) -> Message:
        """The next one, waited for since ``began``."""
        left_seconds = self._deadline - seconds()
        try:
            line = self._process.read_line(limit_seconds=max(0.0, min(HANG_SECONDS, left_seconds)))
        except ProcessLostError:
            if seconds() >= self._deadline:
                waited = seconds() - began
                raise BudgetSpentError(f"{waited:.0f} s without an answer" if waited >= _LONG_SECONDS else "") from None
            raise
        signature = self._signature.encode()
        if not line.startswith(signature):
            raise ProcessLostError(
                f"sent what is no message of a side: its test has written to our pipe: {_shown(line)}"
            )
        try:
            return _DECODER.decode(line.removeprefix(signature))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProcessLostError(f"sent what is no message of a side ({error}): {_shown(line)}") from None

    def _expect(self, kind: type[MessageType]) -> MessageType:
        answer = self._receive()
        if not isinstance(answer, kind):
            raise _unexpected(answer, kind.__name__)
        return answer


def _shown(line: bytes) -> str:
    return line[:_SHOWN_BYTES].decode(errors="replace")


def _unexpected(answer: Message, expected: str) -> ProcessLostError:
    """Somebody else has written to the pipe, or the side is no side of ours: it cannot be followed any longer."""
    return ProcessLostError(f"sent {type(answer).__name__} where {expected} was expected")


def _environment(spec: SideSpec, *, other: SideSpec, hash_seed: int) -> dict[str, str]:
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if other.root != spec.root:
        inherited = [path for path in inherited if not _is_others(Path(path).resolve(), spec, other)]
    return {
        **os.environ,
        **spec.variables,
        "PYTHONPATH": os.pathsep.join(map(str, (_PLUGIN_FOLDER, *spec.import_paths, *inherited))),
        "PYTHONHASHSEED": str(hash_seed),
        "SPEEDSCORE_GATE_CODE": msgspec.json.encode(_code(spec, other=other)).decode(),
        "SPEEDSCORE_GATE_TRACE": _trace(spec),
    }


def _trace(spec: SideSpec) -> str:
    """What the side is asked about what its tests depend on, as ``speedscore_gate_dependencies`` reads it."""
    if spec.trace is None:
        return ""
    return msgspec.json.encode({"root": os.path.realpath(spec.root), "only": spec.trace.only}).decode()


def _is_others(path: Path, spec: SideSpec, other: SideSpec) -> bool:
    """Whether a folder is of the other's checkout alone: one checkout may lie within the other."""
    own, others = spec.root.resolve(), other.root.resolve()
    return path.is_relative_to(others) and not (path.is_relative_to(own) and own.is_relative_to(others))


def _code(spec: SideSpec, *, other: SideSpec) -> dict[str, object]:
    """What the side is to know of its own code, as ``speedscore_gate_code`` reads it."""
    return {
        "own": os.path.realpath(spec.root),
        "other": os.path.realpath(other.root),
        "roots": [(str(root.folder), root.names) for root in spec.code.roots],
        "ambiguous": spec.code.ambiguous,
        "distributions": spec.distributions,
        "is_built": spec.is_built,
        "late_paths": [str(path) for path in spec.late_paths],
        "own_environment": spec.own_environment,
    }
