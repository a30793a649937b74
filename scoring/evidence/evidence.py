"""Runs and facts together: all that judging may see, and nothing more.

Runs that must not rank anything are refused here, with the reason; facts of several months are laid over each other so
that a snapshot sees the newest of each key. This module never scores.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from speedscore.host.peaks import Precision
from speedscore.record.named_logs import without_log
from speedscore.record.phases import FLOAT32, PRECISIONS, DeviceName
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.scoring.evidence.run_checks import find_problem
from speedscore.scoring.facts import calendar
from speedscore.scoring.facts.fact import Fact, Kind
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.facts.statement import Statement

NOT_SAVED = "this session, not saved"
"""The name of a run that has no file."""


class EvidenceError(ValueError):
    """What was given cannot be judged together. The message is one line."""


class NamedRun(msgspec.Struct, frozen=True):
    """A run and the name that a source can point to."""

    name: str
    """The saved file's name, or ``NOT_SAVED``."""
    record: RunRecord


class DeviceCoverage(msgspec.Struct, frozen=True):
    """How much of the matrix one run measured on one device."""

    run: str
    device: str
    measured: int
    selected: int
    missing: tuple[tuple[str, str], ...]
    """(case, reason) of each that was selected and not measured."""


class MeasuredCase(msgspec.Struct, frozen=True, gc=False):
    """One measured case and the run that it comes from."""

    run: str
    case: CaseResult


class AskedProbe(msgspec.Struct, frozen=True):
    """One probe, answered or not, and the run that it comes from."""

    run: str
    made: str
    """When its session began."""
    probe: ProbeResult


class Evidence(msgspec.Struct, frozen=True):
    """Facts as one snapshot sees them, and the measured cases and probes of runs that may be ranked.

    A framework is one of the fixture folders, as in ``pytorch``, whatever lines of the matrix a run measured of it; a
    record of a case calls it the ecosystem.
    """

    snapshot: str
    """``YYYY-MM``: no fact here is younger."""
    as_of: str
    """``YYYY-MM``: the month to which ages are counted; ``snapshot`` or later."""
    names: dict[str, str]
    """Framework → its name for people."""
    facts: dict[str, dict[str, tuple[Fact, ...]]]
    """Framework → key → facts of the newest snapshot that has the key, and of those of a day that add to it, in the
    policy's order."""
    runs: tuple[NamedRun, ...] = ()
    measured: dict[DeviceName, tuple[MeasuredCase, ...]] = {}
    """Device → measured cases in float32: what is scored is never of another precision."""
    timed: dict[DeviceName, tuple[MeasuredCase, ...]] = {}
    """Device → measured cases in every precision, which claims and published figures are held against."""
    probes: dict[str, tuple[AskedProbe, ...]] = {}
    """Framework → every probe that was put to any of its lines, the newest run's last."""
    layers: dict[str, dict[str, str]] = {}
    """Framework → each library that stands on it → what that is for."""
    statements: dict[str, dict[str, tuple[Statement, ...]]] = {}
    """Framework → topic → statements of the newest snapshot that has the topic, in the file's order."""

    def frameworks_on(self, device: DeviceName) -> tuple[str, ...]:
        """Those that have a measured case on ``device``."""
        return tuple(sorted({measured.case.ecosystem for measured in self.measured.get(device, ())}))

    def probed_frameworks(self) -> tuple[str, ...]:
        """Those that have answered a probe, whatever device is scored."""
        return tuple(
            sorted(
                name for name, asked in self.probes.items() if any(each.probe.status == "answered" for each in asked)
            )
        )

    def measured_frameworks(self) -> tuple[str, ...]:
        """Those of which a run holds a measured case or an answered probe."""
        of_cases = {name for device in self.measured for name in self.frameworks_on(device)}
        return tuple(sorted({*of_cases, *self.probed_frameworks()}))

    def frameworks(self) -> tuple[str, ...]:
        """All of which anything is known; a layer is none."""
        return tuple(sorted(name for name in {*self.names, *self.measured_frameworks()} if not self.stands_on(name)))

    def stands_on(self, library: str) -> tuple[str, ...]:
        """The frameworks that a layer stands on; empty for whatever is no layer.

        A library that was measured as an ecosystem of its own is compared with frameworks, and so is none.
        """
        if library in self.measured_frameworks():
            return ()
        return tuple(framework for framework, layers in sorted(self.layers.items()) if library in layers)

    def coverage(self) -> tuple[DeviceCoverage, ...]:
        """How much of what was selected in float32 each run measured on each device."""
        rows = []
        for run in self.runs:
            for device in sorted({case.device for case in run.record.cases if case.precision == FLOAT32}):
                cases = [case for case in run.record.cases if case.device == device and case.precision == FLOAT32]
                missing = tuple(
                    (f"{case.phase} {case.id}", without_log(case.reason)) for case in cases if case.status != "measured"
                )
                rows.append(
                    DeviceCoverage(
                        run=run.name,
                        device=device,
                        measured=len(cases) - len(missing),
                        selected=len(cases),
                        missing=missing,
                    )
                )
        return tuple(rows)


def gather(
    snapshots: Iterable[Snapshot],
    *,
    month: str | None = None,
    as_of: str | None = None,
    runs: Sequence[NamedRun] = (),
    kind_order: Sequence[Kind],
) -> Evidence:
    """Lay the facts of all snapshots up to ``month`` (default: the newest there is) beside the runs.

    Ages are counted to ``as_of`` (``YYYY-MM``), by default the snapshot's own month; one before that is taken for it.

    Raises EvidenceError when no snapshot is that old, or when the runs must not be ranked (see ``check_runs``).
    """
    known = sorted(snapshots, key=lambda snapshot: (snapshot.month, snapshot.day, snapshot.framework))
    months = sorted({snapshot.month for snapshot in known})
    if month is not None and month not in months:
        raise EvidenceError(f"unknown snapshot {month!r}; there are {', '.join(months)}")
    month = month or months[-1]
    check_runs(runs)
    names: dict[str, str] = {}
    facts: dict[str, dict[str, tuple[Fact, ...]]] = {}
    statements: dict[str, dict[str, tuple[Statement, ...]]] = {}
    standing: dict[str, Snapshot] = {}
    for snapshot in known:
        if snapshot.month > month:
            break
        names[snapshot.framework] = snapshot.name
        standing[snapshot.framework] = snapshot
        # Oldest first: a younger snapshot replaces a key as a whole, with whatever contradicted it. One of a day only
        # adds: it answers, and what was counted in another way stands behind it, so that like still meets like.
        before = facts.setdefault(snapshot.framework, {})
        for key, new in _by_key(snapshot.facts, kind_order).items():
            before[key] = (*new, *(_counted_otherwise(before.get(key, ()), new) if snapshot.day else ()))
        statements.setdefault(snapshot.framework, {}).update(_by_topic(snapshot.statements))
    layers: dict[str, dict[str, str]] = {}
    for name, snapshot in sorted(standing.items()):
        if snapshot.role == "layer":
            for framework in snapshot.layer_of:
                layers.setdefault(framework, {})[name] = snapshot.purpose
    return Evidence(
        snapshot=month,
        as_of=max(as_of or month, month),
        names=names,
        facts=facts,
        runs=tuple(runs),
        measured=_by_device(runs, precisions=(FLOAT32,)),
        timed=_by_device(runs, precisions=PRECISIONS),
        probes=_by_framework(runs),
        layers=layers,
        statements=statements,
    )


def check_runs(runs: Sequence[NamedRun], *, today: datetime.date | None = None) -> None:
    """Raise EvidenceError for runs that must not rank: in one process with pytest, of different presets, with what no
    session can have measured (``run_checks``), or with what another of them holds too and would count twice."""
    for run in runs:
        if problem := find_problem(run.record, today=today or calendar.today()):
            raise EvidenceError(f"{run.name}: {problem}")
        if run.record.in_process:
            raise EvidenceError(
                f"{run.name}: its frameworks ran inside pytest, which is good for a debugger and not for a ranking; "
                "measure again with a process for each case"
            )
    presets = {run.record.preset: run.name for run in runs}
    if len(presets) > 1:
        listed = ", ".join(f"{preset} ({name})" for preset, name in presets.items())
        raise EvidenceError(f"runs of different presets never mix: {listed}; score one preset at a time")
    first: dict[tuple[object, ...], str] = {}
    for run in runs:
        for case in run.record.cases:
            if not case.rounds or not case.occasion:
                continue
            before = first.setdefault((case.nodeid, case.occasion, case.rounds), run.name)
            if before != run.name:
                raise EvidenceError(
                    f"{run.name}: holds {case.nodeid} as {before} does, from one session; give one of the two"
                )


def _counted_otherwise(before: Iterable[Fact], new: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts in ``before``, all of one key, that were counted by a definition that none of the ``new`` ones has."""
    counted = {fact.definition for fact in new}
    return tuple(fact for fact in before if fact.definition not in counted)


def _by_key(facts: Iterable[Fact], kind_order: Sequence[Kind]) -> Mapping[str, tuple[Fact, ...]]:
    grouped: dict[str, list[Fact]] = {}
    for fact in facts:
        grouped.setdefault(fact.key, []).append(fact)
    for group in grouped.values():
        group.sort(key=lambda fact: fact.source)
        group.sort(key=lambda fact: fact.as_of, reverse=True)
        group.sort(key=lambda fact: kind_order.index(fact.kind))
    return {key: tuple(group) for key, group in grouped.items()}


def _by_topic(statements: Iterable[Statement]) -> dict[str, tuple[Statement, ...]]:
    grouped: dict[str, tuple[Statement, ...]] = {}
    for statement in statements:
        grouped[statement.topic] = (*grouped.get(statement.topic, ()), statement)
    return grouped


def _by_device(
    runs: Sequence[NamedRun], *, precisions: Collection[Precision]
) -> dict[DeviceName, tuple[MeasuredCase, ...]]:
    grouped: dict[DeviceName, list[MeasuredCase]] = {}
    for run in runs:
        for case in run.record.cases:
            if case.status == "measured" and case.precision in precisions:
                grouped.setdefault(case.device, []).append(MeasuredCase(run=run.name, case=case))
    return {device: tuple(group) for device, group in sorted(grouped.items())}


def _by_framework(runs: Sequence[NamedRun]) -> dict[str, tuple[AskedProbe, ...]]:
    grouped: dict[str, list[AskedProbe]] = {}
    for run in sorted(runs, key=lambda run: run.record.created):
        for probe in run.record.probes:
            asked = AskedProbe(run=run.name, made=probe.occasion or run.record.created, probe=probe)
            grouped.setdefault(probe.ecosystem, []).append(asked)
    return {framework: tuple(group) for framework, group in sorted(grouped.items())}
