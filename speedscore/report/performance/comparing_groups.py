"""The first table of the performance tab: every model and phase in a row, every framework in a column.

In each row stand the fastest's own time and how many times as long each other took, as the terminal's overview has it.
"""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.bench_suite.session.group_ratios import compiles_nothing, is_one_number, middle
from speedscore.bench_suite.session.printing.overview import short_figure, unlike_attention
from speedscore.bench_suite.session.printing.terminal_report import busy_lines
from speedscore.report.blocks import Cell, Column, Table
from speedscore.report.identifiers import block_id, case_id
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import NO_FIGURE

_UNWRAPPED = 10_000
"""Characters: the page wraps lines itself."""


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One of each run that measured anything, and of each of its machines, whatever the filters say."""
    runs = dict.fromkeys((group.run.name, group.run_title) for group in groups if group.measured)
    return tuple(
        _table([group for group in groups if (group.run.name, group.run_title) == run and group.measured])
        for run in runs
    )


def _table(groups: Sequence[Group]) -> Table:
    first = groups[0]
    cases = [case for group in groups for case in group.measured]
    frameworks = list(dict.fromkeys(case.framework for case in cases))
    places = list(dict.fromkeys(group.place for group in groups))
    return Table(
        id=block_id("all", *([first.run_title] if first.run_title else [])),
        title=f"All models and phases{f', {first.run_title}' if first.run_title else ''}",
        lead="In each row the fastest's own time, and how many times as long each other framework took; where the "
        "interval leaves the order open it stands in place of the number. Each leads to its case.",
        columns=(Column("Phase and model"), *(Column(name, numeric=True) for name in frameworks)),
        rows=tuple(_row(group, frameworks, named_place=len(places) > 1) for group in groups),
        notes=_notes(groups),
        sources=(first.run.name,),
    )


def _row(group: Group, frameworks: Sequence[str], *, named_place: bool) -> tuple[Cell, ...]:
    place = f" on {group.place}" if named_place else ""
    head = Cell(f"{group.spec.title}: {group.model}{place}")
    return (head, *(_cell(group, name) for name in frameworks))


def _cell(group: Group, name: str) -> Cell:
    case = next((case for case in group.measured if case.framework == name), None)
    if case is None:
        return Cell(NO_FIGURE)
    return Cell(
        short_figure(case, fastest=group.fastest, ratios=group.ratios),
        value=middle(case),
        detail=case_id(group.run, case),
    )


def _notes(groups: Sequence[Group]) -> tuple[str, ...]:
    cases = [case for group in groups for case in group.measured]
    notes = [
        "Ratios are estimated from rounds that were neighbours in time, a number a process, with a 95 % interval over "
        "processes; they stand in the saved run. Columns are sorted by, and copied as, each case's own seconds."
    ]
    if any(map(is_one_number, cases)):
        notes.append("A compilation that was made once has no interval and no ratio: its own time stands there.")
    if eager := list(dict.fromkeys(case.framework for case in cases if compiles_nothing(case))):
        notes.append(f"{', '.join(eager)}: nothing is compiled; the time is that of the first step alone.")
    if unlike := unlike_attention(cases):
        notes.append(f"Attention is not the same work everywhere: {unlike}.")
    return (*notes, *busy_lines(cases, width=_UNWRAPPED))
