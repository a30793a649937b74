"""The tab of what tasks tell beyond their times: work a second by size, and what recomputing costs and saves.

The times themselves, with their ratios and rounds, are in the tab of performance. Nothing is measured or judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speedscore.bench_suite.session.group_ratios import middle
from speedscore.bench_suite.session.printing.capability_lines import (
    group_by_work,
    network_of,
    peak_of,
    short_count,
    work_a_second,
)
from speedscore.record.machines import OWN, by_machine
from speedscore.record.metrics import METRICS
from speedscore.record.rounds import figure_of
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Block, Cell, Column, Figure, Table, View
from speedscore.report.charts import frontier as chart
from speedscore.report.content import Content
from speedscore.report.identifiers import block_id, case_id
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import NO_FIGURE, duration, size

_KEPT, _BATCH = "residual_bytes", "largest_batch"


def view(content: Content) -> View | None:
    """None where no task tells more than its time."""
    blocks = tuple(block for run in content.runs for block in _blocks(run))
    if not blocks:
        return None
    return View(
        id="capabilities",
        title="Capabilities",
        lead="Tasks that are no model's step or pass. Their times and ratios are under Performance, phase capability.",
        blocks=blocks,
    )


def _blocks(run: NamedRun) -> Iterator[Block]:
    tasks = [case for case in run.record.cases if case.phase == "capability" and case.status == "measured"]
    machines = by_machine(tasks)
    for machine, place in dict.fromkeys((case.machine, case.place) for case in tasks):
        here = [case for case in machines[machine] if case.place == place]
        # It stands in titles and ids; tasks of two machines are never in one table.
        place += f" of {one_line(machine) or OWN}" if len(machines) > 1 else ""
        for unit, cases in group_by_work(here).items():
            yield _rates(run, place, unit, cases)
        recomputing = [case for case in here if "budget_bytes" in case.workload]
        for network in dict.fromkeys(map(network_of, recomputing)):
            yield from _frontier(run, place, network, [case for case in recomputing if network_of(case) == network])


def _rates(run: NamedRun, place: str, unit: str, cases: Sequence[CaseResult]) -> Table:
    frameworks = list(dict.fromkeys(case.framework for case in cases))
    ordered = sorted(cases, key=lambda case: (float(case.workload["work"] or 0), case.model))
    by_place = {(case.model, case.framework): case for case in ordered}
    fastest = max(cases, key=work_a_second)
    return Table(
        id=block_id("work", run.name, place, unit),
        title=f"{unit.capitalize()} a second on {place}",
        lead=f"The most: {short_count(work_a_second(fastest))} by {fastest.framework} in {fastest.model}.",
        columns=(
            Column("Task"),
            Column("One call does", numeric=True),
            *(Column(name, unit=f"{unit} a second", numeric=True) for name in frameworks),
        ),
        rows=tuple(
            (
                Cell(model),
                _amount(next(case for case in ordered if case.model == model)),
                *(_rate_cell(run, by_place.get((model, name))) for name in frameworks),
            )
            for model in dict.fromkeys(case.model for case in ordered)
        ),
        sources=(run.name,),
    )


def _amount(case: CaseResult) -> Cell:
    work = float(case.workload["work"] or 0)
    return Cell(f"{work:,.0f}", value=work)


def _rate_cell(run: NamedRun, case: CaseResult | None) -> Cell:
    if case is None:
        return Cell(NO_FIGURE)
    rate = work_a_second(case)
    return Cell(short_count(rate), value=rate, detail=case_id(run, case))


def _frontier(run: NamedRun, place: str, network: str, cases: Sequence[CaseResult]) -> Iterator[Block]:
    counted = [case for case in cases if case.find(_KEPT)]
    if len(counted) > 1:
        yield _figure(run, place, network, counted)
    yield _table(run, place, network, cases)


def _figure(run: NamedRun, place: str, network: str, cases: Sequence[CaseResult]) -> Figure:
    rows = tuple(
        (case.framework, str(case.workload["policy"]), middle(case), figure_of(case, _KEPT) or 0.0) for case in cases
    )
    least, soonest = min(rows, key=lambda row: row[3]), min(rows, key=lambda row: row[2])
    return Figure(
        id=block_id("frontier", run.name, place, network),
        title=f"Recomputing the forward pass of {network} on {place}",
        lead=(
            f"{least[0]} with {least[1]} keeps the least ({size(least[3])}), {soonest[0]} with {soonest[1]} is the "
            f"fastest ({duration(soonest[2])})."
        ),
        spec=chart.spec(list(dict.fromkeys(row[0] for row in rows)), largest=max(row[3] for row in rows)),
        columns=(
            Column("framework"),
            Column("recomputed"),
            Column("seconds", unit="s", numeric=True),
            Column("kept", unit="bytes", numeric=True),
        ),
        fields=("framework", "policy", "seconds", "bytes"),
        rows=rows,
        notes=(f"Kept: {METRICS[_KEPT].title}.",),
        sources=(run.name,),
    )


def _table(run: NamedRun, place: str, network: str, cases: Sequence[CaseResult]) -> Table:
    budget = cases[0].workload.get("budget_bytes")
    within = f" of {size(float(budget))}" if isinstance(budget, int) else ""
    frameworks = list(dict.fromkeys(case.framework for case in cases))
    return Table(
        id=block_id("frontier-table", run.name, place, network),
        title=f"What recomputing costs and saves: {network} on {place}",
        columns=(
            Column("Framework"),
            Column("Recomputed"),
            Column("A call", unit="s", numeric=True),
            Column("Kept", unit="bytes", numeric=True, meaning=METRICS[_KEPT].title),
            Column("Peak", unit="bytes", numeric=True, meaning="by the definition below each figure"),
            Column("Largest batch", numeric=True, meaning=f"whose kept bytes fit into the stated budget{within}"),
        ),
        rows=tuple(tuple(_row(run, case)) for case in sorted(cases, key=lambda case: frameworks.index(case.framework))),
        notes=("Peaks of two definitions cannot be compared; what is kept can.",),
        sources=(run.name,),
    )


def _row(run: NamedRun, case: CaseResult) -> Iterator[Cell]:
    detail = case_id(run, case)
    kept, batch = figure_of(case, _KEPT), figure_of(case, _BATCH)
    name, word = peak_of(case)
    peak = figure_of(case, name) if name else None
    yield Cell(case.framework, series=case.framework, detail=detail)
    yield Cell(str(case.workload["policy"]))
    yield Cell(duration(middle(case)), value=middle(case), detail=detail)
    yield Cell(NO_FIGURE) if kept is None else Cell(size(kept), value=kept, detail=detail)
    yield Cell(NO_FIGURE) if peak is None else Cell(size(peak), value=peak, detail=detail, note=word)
    yield Cell(NO_FIGURE) if batch is None else Cell(f"{batch:,.0f}", value=batch, detail=detail)
