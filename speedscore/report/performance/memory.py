"""Memory beside time: one chart of the definition that most of a group have, and a table of all, a column each.

Figures of two definitions never share an axis or a column.
"""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.bench_suite.session.group_ratios import middle
from speedscore.record.metrics import METRICS
from speedscore.record.rounds import figure_of
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Block, Cell, Column, Figure, Table
from speedscore.report.charts import memory as chart
from speedscore.report.identifiers import case_id
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import NO_FIGURE, size

_DEFINITIONS = {
    "allocator_peak_bytes": "allocator's peak",
    "allocator_reserved_bytes": "allocator's reserve",
    "peak_rss_running_bytes": "peak RSS, stepping",
    "peak_rss_with_compile_bytes": "peak RSS, compiling too",
    "static_plan_bytes": "XLA's static plan",
}
"""Metric → head of its column. Of those that all in a group have the first is drawn; of a compilation its own."""
_COMPILING = "peak_rss_with_compile_bytes"


def blocks(group: Group) -> tuple[Block, ...]:
    """Nothing where no memory was measured."""
    names = [name for name in _DEFINITIONS if any(case.find(name) for case in group.measured)]
    if not names:
        return ()
    drawn = _drawn(group, names)
    with_it = [case for case in group.measured if case.find(drawn)]
    table = _table(group, names)
    return (_figure(group, drawn, with_it), table) if len(with_it) > 1 else (table,)


def _drawn(group: Group, names: Sequence[str]) -> str:
    """The definition that most have."""
    preferred = sorted(names, key=lambda name: group.spec.compiles and name != _COMPILING)
    return max(preferred, key=lambda name: sum(case.find(name) is not None for case in group.measured))


def _figure(group: Group, name: str, cases: Sequence[CaseResult]) -> Figure:
    rows = tuple((case.framework, middle(case), figure_of(case, name) or 0.0) for case in cases)
    least, soonest = (min(rows, key=lambda row: row[place])[0] for place in (2, 1))
    without = [case.framework for case in group.measured if case not in cases]
    return Figure(
        id=group.id("memory"),
        title=f"Memory beside time: {group.title}",
        lead=f"The nearer to the lower left, the less of both. {_least(least, soonest, of_all=not without)}",
        spec=chart.spec(
            [case.framework for case in cases],
            time=group.spec.metric.title,
            memory=_DEFINITIONS[name],
            largest=max(row[2] for row in rows),
        ),
        columns=(
            Column("framework"),
            Column("seconds", unit="s", numeric=True),
            Column(_DEFINITIONS[name], unit="bytes", numeric=True),
        ),
        fields=("framework", "seconds", "bytes"),
        rows=rows,
        notes=(
            f"{_DEFINITIONS[name]}: {METRICS[name].title}; the median over processes.",
            *([f"Without this figure: {', '.join(without)}."] if without else []),
        ),
        sources=group.sources,
        tags=group.tags,
    )


def _least(memory: str, time: str, *, of_all: bool) -> str:
    whom = "" if of_all else "Of those whose memory is known in this way, "
    if memory == time:
        return f"{whom}{memory} needs the least memory and the least time."
    return f"{whom}{memory} needs the least memory, {time} the least time."


def _table(group: Group, names: Sequence[str]) -> Table:
    return Table(
        id=group.id("memory-table"),
        title=f"Memory by each definition: {group.title}",
        lead="Compare down a column, never across: each is another way of counting.",
        columns=(
            Column("Framework"),
            Column("Time", unit="s", numeric=True, meaning=group.spec.metric.title),
            *(Column(_DEFINITIONS[name], unit="bytes", numeric=True, meaning=METRICS[name].title) for name in names),
        ),
        rows=tuple(
            (group.name_cell(case), group.figure_cell(case), *(_cell(group, case, name) for name in names))
            for case in group.measured
        ),
        notes=tuple(f"{_DEFINITIONS[name]}: {METRICS[name].title}." for name in names),
        sources=group.sources,
        tags=group.tags,
        folded=True,
    )


def _cell(group: Group, case: CaseResult, name: str) -> Cell:
    value = figure_of(case, name)
    return Cell(NO_FIGURE) if value is None else Cell(size(value), value=value, detail=case_id(group.run, case))
