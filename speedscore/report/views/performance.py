"""The second tab: what was measured, round by round. It draws rounds and ratios that the record holds."""

from __future__ import annotations

from itertools import groupby

from speedscore.record.phases import PHASES
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Block, Column, Figure, View
from speedscore.report.charts import rounds
from speedscore.report.content import Content
from speedscore.report.identifiers import block_id
from speedscore.scoring.evidence.evidence import NamedRun


def view(content: Content) -> View | None:
    """None where nothing was measured."""
    measured = [(run, case) for run, case in content.cases if case.status == "measured"]
    if not measured:
        return None
    blocks: list[Block] = []
    for _, group in groupby(measured, key=lambda pair: (pair[1].device, pair[1].phase, pair[1].model)):
        blocks.append(_rounds(list(group)))
    return View(
        id="performance",
        title="Performance",
        blocks=tuple(blocks),
        filters=("device", "phase", "model"),
    )


def _rounds(cases: list[tuple[NamedRun, CaseResult]]) -> Figure:
    first = cases[0][1]
    return Figure(
        id=block_id("rounds", first.device, first.phase, first.model),
        title=f"Every round: {PHASES[first.phase].title} of {first.model} on {first.device}",
        spec=rounds.spec(first.metric.title),
        columns=(Column("framework"), Column("seconds", unit="s", numeric=True), Column("process"), Column("run")),
        fields=("framework", "seconds", "process", "run"),
        rows=tuple(
            (case.framework, round_.seconds, round_.process, run.name) for run, case in cases for round_ in case.rounds
        ),
        sources=tuple(dict.fromkeys(run.name for run, _ in cases)),
        tags={"device": first.device, "phase": PHASES[first.phase].title, "model": first.model},
    )
