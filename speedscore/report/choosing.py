"""Which of many saved runs are scored: the newest that holds a case, and what can be judged together with it.

A page over two years of nightly runs has one score, of today. The older runs are its history; each is named with the
reason why it is not scored. Nothing is judged here.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import msgspec

from speedscore.record.run_record import RunRecord
from speedscore.scoring.evidence.evidence import EvidenceError, NamedRun, check_runs


class ChosenRuns(msgspec.Struct, frozen=True):
    """All runs that were given, in two parts."""

    scored: tuple[NamedRun, ...]
    """The newest last."""
    left_out: tuple[tuple[NamedRun, str], ...]
    """(run, reason), the newest first."""


def choose_runs(runs: Sequence[NamedRun]) -> ChosenRuns:
    """Take the newest run, and each older one of which no newer holds a case.

    Probes may overlap, as the newest answer counts; a run that holds nothing but probes that newer ones answered too is
    history. Raises EvidenceError, with the newest run's reason, where none of them can be scored.
    """
    newest_first = sorted(runs, key=lambda run: _moment(run.record.created), reverse=True)
    scored: list[NamedRun] = []
    left_out: list[tuple[NamedRun, str]] = []
    held: dict[str, str] = {}
    for run in newest_first:
        reason = _problem([run]) or _superseded(run.record, held) or _problem([*scored, run])
        if reason:
            left_out.append((run, reason))
            continue
        scored.append(run)
        held |= dict.fromkeys((*_measured(run.record), *_answered(run.record)), run.name) | held
    if runs and not scored:
        raise EvidenceError(left_out[0][1])
    return ChosenRuns(scored=tuple(reversed(scored)), left_out=tuple(left_out))


def _superseded(run: RunRecord, held: Mapping[str, str]) -> str:
    """The reason where newer runs hold what this one measured; ``held`` maps what they hold to the run."""
    cases, probes = _measured(run), _answered(run)
    newer = [held[nodeid] for nodeid in cases or probes if nodeid in held]
    if newer and (cases or len(newer) == len(probes)):
        return f"{newer[0]} is newer and holds the same {'cases' if cases else 'probes'}"
    return ""


def _measured(run: RunRecord) -> list[str]:
    """What the run skipped, another may have measured."""
    return [case.nodeid for case in run.cases if case.status == "measured"]


def _answered(run: RunRecord) -> list[str]:
    return [probe.nodeid for probe in run.probes if probe.status == "answered"]


def _problem(runs: Sequence[NamedRun]) -> str:
    try:
        check_runs(runs)
    except EvidenceError as error:
        return str(error)
    return ""


def _moment(created: str) -> float:
    """Seconds since the epoch; what is no date counts as oldest, and is refused with its reason afterwards."""
    try:
        return datetime.datetime.fromisoformat(created).timestamp()
    except ValueError:
        return 0.0
