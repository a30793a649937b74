"""The tab of what production asks for: exports, checkpoints, traces and the rest that probes found out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from speedscore.bench_suite.probes import table as probes_table
from speedscore.bench_suite.probes.export.tables import export_tables
from speedscore.bench_suite.probes.export.targets import TARGETS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.summary import make_lines, summary_table
from speedscore.bench_suite.probes.table import NOTHING
from speedscore.report.blocks import Block, Cell, Column, Table, View
from speedscore.report.content import Content
from speedscore.report.identifiers import probe_group_id
from speedscore.report.probes import HeldProbe, probes_of
from speedscore.report.views.probe_tables import (
    answers,
    block_of,
    detail_of,
    family_tables,
    has_a_row_each,
    reason_of,
)


def view(content: Content) -> View | None:
    """None where no probe was asked."""
    held = probes_of(content)
    if not held:
        return None
    return View(id="production", title="Production", blocks=tuple(_blocks(held)))


def _blocks(held: Sequence[HeldProbe]) -> Iterator[Block]:
    sources = tuple(dict.fromkeys(each.run for each in held))
    yield from _summary(held, sources)
    yield from _exports(held)
    for name in FAMILIES:
        if has_a_row_each(name):
            yield from family_tables(name, held)
    yield from _unanswered(held)


def _summary(held: Sequence[HeldProbe], sources: tuple[str, ...]) -> Iterator[Table]:
    """A line a family and target; each cell leads to the probes that it counts."""
    table = summary_table(answers(held))
    if not table.rows:
        return
    frameworks = table.headers[1:]
    lines = list(make_lines(answers(held)))
    first = {line.family: line.title for line in reversed(lines)}
    yield Table(
        id="probes-summary",
        title="All probes at a glance",
        columns=(Column("Probe"), *map(Column, frameworks)),
        rows=tuple(
            (
                Cell(line.title, note=FAMILIES[line.family].title if first[line.family] == line.title else ""),
                *(
                    Cell(line.cells[name], detail=probe_group_id(name, line.family, line.target))
                    if name in line.cells
                    else Cell(NOTHING)
                    for name in frameworks
                ),
            )
            for line in lines
        ),
        lead="How many came out good of those that were asked, or the family's own figure.",
        sources=sources,
    )


def _exports(held: Sequence[HeldProbe]) -> Iterator[Table]:
    """A row a target and model with the first line of each reason, then what they took in figures."""
    exports = [each for each in held if each.probe.family in ("export", "export_control")]
    tables = export_tables(answers(exports))
    if not tables:
        return
    sources = tuple(dict.fromkeys(each.run for each in exports))
    of_targets = [table for table in tables if table.headers[0] in TARGETS]
    about = {
        (each.probe.target, each.probe.subject, each.probe.framework): each
        for each in exports
        if each.probe.family == "export"
    }
    frameworks = list(dict.fromkeys(name for table in of_targets for name in table.headers[1:]))
    yield Table(
        id="exports",
        title="Does a model leave its framework, and is it still right",
        columns=(Column("To"), Column("Model"), *map(Column, frameworks)),
        rows=tuple(row for table in of_targets for row in _of_target(table, frameworks, about)),
        notes=of_targets[0].notes[:1],
        sources=sources,
    )
    yield from _refusals(exports, sources)
    groups = {f"{target} {name}": probe_group_id(name, "export", target) for target, _, name in about}
    served = {
        f"{name} {model}": detail_of(each)
        for (target, model, name), each in about.items()
        if each.probe.find("serving_seconds")
    }
    for place, table in enumerate(tables[len(of_targets) :]):
        yield block_of(
            table,
            lambda _, row, __: served.get(row[0]) or groups.get(row[0], ""),
            name=f"export-figures-{place}",
            sources=sources,
            folded=True,
        )


def _of_target(
    table: probes_table.Table, frameworks: Sequence[str], about: Mapping[tuple[str, str, str], HeldProbe]
) -> Iterator[tuple[Cell, ...]]:
    target = table.headers[0]
    for place, (model, *texts) in enumerate(table.rows):
        cells = dict(zip(table.headers[1:], texts, strict=True))
        yield (
            Cell(target, note="" if place else TARGETS[target].title),
            Cell(model),
            *(_export(cells.get(name, NOTHING), about.get((target, model, name))) for name in frameworks),
        )


def _export(text: str, held: HeldProbe | None) -> Cell:
    return Cell(text, detail="" if held is None else detail_of(held))


def _refusals(exports: Sequence[HeldProbe], sources: tuple[str, ...]) -> Iterator[Table]:
    """What did not pass, each with the first line of why."""
    refused = [each for each in exports if each.probe.reason and each.probe.status == "answered"]
    if refused:
        yield Table(
            id="export-reasons",
            title="Exports that did not pass, and why",
            columns=(
                Column("To"),
                Column("Model"),
                Column("Framework"),
                Column("Outcome"),
                Column("First line of why"),
            ),
            rows=tuple(
                (
                    Cell(each.probe.target),
                    Cell(each.probe.subject or "control"),
                    Cell(each.probe.framework, series=each.probe.framework),
                    Cell(each.probe.outcome, detail=detail_of(each)),
                    Cell(reason_of(each.probe)),
                )
                for each in refused
            ),
            sources=sources,
        )


def _unanswered(held: Sequence[HeldProbe]) -> Iterator[Table]:
    missing = [each for each in held if each.probe.status != "answered"]
    if missing:
        yield Table(
            id="probes-unanswered",
            title="Probes without an answer",
            columns=(Column("Probe"), Column("Framework"), Column("Status"), Column("Why")),
            rows=tuple(
                (
                    Cell(each.probe.id, detail=detail_of(each), note=each.run),
                    Cell(each.probe.framework, series=each.probe.framework),
                    Cell(each.probe.status),
                    Cell(reason_of(each.probe)),
                )
                for each in missing
            ),
            sources=tuple(dict.fromkeys(each.run for each in missing)),
        )
