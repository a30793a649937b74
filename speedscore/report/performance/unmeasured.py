"""What was selected and not measured, with its reasons: by reason, and case by case."""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.record.named_logs import without_log
from speedscore.record.phases import PHASES
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Block, Cell, Column, Prose, Table
from speedscore.report.content import Content
from speedscore.report.identifiers import case_id
from speedscore.report.performance.groups import Group
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.text.numbers import first_line

_ORDER = ("failed", "skipped")


def tables(content: Content) -> tuple[Block, ...]:
    """Two tables whatever the filters say: how many for each reason, and every case. One sentence where all was
    measured."""
    missing = [(run, case) for run, case in content.cases if case.status != "measured"]
    selected = len(content.cases)
    if not missing:
        said = f"All {selected} selected cases were measured: none failed, and none was skipped."
        return (Prose(id="unmeasured", title="Not measured", items=(Cell(said),), form="paragraphs"),)
    missing.sort(key=lambda pair: _ORDER.index(pair[1].status))
    sources = tuple(dict.fromkeys(run.name for run, _ in missing))
    return (_by_reason(missing, selected=selected, sources=sources), _each(missing, sources=sources))


def _by_reason(missing: Sequence[tuple[NamedRun, CaseResult]], *, selected: int, sources: tuple[str, ...]) -> Table:
    groups: dict[tuple[str, str], list[tuple[NamedRun, CaseResult]]] = {}
    for run, case in missing:
        groups.setdefault((case.status, _first_line(case)), []).append((run, case))
    failed = sum(case.status == "failed" for _, case in missing)
    return Table(
        id="unmeasured",
        title="Not measured, by reason",
        lead=f"{len(missing)} of {selected} selected cases have no figure: {failed} failed, {len(missing) - failed} "
        "were skipped or declined.",
        columns=(
            Column("Outcome"),
            Column("Cases", numeric=True),
            Column("Reason"),
            Column("Where"),
        ),
        rows=tuple(
            (Cell(status), Cell(f"{len(pairs)}", value=len(pairs)), _reason(pairs, reason), Cell(_where(pairs)))
            for (status, reason), pairs in groups.items()
        ),
        notes=("What the matrix has no case for, or what was not selected, stands in no run.",),
        sources=sources,
    )


def _reason(pairs: Sequence[tuple[NamedRun, CaseResult]], reason: str) -> Cell:
    return Cell(reason, detail=case_id(*pairs[0]))


def _where(pairs: Sequence[tuple[NamedRun, CaseResult]]) -> str:
    """What the cases have in common, else what they are."""
    parts = [
        _some(list(dict.fromkeys(case.place for _, case in pairs)), "devices"),
        _some(list(dict.fromkeys(case.framework for _, case in pairs)), "frameworks"),
        _some(list(dict.fromkeys(case.model for _, case in pairs)), "models"),
        _some(list(dict.fromkeys(PHASES[case.phase].title for _, case in pairs)), "phases"),
    ]
    return "; ".join(parts)


def _some(names: Sequence[str], kind: str) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} {kind}"


def _each(missing: Sequence[tuple[NamedRun, CaseResult]], *, sources: tuple[str, ...]) -> Table:
    return Table(
        id="unmeasured-cases",
        title=f"Each of the {len(missing)} cases that were not measured",
        columns=(Column("Case"), Column("Phase"), Column("Outcome"), Column("Reason")),
        rows=tuple(
            (
                Cell(case.id, detail=case_id(run, case)),
                Cell(PHASES[case.phase].title),
                Cell(case.status),
                Cell(_first_line(case)),
            )
            for run, case in missing
        ),
        sources=sources,
        folded=True,
    )


def _first_line(case: CaseResult) -> str:
    """Of its reason: what cases have in common that failed alike."""
    return first_line(without_log(case.reason))


def note(group: Group) -> tuple[Block, ...]:
    """In the place of a group's figures where it has none, or beside those of some: what is missing, and why."""
    if not group.unmeasured:
        return ()
    items = tuple(
        Cell(f"{case.framework}: {case.status}", detail=case_id(group.run, case), note=_first_line(case))
        for case in group.unmeasured
    )
    return (Prose(id=group.id("missing"), title=f"Not measured: {group.title}", items=items, tags=group.tags),)
