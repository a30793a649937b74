"""What it takes until the first step is done, by stages, from empty caches and from those that a process filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speedscore.bench_suite.session.group_ratios import compiles_nothing
from speedscore.record.metrics import METRICS, WARM
from speedscore.record.rounds import figure_of
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Block, Cell, Column, Figure, Table
from speedscore.report.charts import compiling as chart
from speedscore.report.charts.compiling import CACHES, STAGES
from speedscore.report.identifiers import case_id
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import NO_FIGURE, duration

_COLD, _WARM = CACHES


def blocks(group: Group, others: Sequence[Group]) -> tuple[Block, ...]:
    """Of a group that compiles, the stages of both kinds of caches; ``others`` are all groups of the report."""
    if not group.spec.compiles:
        return ()
    both = {_WARM if each.spec.is_warm else _COLD: each for each in others if _same_place(each, group)}
    rows = [row for caches in CACHES if caches in both for row in _rows(both[caches], caches)]
    # The table has both kinds of caches, and so stands once.
    stands_elsewhere = group.spec.is_warm and _COLD in both
    return (_figure(group, rows),) if stands_elsewhere else (_figure(group, rows), _table(group, both))


def _same_place(one: Group, other: Group) -> bool:
    place = (one.run.name, one.run_title, one.place, one.model, one.spec.compiles, bool(one.measured))
    return place == (other.run.name, other.run_title, other.place, other.model, True, True)


def _rows(group: Group, caches: str) -> Iterator[tuple[str, str, str, float]]:
    for case in group.measured:
        for name, stage in STAGES.items():
            if seconds := stage_seconds(case, name):
                yield case.framework, caches, stage, seconds


def stage_seconds(case: CaseResult, name: str) -> float | None:
    """Of a case of a phase that compiles; ``name`` is the metric's from empty caches."""
    return figure_of(case, f"{WARM}{name}" if case.metric.name.startswith(WARM) else name)


def _figure(group: Group, rows: Sequence[tuple[str, str, str, float]]) -> Figure:
    whole = [row for row in rows if row[2] == STAGES["time_to_first_step_seconds"]]
    eager = {case.framework for case in group.measured if compiles_nothing(case)}
    own = _WARM if group.spec.is_warm else _COLD
    first = [row for row in whole if row[1] == own]
    order = [row[0] for row in sorted(first, key=lambda row: row[3])]
    order += [name for name in dict.fromkeys(row[0] for row in whole) if name not in order]
    return Figure(
        id=group.id("stages"),
        title=f"Stages of compiling: {group.title}",
        lead=_lead(first, eager),
        spec=chart.spec(order, lanes=len({row[1] for row in rows})),
        columns=(Column("framework"), Column("caches"), Column("stage"), Column("seconds", unit="s", numeric=True)),
        fields=("framework", "caches", "stage", "seconds"),
        rows=tuple(rows),
        notes=_notes(group, eager),
        sources=group.sources,
        tags=group.tags,
    )


def _lead(whole: Sequence[tuple[str, str, str, float]], eager: set[str]) -> str:
    """Who compiles for the shortest and for the longest time, of rows of the same caches."""
    compiled = [row for row in whole if row[0] not in eager]
    if not compiled:
        return "Nothing here is compiled ahead of the first step."
    least, most = (chosen(compiled, key=lambda row: row[3]) for chosen in (min, max))
    said = f"From {least[1]} {least[0]} is done with its first step after {duration(least[3])}"
    return f"{said}." if least == most else f"{said}, {most[0]} after {duration(most[3])}."


def _notes(group: Group, eager: set[str]) -> tuple[str, ...]:
    counts = sorted({len(case.rounds) for case in group.measured})
    notes = [
        f"Each stage is the median over processes; here {' or '.join(map(str, counts))} a framework"
        f"{', and one compilation says little of the next' if counts[0] == 1 else ''}. A stage that a framework does "
        "not tell apart is part of its first step.",
    ]
    if eager:
        notes.append(f"{', '.join(sorted(eager))}: nothing is compiled; the mark is the first step alone.")
    return tuple(notes)


def _table(group: Group, both: dict[str, Group]) -> Table:
    columns = [(caches, name) for caches in CACHES if caches in both for name in STAGES if _has(both[caches], name)]
    return Table(
        id=group.id("stages-table"),
        title=f"Seconds of each stage: {group.title}",
        lead="The same from empty and from warm caches, side by side.",
        columns=(
            Column("Framework"),
            *(
                Column(f"{STAGES[name]}, {caches}", unit="s", numeric=True, meaning=METRICS[name].title)
                for caches, name in columns
            ),
        ),
        rows=tuple(
            (group.name_cell(case), *(_cell(both[caches], case.framework, name) for caches, name in columns))
            for case in group.measured
        ),
        sources=group.sources,
        tags=group.tags,
        folded=True,
    )


def _has(group: Group, name: str) -> bool:
    """Earlier runs have no stage of the optimizer, and what compiles in its first call has none of a compiler."""
    return any(stage_seconds(case, name) is not None for case in group.measured)


def _cell(group: Group, framework: str, name: str) -> Cell:
    case = next((case for case in group.measured if case.framework == framework), None)
    seconds = None if case is None else stage_seconds(case, name)
    if case is None or seconds is None:
        return Cell(NO_FIGURE)
    return Cell(duration(seconds), value=seconds, detail=case_id(group.run, case))
