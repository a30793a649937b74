"""The verdicts of gates beside a history: each JSON file of a gate as marks on the cases that it judged.

A gate measured the two sides in turns and so sees what runs of two days cannot: its verdict stands beside the points of
its commit and takes no part in finding changes.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from speedscore.host.files import read_file
from speedscore.record.run_file import RunFileError
from speedscore.verdicts.verdict import Outcome, is_minor

_RUNNING_MEMORY = ("peak_rss_running_bytes", "allocator_peak_bytes")
"""What a gate calls memory, on a processor and on an accelerator."""


class GateMark(msgspec.Struct, frozen=True):
    """What one gate said of one metric of one case."""

    at: str
    """When the gate began, ISO 8601."""
    report: str
    """The file."""
    case: str
    metric: str
    """As the gate calls it: ``time``, ``memory``, or what was counted."""
    outcome: Outcome
    ratio: float | None
    """Head over base."""
    low: float | None
    high: float | None
    base_commit: str
    """Empty where it is not known."""
    head_commit: str
    is_dirty: bool
    """Whether head had changes that no commit holds."""
    is_minor: bool = False
    """Whether it is called unchanged although its interval excludes 1."""

    def is_of(self, metric: str) -> bool:
        """Whether it speaks of what saved runs call ``metric``."""
        return self.metric == metric or (self.metric == "memory" and metric in _RUNNING_MEMORY)


class _Likeness(msgspec.Struct, frozen=True):
    """What no other JSON file has together."""

    schema_version: int
    headline: str
    exit_code: int


def is_gate_report(path: Path) -> bool:
    """Whether a file says of itself that a gate wrote it. False for what cannot be read."""
    try:
        msgspec.json.decode(read_file(path), type=_Likeness)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def read_marks(path: Path) -> tuple[GateMark, ...]:
    """The verdicts of a gate's JSON file. None of a canary, whose slowdown was made on purpose.

    Raises RunFileError naming the file and what is wrong with it.
    """
    # Here, for it takes as long to import as to read a history that no gate's file lies beside.
    from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport

    try:
        report = msgspec.json.decode(read_file(path), type=GateReport)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RunFileError(f"{path}: not a gate's JSON file: {error}") from error
    if report.schema_version != SCHEMA_VERSION:
        raise RunFileError(
            f"{path}: expected a gate's JSON of form {SCHEMA_VERSION}, found {report.schema_version}; gate again"
        )
    if report.canary is not None:
        return ()
    return tuple(
        GateMark(
            at=report.created,
            report=str(path),
            case=verdict.case,
            metric=verdict.metric,
            outcome=verdict.outcome,
            ratio=verdict.ratio,
            low=verdict.low,
            high=verdict.high,
            base_commit=report.base.commit,
            head_commit=report.head.commit,
            is_dirty=report.head.dirty,
            is_minor=is_minor(verdict),
        )
        for verdict in report.verdicts
    )
