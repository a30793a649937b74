"""The details of scores: the Speed Score's own sum, and each dimension's, down to its answers."""

from __future__ import annotations

from collections.abc import Iterator

from speedscore.report.blocks import Cell, Detail
from speedscore.report.content import Content
from speedscore.report.details.facts import unscored_entries
from speedscore.report.details.sources import Entry
from speedscore.report.identifiers import SPEED_SCORE, dimension_id, finding_id
from speedscore.scoring.cards import measured_wording, order_wording, wording
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport


def score_details(content: Content) -> tuple[Detail, ...]:
    """Of every framework's Speed Score and dimensions."""
    report = content.scores
    return tuple(
        detail
        for card in report.cards
        for detail in (
            _speed_score(card, report),
            *(_dimension(card, dimension, report) for dimension in card.dimensions),
        )
    )


def _speed_score(card: ScoreCard, report: ScoreReport) -> Detail:
    return Detail(
        id=dimension_id(card.framework, SPEED_SCORE),
        title=f"{card.name}: Speed Score",
        entries=tuple(_speed_score_entries(card, report)),
    )


def _speed_score_entries(card: ScoreCard, report: ScoreReport) -> Iterator[Entry]:
    sure = wording.interval(card.uncertainty.speed_score)
    yield "Speed Score", Cell(wording.speed_score(card), value=card.speed_score, note=sure)
    yield "Its sum", Cell(wording.calculation(card))
    for dimension in card.dimensions:
        weight = f"weight {card.weights[dimension.dimension]:g}"
        interval = wording.interval(card.uncertainty.dimensions[dimension.dimension])
        yield (
            dimension.title,
            Cell(
                wording.points(dimension.score),
                value=dimension.score,
                detail=dimension_id(card.framework, dimension.dimension),
                note=f"{weight}; {interval}; {wording.coverage(dimension)}; {dimension.basis} ({dimension.since})",
            ),
        )
    for sentence in measured_wording.scored_variants(card):
        yield "Measured as", Cell(sentence)
    remarks = (
        wording.dormancy(card, report),
        *measured_wording.other_variants(card),
        measured_wording.few_processes(card),
        wording.own_policy(report),
        wording.stale_remark(card, report),
    )
    for remark in filter(None, remarks):
        yield "Mind", Cell(remark)
    yield "Known by", Cell(wording.known_by(report))
    if len(report.cards) > 1:
        for sentence in order_wording.order(report):
            yield "In the order", Cell(sentence)


def _dimension(card: ScoreCard, dimension: DimensionScore, report: ScoreReport) -> Detail:
    return Detail(
        id=dimension_id(card.framework, dimension.dimension),
        title=f"{card.name}: {dimension.title}",
        entries=tuple(_dimension_entries(card, dimension, report)),
    )


def _dimension_entries(card: ScoreCard, dimension: DimensionScore, report: ScoreReport) -> Iterator[Entry]:
    sure = wording.interval(card.uncertainty.dimensions[dimension.dimension])
    sentence = dimension.verdict or dimension.reason
    yield "Score", Cell(wording.points(dimension.score), value=dimension.score, note=sure)
    if sentence:
        yield "That is", Cell(sentence)
    if dimension.raw is not None:
        rounded = f"rounded to steps of {report.policy.round_to:g}; weight × points of each answer"
        yield "Its sum", Cell(wording.dimension_calculation(dimension), value=dimension.raw, note=rounded)
    yield "Answered", Cell(wording.coverage(dimension), value=dimension.coverage)
    yield "Basis", Cell(wording.headline(dimension))
    for beside in (each for each in card.beside if each.dimension == dimension.dimension):
        yield "Beside it", Cell(wording.headline(beside), value=beside.score, note=wording.coverage(beside))
    yield "Part of", Cell("Speed Score", detail=dimension_id(card.framework, SPEED_SCORE))
    for finding in dimension.findings:
        yield finding.criterion.name, answer_cell(finding)
    yield from unscored_entries(card, dimension.dimension)


def answer_cell(finding: Finding) -> Cell:
    """An answer with its points, which leads to where it comes from."""
    points = "" if finding.points is None else f", {wording.score(finding)} points"
    return Cell(
        f"{wording.value(finding)}{points}",
        value=finding.points,
        detail=finding_id(finding.framework, finding.criterion.id),
        note=f"weight {finding.criterion.weight:g}; {basis_of(finding)}",
    )


def basis_of(finding: Finding) -> str:
    """In two words what answers: measured here, published and stale, …"""
    if finding.points is None:
        return wording.remark(finding)
    kinds = dict.fromkeys("measured here" if source.kind == "measured" else source.kind for source in finding.sources)
    return f"{' and '.join(kinds)}{', stale' if finding.stale else ''}"
