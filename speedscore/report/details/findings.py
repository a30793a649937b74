"""The details of answers: question, weight, points, every source with its age, and the cases or probes measured."""

from __future__ import annotations

import math
from collections.abc import Iterator

from speedscore.record.phases import DeviceName
from speedscore.report.blocks import Cell, Column, Detail, DetailTable
from speedscore.report.content import Content
from speedscore.report.details.sources import Entry, fact_entries
from speedscore.report.identifiers import case_id_of, dimension_id, finding_id, probe_id
from speedscore.scoring.cards import order_wording, short, wording
from speedscore.scoring.commands.tracing_probes import came_to
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.standings import ComparedCell, ecosystem_ratios
from speedscore.scoring.findings.variants import choose_variants
from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.scores.score_card import ScoreCard

_Cells = tuple[ComparedCell, ...]
_Compared = dict[tuple[str, DeviceName], _Cells]
"""Criterion and device → the cells of its ratios, which are the same for all frameworks."""


def finding_details(content: Content) -> tuple[Detail, ...]:
    """Of every answer of every framework, unknown ones too."""
    compared: _Compared = {}
    return tuple(detail for card in content.scores.cards for detail in _of_card(content, card, compared))


def _of_card(content: Content, card: ScoreCard, compared: _Compared) -> Iterator[Detail]:
    in_order = order_wording.in_order(card, content.scores)
    for dimension in card.dimensions:
        for finding in dimension.findings:
            said = in_order.get(finding.criterion.id, "")
            yield _detail(content, card, finding, in_order=said, cells=_cells(content, finding, compared))


def _detail(content: Content, card: ScoreCard, finding: Finding, *, in_order: str, cells: _Cells) -> Detail:
    return Detail(
        id=finding_id(card.framework, finding.criterion.id),
        title=f"{card.name}: {finding.criterion.name}",
        entries=(
            *_answer(content, card, finding),
            *([("In the order", Cell(in_order))] if in_order else []),
            *_measured(content, finding, cells),
            *_published(finding),
        ),
        tables=(_ratios(finding, cells),) if cells else (),
    )


def _answer(content: Content, card: ScoreCard, finding: Finding) -> Iterator[Entry]:
    criterion = finding.criterion
    yield "Question", Cell(criterion.question)
    if finding.points is None:
        yield "Answer", Cell("unknown", note=finding.reason)
    else:
        yield "Answer", Cell(wording.value(finding), value=finding.value, note=short.answer(finding))
        yield "Points", Cell(wording.score(finding), value=finding.points, note=wording.points_by_rule(finding))
    if remark := wording.remark(finding):
        yield "Mind", Cell(remark)
    yield "Weight", Cell(f"{criterion.weight:g}", value=criterion.weight, note=criterion.reason)
    rule = finding.rule or criterion.answers[-1]
    yield "Scale", Cell(wording.scale(rule), note=f"of {rule.unit}; {rule.reason}")
    for level, words in rule.levels:
        yield f"Level {level:g}", Cell(words)
    title = content.rubric.dimensions[criterion.dimension]
    yield "Part of", Cell(title, detail=dimension_id(card.framework, criterion.dimension))


def _measured(content: Content, finding: Finding, cells: _Cells) -> Iterator[Entry]:
    """The cases or the probes that the answer rests on, each with what it came to."""
    sources = [source for source in finding.sources if source.kind == "measured"]
    for source in sources:
        yield "Measured", Cell(wording.amount(source.value, _unit(finding)), value=source.value, note=_made(source))
    if finding.probed is not None:
        yield from _probes(finding)
        return
    held = {run.name: {case.nodeid for case in run.record.cases} for run in content.runs}
    own = {(run, nodeid) for source in sources for run in source.runs for nodeid in source.nodeids}
    for run, nodeid in sorted(own):
        if nodeid in held.get(run, ()):
            yield "Case", Cell(nodeid, detail=case_id_of(run, nodeid), note=run)
    rivals = {(cell.cell.run, standing.nodeid) for cell in cells for standing in cell.scored.values()} - own
    for run, nodeid in sorted(rivals):
        yield "Compared with", Cell(nodeid, detail=case_id_of(run, nodeid), note=run)


def _probes(finding: Finding) -> Iterator[Entry]:
    measure = finding.rule.probes if finding.rule is not None else None
    if finding.probed is None or measure is None:
        return
    for question in finding.probed.questions:
        for answer in question.answers:
            nodeid = answer.probe.nodeid
            yield (
                "Probe",
                Cell(nodeid, detail=probe_id(answer.run, nodeid), note=came_to(measure, question, answer.probe)),
            )
    for reason in finding.probed.unanswered:
        yield "No answer", Cell(reason)


def _made(source: Source) -> str:
    low, high = source.low, source.high
    # Of a ratio of cases they stand in its origin.
    sure = (
        ""
        if low is None or high is None or source.rival
        else f"so few allow {wording.number(low)} to {wording.number(high)}, with 95 %"
    )
    return "; ".join(filter(None, (wording.origin(source), f"made {source.as_of}", sure)))


def _unit(finding: Finding) -> str:
    return finding.rule.unit if finding.rule is not None else finding.criterion.answers[0].unit


def _published(finding: Finding) -> Iterator[Entry]:
    for source in finding.sources:
        if source.kind != "measured":
            yield from fact_entries(source, name=source.name or "From", unit=source.unit or _unit(finding))
    for source in finding.beside:
        name = f"Beside it: {source.name}" if source.name else "Beside it"
        yield from fact_entries(source, name=name, unit=source.unit or _unit(finding))


def _cells(content: Content, finding: Finding, compared: _Compared) -> _Cells:
    """What was compared for an answer that benchmarks gave; nothing for any other."""
    device = _device(content, finding)
    if device is None:
        return ()
    key = (finding.criterion.id, device)
    if key not in compared:
        compared[key] = _compare(content, finding.criterion, device)
    return compared[key]


def _compare(content: Content, criterion: Criterion, device: DeviceName) -> _Cells:
    assert criterion.measure is not None
    variants = choose_variants(content.rubric.policy, content.evidence, device=device)
    return ecosystem_ratios(content.evidence, device=device, measure=criterion.measure, variants=variants).common


def _device(content: Content, finding: Finding) -> DeviceName | None:
    """On which device the cases behind an answer ran; None where no case is behind it."""
    if finding.probed is not None or finding.rule is None or finding.rule.measure is None:
        return None
    nodeids = {nodeid for source in finding.sources for nodeid in source.nodeids}
    return next((case.device for _, case in content.cases if case.nodeid in nodeids), None)


def _ratios(finding: Finding, cells: _Cells) -> DetailTable:
    """What each case is to each rival; those to the best other framework over all models are what counts."""
    rows = []
    for cell in cells:
        own = cell.scored[finding.framework]
        for rival in cell.scored.values():
            if rival is not own:
                estimate = cell.estimates[own.line, rival.line]
                low, high = (
                    (None, None)
                    if estimate.reach is None
                    else (math.exp(estimate.log_ratio + way * estimate.reach) for way in (-1, 1))
                )
                figures = [
                    None if each is None else wording.number(each) for each in (estimate.times_as_fast, low, high)
                ]
                rows.append((cell.cell.model, own.line, rival.line, *figures))
    columns = ("model", "of", "beside", "times as good", "95 % from", "to")
    return DetailTable(
        title=f"Ratios; the geometric mean of those to {finding.sources[0].rival} is the value",
        columns=tuple(Column(title) for title in columns),
        rows=tuple(rows),
    )
