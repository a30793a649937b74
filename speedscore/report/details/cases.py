"""The detail of a case: its figure, the test that reproduces it, each round and measurement, its proof, what ran.

Its rounds are those of the group's figure and stand there: a report may hold fifty thousand.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from speedscore.bench_suite.session.group_ratios import GroupRatios, middle
from speedscore.host.fields import Scalar
from speedscore.record.machines import named_machine
from speedscore.record.metrics import METRICS
from speedscore.record.phases import PHASES
from speedscore.record.rounds import figure_of, interval_fraction_over_processes, process_medians
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Cell, Column, Detail, DetailTable
from speedscore.report.content import Content
from speedscore.report.identifiers import case_id, run_id
from speedscore.report.performance.groups import Group, find_groups
from speedscore.report.performance.rounds import ROUNDS
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.text.numbers import duration, percent

_STOPPED = {
    "narrow": "the median of each process was known well enough",
    "budget": "the case's time was spent",
    "interrupted": "the session was ended before all processes or rounds were measured",
}
_STYLES = {
    "idiomatic": "as the library's documentation teaches it",
    "tuned": "the fastest way that was found",
    "multi-backend": "as the documentation of a library teaches it that runs on several frameworks",
}


def case_details(content: Content) -> tuple[Detail, ...]:
    """One of each selected case, measured or not."""
    return tuple(
        Detail(
            id=case_id(group.run, case),
            title=f"{PHASES[case.phase].title} of {case.model} in {case.framework} on {case.place}",
            entries=tuple(_entries(group, case)),
            tables=tuple(_tables(group, case)),
        )
        for group in find_groups(content)
        for case in (*group.measured, *group.unmeasured)
    )


def reproducing_command(run: NamedRun, case: CaseResult) -> str:
    """What measures this case again, as the run did; neighbours that it was compared with are not in it."""
    processes = len(process_medians(case.rounds))
    options = ["--benchmark-only", "--preset", run.record.preset]
    if processes > 1:
        options += ["--processes", f"{processes}"]
    return shlex.join(["python", "-m", "pytest", *options, case.nodeid])


def _entries(group: Group, case: CaseResult) -> Iterator[tuple[str, Cell]]:
    if case.status == "measured":
        yield (
            "Figure",
            Cell(f"{duration(middle(case))}: {case.metric.title}", value=middle(case), note=_certainty(case)),
        )
        yield "Unrounded", Cell(f"{middle(case)!r} s")
        if len(group.measured) > 1:
            yield "Times as long as the fastest", Cell(_beside(group, case))
        yield "Rounds ended because", Cell(_STOPPED.get(case.stopped, case.stopped or "unknown"))
        if not group.spec.compiles:
            yield "A round", Cell(f"the mean over {case.steps_per_round:,} steps, calls or passes")
    else:
        yield "Outcome", Cell(case.status)
        yield "Reason", Cell(case.reason)
    yield "Test", Cell(case.nodeid)
    yield "To measure it again", Cell(reproducing_command(group.run, case), note="in a checkout of the suite")
    if case.flops:
        yield "Operations", Cell(f"{case.flops:,} FLOPs a step or pass, by the workload's formula")
    yield "Precision", Cell(case.precision)
    if case.style is not None:
        yield "Written", Cell(f"{case.style}: {_STYLES[case.style]}")
    if case.occasion and case.occasion != group.run.record.created:
        yield "Measured in the session of", Cell(case.occasion)
    if case.machine:
        yield "Machine", Cell(named_machine(group.run.record, case.machine))
    yield "Run", Cell(group.run.name, detail=run_id(group.run.name))


def _certainty(case: CaseResult) -> str:
    """The interval, or why there is none."""
    medians = process_medians(case.rounds)
    many = f"{_several(len(case.rounds), 'round')} in {_several(len(medians), 'process', 'es')}"
    fraction = interval_fraction_over_processes(case.rounds)
    if fraction is None:
        apart = f"; their medians lie {percent(max(medians) / min(medians) - 1)} apart" if len(medians) > 1 else ""
        return f"{many}, too few processes for an interval{apart}"
    low, high = (duration(middle(case) * (1 + fraction) ** sign) for sign in (-1, 1))
    return f"95 % interval over processes {low} to {high} (Student's t); {many}"


def _several(count: int, word: str, ending: str = "s") -> str:
    return f"{count:,} {word}{ending if count != 1 else ''}"


def _beside(group: Group, case: CaseResult) -> str:
    ratios: GroupRatios = group.ratios
    said = ratios.times_as_long(case, group.fastest)
    return said if case is group.fastest else f"{said}, beside {group.fastest.framework}"


def _tables(group: Group, case: CaseResult) -> Iterator[DetailTable]:
    if case.rounds:
        yield DetailTable("The figure and every round, as taken", figure=group.id(ROUNDS), series=case.framework)
    if case.certificate is not None:
        yield DetailTable(
            title=f"Certificate, against {case.certificate.reference}",
            columns=(Column("quantity"), Column("at"), Column("error"), Column("tolerance")),
            rows=tuple(
                (check.quantity, check.tensor, check.error, check.tolerance) for check in case.certificate.checks
            ),
        )
    if case.measurements:
        yield DetailTable(
            title="Everything else that was measured",
            columns=(Column("what"), Column("figure"), Column("unit"), Column("samples")),
            rows=tuple(_measurement_rows(case)),
        )
    for title, fields in (
        ("Workload", case.workload),
        ("Program, as it says of itself", case.program.fields()),
        ("Worker, as it was observed", case.worker.fields()),
    ):
        if fields:
            yield fields_table(title, fields)


def _measurement_rows(case: CaseResult) -> Iterator[tuple[Scalar, ...]]:
    for measured in case.measurements:
        metric = METRICS.get(measured.name)
        title = f"{metric.title} ({measured.name})" if metric else measured.name
        samples = ", ".join(f"{sample:.6g}" for sample in measured.samples) if len(measured.samples) > 1 else "one"
        yield title, figure_of(case, measured.name), measured.unit, samples


def fields_table(title: str, fields: Mapping[str, Scalar]) -> DetailTable:
    """Two columns: the name of each field, and what it holds."""
    return DetailTable(title=title, columns=(Column("name"), Column("value")), rows=tuple(fields.items()))
