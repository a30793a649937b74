"""Every round of a group, and the figure that stands for each framework's."""

from __future__ import annotations

from collections.abc import Iterable

from speedscore.bench_suite.session.group_ratios import middle, missed_target
from speedscore.bench_suite.session.printing.tables import shape_lines
from speedscore.bench_suite.workloads.presets import INTERVAL_WIDTH
from speedscore.host.fields import Scalar
from speedscore.record.rounds import rounds_by_process
from speedscore.report.blocks import Column, Figure
from speedscore.report.charts import rounds as chart
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import short_percent

ROUNDS = "rounds"
"""The kind of this figure in its id."""


def figure(group: Group) -> Figure:
    """Of a group in which something was measured."""
    processes = max(len(rounds_by_process(case.rounds)) for case in group.measured)
    rounds: list[tuple[Scalar, ...]] = [
        (case.framework, round_.seconds, round_.turn, round_.process)
        for case in group.measured
        for round_ in case.rounds
    ]
    figures: list[tuple[Scalar, ...]] = [(case.framework, middle(case), None, chart.FIGURE) for case in group.measured]
    return Figure(
        id=group.id(ROUNDS),
        title=f"Every round: {group.title}",
        lead=_lead(group, processes=processes),
        spec=chart.spec(group.spec.metric.title, frameworks=group.frameworks, processes=processes),
        columns=(Column("framework"), Column("seconds", unit="s", numeric=True), Column("turn"), Column("process")),
        fields=("framework", "seconds", "turn", "process"),
        rows=(*figures, *rounds),
        notes=_notes(group),
        sources=group.sources,
        tags=group.tags,
    )


def _lead(group: Group, *, processes: int) -> str:
    if group.spec.compiles:
        return "Each point is one compilation in a process of its own; the bar is the framework's figure."
    order = "The fastest on top; each" if len(group.measured) > 1 else "Each"
    lanes = f", in a lane for each of {processes} processes" if processes > 1 else ""
    return f"{order} point is a round{lanes}, and the bar is the framework's figure."


def _notes(group: Group) -> tuple[str, ...]:
    many = _span(len(case.rounds) for case in group.measured)
    shape = " ".join(" ".join(line.split()) for line in shape_lines(group.fastest))
    notes = [
        f"A figure is the geometric mean over processes of the median of each one's rounds: {many} a framework. "
        f"Preset {group.run.record.preset}: {shape}."
    ]
    if not group.spec.compiles:
        steps = _span(case.steps_per_round for case in group.measured)
        notes.append(f"A round is the mean over as many steps, calls or passes as filled its time: {steps} here.")
    if missed := sum(map(missed_target, group.measured)):
        notes.append(
            f"{missed} of {len(group.measured)} missed the target: time was up before the median of each process was "
            f"known within {short_percent(INTERVAL_WIDTH)}."
        )
    return tuple(notes)


def _span(numbers: Iterable[int]) -> str:
    least, *_, most = sorted([*numbers] * 2)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
