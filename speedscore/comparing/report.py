"""What a comparison of saved runs found, as one record: its JSON form, and what table and Markdown are made from.

It puts rows into the order in which they are read, and decides and prints nothing.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from speedscore.comparing.baseline import commit_of
from speedscore.comparing.between_machines import names_of
from speedscore.comparing.fields import Difference
from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.rows import Row, RunComparison
from speedscore.verdicts.verdict import Verdict, VerdictPolicy

SCHEMA_VERSION = 1
"""1 (2026-11): the first form."""

Axis = Literal["framework", "model", "device"]


class RunLine(msgspec.Struct, frozen=True):
    path: str
    created: str
    preset: str
    commit: str
    """Empty where it is not known."""


class RunSetSummary(msgspec.Struct, frozen=True):
    label: str
    """As it was written on the command line."""
    runs: tuple[RunLine, ...]
    left_out: tuple[str, ...]
    """Files of a folder that are no runs, each with the reason."""
    machines: tuple[str, ...] = ()
    """Names of those that its figures were measured on, as far as they are known."""


class ComparedRunSets(msgspec.Struct, frozen=True):
    base: RunSetSummary
    head: RunSetSummary
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]
    rows: tuple[Row, ...]
    """Worst first, within each group where there are groups."""
    together: Verdict | None = None
    """On all times together, with a false alarm rate of its own; None where fewer than two were compared."""


class ComparisonReport(msgspec.Struct, frozen=True):
    """What ``compare`` found; its JSON form."""

    schema_version: int
    time: VerdictPolicy
    """What was to be found, where the settings name nothing else for a case."""
    memory: VerdictPolicy
    group_by: Axis | None
    comparisons: tuple[ComparedRunSets, ...]

    @property
    def is_empty(self) -> bool:
        """True where nothing at all could be compared."""
        return all(row.verdict.outcome == "not comparable" for sides in self.comparisons for row in sides.rows)


def compared(base: RunSet, head: RunSet, comparison: RunComparison, *, group_by: Axis | None) -> ComparedRunSets:
    """The comparison in the order in which it is read."""
    rows = sorted(comparison.rows, key=lambda row: (group_of(row, group_by), -_slowness(row), row.verdict.case))
    return ComparedRunSets(
        base=_side(base),
        head=_side(head),
        differences=comparison.differences,
        warnings=comparison.warnings,
        rows=tuple(rows),
        together=comparison.together,
    )


def _side(side: RunSet) -> RunSetSummary:
    lines = [RunLine(run.path, run.created, str(run.fields.get("preset", "")), commit_of(run)) for run in side.runs]
    machines = names_of(case for run in side.runs for case in run.cases.values())
    return RunSetSummary(side.label, tuple(lines), side.left_out, machines)


def group_of(row: Row, axis: Axis | None) -> str:
    return "" if axis is None else getattr(row, axis) or "other benchmarks"


def _slowness(row: Row) -> float:
    """How much worse head is; what has no ratio comes last, and something from nothing first."""
    ratio = row.verdict.ratio
    if ratio is None:
        return math.inf if row.verdict.outcome == "regressed" else -math.inf
    return 1 / ratio if row.better == "higher" else ratio
