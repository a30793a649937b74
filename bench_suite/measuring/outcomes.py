"""What became of the cases of a block, and what a listener is told while it is measured.

Every case ends as measured, unavailable or failed. These are the forms in memory; how a measured case is saved is the
session's business, and nothing here measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from speedscore.bench_suite.matrix.cases import Case, Cell
from speedscore.bench_suite.workers.protocol import Gauged, Prepared
from speedscore.host.fields import Scalar
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.run_record import Certificate, Round

NEEDS_TWO = "a warm compilation needs the caches of a process before it: --processes 2 or more"
NOTHING_FROM_CACHES = "a compilation from warm caches was asked for, but it took nothing from them"
CACHES_UNTOLD = (
    "whether its compilation came from warm caches cannot be told, or it keeps nothing in any: there is no warm figure"
)
OUT_OF_TIME = "the time budget was spent before this case was prepared; --resume takes the session up again"

Stopped = Literal["narrow", "budget", "interrupted"]
"""Why the rounds ended: their interval was narrow enough, the time was spent, or the session was ended."""


class CaseMeasured(msgspec.Struct, frozen=True):
    """All that was measured of a case."""

    rounds: tuple[Round, ...]
    stopped: Stopped
    prepared: tuple[Prepared, ...]
    """Of the processes that the case's compile and memory figures come from: warm ones for a warm compilation, else
    those that began with empty caches."""
    certificate: Certificate
    """The worst of all processes."""
    flops: int
    gauged: Gauged | None
    workload: dict[str, Scalar]
    program: ProgramDescription
    worker: WorkerDescription

    @property
    def rounds_seconds(self) -> tuple[float, ...]:
        return tuple(round_.seconds for round_ in self.rounds)


class CaseUnavailable(msgspec.Struct, frozen=True):
    """The framework cannot use the device, or the case has no place in this session."""

    reason: str


class CaseFailed(msgspec.Struct, frozen=True):
    """The case could not be measured, or must not be."""

    error: Exception
    """As raised; inside pytest's own process it still has the traceback that a debugger wants."""


CaseOutcome = CaseMeasured | CaseUnavailable | CaseFailed


class Listener(Protocol):
    """What is called as measuring a block gets on."""

    def preparing(self, cell: Cell, *, process: int) -> None: ...

    def round_done(self, case: Case, rounds_seconds: Sequence[float]) -> None: ...

    def disturbed(self, *, process: int, processors: float) -> None:
        """Others kept so many processors busy during the rounds of a process."""
        ...

    def case_done(self, case: Case, outcome: CaseOutcome) -> None: ...
