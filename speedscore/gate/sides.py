"""One side of a gate as the gate sees it: a pytest process in a checkout, what it is told and what it answers.

It starts the process and speaks with it, one test at a time, and knows nothing of the other side or of verdicts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from speedscore.host.piped import PipedProcess

_PLUGIN_FOLDER = Path(__file__).parent / "side"
_PLUGIN = "speedscore_gate_side"
HANG_SECONDS = 900.0
"""A side that says nothing for so long hangs. Longer than any compilation."""


class Checkout(msgspec.Struct, frozen=True):
    """The code of one side, as it lies on the disk, and what runs it."""

    label: str
    """``base`` or ``head``."""
    description: str
    """As a person names it: ``origin/main (1a2b3c4)``."""
    root: Path
    """Where the repository, or the project that is none, begins."""
    project: Path
    """pytest's rootdir within it."""
    folder: Path
    """Where pytest is started."""
    python: str
    arguments: tuple[str, ...] = ()
    """Of the command line, without the gate's own, as they stand for this checkout."""


class CollectedCase(msgspec.Struct, frozen=True):
    id: str
    group: str
    source: str
    """A digest of the test function's own source; empty where it has none."""


class Collected(msgspec.Struct, frozen=True, tag_field="event", tag="collected"):
    cases: tuple[CollectedCase, ...]
    errors: tuple[str, ...]
    python: str


class Ready(msgspec.Struct, frozen=True, tag_field="event", tag="ready"):
    """The test has come to its benchmark and is warm."""

    iterations: int
    most_rounds: int


class Timed(msgspec.Struct, frozen=True, tag_field="event", tag="round"):
    seconds: float
    """Of one iteration."""
    cpu_seconds: float
    """Processor time of the same, over all threads of the process."""


class Finished(msgspec.Struct, frozen=True, tag_field="event", tag="finished"):
    """The test has ended."""

    outcome: str
    reason: str
    peak_bytes: int | None = None
    """Largest resident size of the process during the test."""
    identity: Mapping[str, str | int | float | bool | None] | None = None
    """What must be equal on both sides for the case to be the same one."""
    memory_bytes: float | None = None
    """The case's own memory figure, where the process's resident size says nothing about it."""
    counts: Mapping[str, float] | None = None
    """What was counted and not measured, by name."""


class Ended(msgspec.Struct, frozen=True, tag_field="event", tag="ended"):
    foreign: tuple[str, ...]
    """Modules that came from the other side's checkout."""


Message = Collected | Ready | Timed | Finished | Ended
MessageType = TypeVar("MessageType", Collected, Ready, Timed, Finished, Ended)
_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


class Order(msgspec.Struct, frozen=True):
    """A test that a side is to run."""

    case: str
    next: str | None
    """The test after this one, so that fixtures of a wider scope live as long as they would in an ordinary session."""
    processors: tuple[int, ...] | None
    """None leaves them as they are."""
    iterations: int | None
    """Of a round; None where this has yet to be found out."""


class Side:
    """A living pytest process. Whatever it does not do as agreed raises ProcessLostError with its last lines."""

    def __init__(
        self, checkout: Checkout, *, other: Checkout, python_path: Sequence[str], hash_seed: int, log_path: Path
    ) -> None:
        self.checkout = checkout
        paths = [str(_PLUGIN_FOLDER), *(str(checkout.project / folder) for folder in python_path)]
        inherited = os.environ.get("PYTHONPATH")
        self._process = PipedProcess(
            [
                checkout.python,
                "-m",
                "pytest",
                "-p",
                _PLUGIN,
                f"--rootdir={checkout.project}",
                *checkout.arguments,
            ],
            log_path=log_path,
            cwd=checkout.folder,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([*paths, *([inherited] if inherited else [])]),
                # Of one pair the same on both sides: the layout of sets and dictionaries is then no difference.
                "PYTHONHASHSEED": str(hash_seed),
                "SPEEDSCORE_GATE_OWN": os.path.realpath(checkout.root),
                "SPEEDSCORE_GATE_OTHER": os.path.realpath(other.root),
            },
        )

    def collected(self) -> Collected:
        return self._expect(Collected)

    def begin(self, order: Order, *, extra_work: float) -> None:
        """Let it run a test, up to its benchmark."""
        self._send("case", extra_work=extra_work, **msgspec.structs.asdict(order))

    def ready(self) -> Ready | Finished:
        """Wait until the test is warm, or has ended without coming to a benchmark."""
        answer = self._receive()
        if not isinstance(answer, Ready | Finished):
            raise TypeError(f"expected Ready or Finished of {self.checkout.label}, found {answer}")
        return answer

    def agree(self, iterations: int) -> None:
        self._send("agree", iterations=iterations)

    def round(self) -> Timed | Finished:
        """One round, or the end of a test that failed in it; the process is frozen again when the round is over."""
        self._send("round")
        answer = self._receive()
        if isinstance(answer, Timed):
            self.freeze()
        elif not isinstance(answer, Finished):
            raise TypeError(f"expected Timed or Finished of {self.checkout.label}, found {answer}")
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

    def close(self) -> None:
        self._process.close()

    def last_lines(self) -> str:
        return self._process.last_lines()

    def _send(self, what: str, **content: object) -> None:
        self._process.send(msgspec.json.encode({"do": what, **content}))

    def _receive(self) -> Message:
        return _DECODER.decode(self._process.read_line(limit_seconds=HANG_SECONDS))

    def _expect(self, kind: type[MessageType]) -> MessageType:
        answer = self._receive()
        if not isinstance(answer, kind):
            raise TypeError(f"expected {kind.__name__} of {self.checkout.label}, found {answer}")
        return answer
