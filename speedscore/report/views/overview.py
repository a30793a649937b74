"""The first tab: the frameworks side by side, what their scores rest on, who is first and what would change that.

It words and orders scores that are given, and computes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from speedscore.report.blocks import Block, Cell, Column, Figure, Prose, Table, View
from speedscore.report.charts import dimensions, shares
from speedscore.report.content import Content
from speedscore.report.ecosystems import line_of_each
from speedscore.report.identifiers import SPEED_SCORE, dimension_id
from speedscore.report.shares import shares as shares_of
from speedscore.report.views.sentences import sentence_tables
from speedscore.report.views.weighing import weights_block
from speedscore.scoring.cards import measured_wording, order_wording, wording
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.scoring.scores.uncertainty import Interval

_WHOLE = "Speed Score"


def view(content: Content) -> View:
    """Always there: facts alone say something too."""
    return View(id="overview", title="Overview", lead=_lead(content.scores), blocks=tuple(_blocks(content)))


def _lead(report: ScoreReport) -> str:
    return (
        ". ".join(sentence.rstrip(".") for sentence in order_wording.why_first(report)) + "."
        if len(report.cards) > 1
        else ""
    )


def _blocks(content: Content) -> Iterator[Block]:
    report, lines = content.scores, line_of_each(content)
    sources = content.sources
    yield _scores(report, lines, sources)
    yield _dots(report, lines, sources)
    yield weights_block(content)
    if len(report.cards) > 1:
        yield Prose(
            id="order", title="Who is first, and what would change that", items=_cells(order_wording.firmness(report))
        )
    yield _evidence_figure(report, lines, sources)
    yield _evidence(report, lines, sources)
    yield from sentence_tables(report, sources)
    yield Prose(id="policy", title="By which rules", items=_cells(_policy(content)))
    yield Prose(id="measured", title="What was measured", items=_cells(_measured(report)))


def _cells(sentences: Iterator[str]) -> tuple[Cell, ...]:
    return tuple(map(Cell, sentences))


def _scores(report: ScoreReport, lines: Mapping[str, str], sources: tuple[str, ...]) -> Table:
    titles = [dimension.title for dimension in report.cards[0].dimensions]
    columns = (
        Column("Framework"),
        Column(_WHOLE, numeric=True, meaning="the weighted mean of the five dimensions, 0 to 10"),
        *(
            Column(
                title, numeric=True, meaning="0 to 10; below it the interval and, where not all is answered, how much"
            )
            for title in titles
        ),
    )
    return Table(
        id="scores",
        title="Scores",
        columns=columns,
        rows=tuple(tuple(_score_cells(card, lines[card.framework])) for card in report.cards),
        notes=tuple(filter(None, (wording.own_policy(report),))),
        sources=sources,
    )


def _score_cells(card: ScoreCard, line: str) -> Iterator[Cell]:
    whole = dimension_id(card.framework, SPEED_SCORE)
    scored_as = f"scored as {line}" if card.variants else ""
    yield Cell(card.name, detail=whole, series=line, note=scored_as)
    sure = card.reason if card.speed_score is None else wording.interval(card.uncertainty.speed_score)
    yield Cell(wording.speed_score(card), value=card.speed_score, detail=whole, note=sure)
    for dimension in card.dimensions:
        interval = wording.interval(card.uncertainty.dimensions[dimension.dimension])
        yield Cell(
            wording.points(dimension.score),
            value=dimension.score,
            detail=dimension_id(card.framework, dimension.dimension),
            note=interval
            if dimension.coverage == 1
            else f"{interval}; {wording.per_cent(dimension.coverage)} answered",
        )


def _stale(report: ScoreReport) -> str:
    return next((remark for card in report.cards if (remark := wording.stale_remark(card, report))), "")


def _dots(report: ScoreReport, lines: Mapping[str, str], sources: tuple[str, ...]) -> Figure:
    titles = [_WHOLE, *(dimension.title for dimension in report.cards[0].dimensions)]
    rows = []
    for card in report.cards:
        own = card.uncertainty
        scored: list[tuple[str, float | None, Interval, str]] = [
            (_WHOLE, card.speed_score, own.speed_score, wording.speed_score(card))
        ]
        scored += [
            (each.title, each.score, own.dimensions[each.dimension], wording.points(each.score))
            for each in card.dimensions
        ]
        rows += [
            (
                title,
                lines[card.framework],
                card.name,
                score,
                sure.low,
                sure.high,
                dimensions.BOUNDS if sure.bounds else "95 %",
                f"{text} ({wording.interval(sure)})",
            )
            for title, score, sure, text in scored
        ]
    return Figure(
        id="dimensions",
        title="Every score with its interval",
        lead="A dashed line holds answers that are unknown or stale at their worst and at their best, and Performance "
        "as either of two variants that are about as fast.",
        spec=dimensions.spec(titles, frameworks=len(report.cards)),
        columns=(
            Column("dimension"),
            Column("line"),
            Column("framework"),
            Column("score", numeric=True),
            Column("from", numeric=True),
            Column("to", numeric=True),
            Column("sure"),
            Column("in words"),
        ),
        fields=("dimension", "framework", "name", "score", "low", "high", "sure", "text"),
        rows=tuple(rows),
        sources=sources,
    )


def _evidence_figure(report: ScoreReport, lines: Mapping[str, str], sources: tuple[str, ...]) -> Figure:
    rows = []
    for card in report.cards:
        for dimension in card.dimensions:
            start = 0.0
            for kind, share in shares_of(dimension).items():
                if share:
                    end = start + 100 * share
                    rows.append((dimension.title, lines[card.framework], card.name, kind, 100 * share, start, end))
                    start = end
    titles = [dimension.title for dimension in report.cards[0].dimensions]
    return Figure(
        id="evidence-shares",
        title="What was measured here, and what is published",
        lead="Of each dimension's weight: measured here, published, stale, unknown.",
        spec=shares.spec(titles, frameworks=list(lines.values())),
        columns=(
            Column("dimension"),
            Column("line"),
            Column("framework"),
            Column("kind"),
            Column("share", unit="%", numeric=True),
            Column("from", unit="%", numeric=True),
            Column("to", unit="%", numeric=True),
        ),
        fields=("dimension", "framework", "name", "kind", "share", "start", "end"),
        rows=tuple(rows),
        sources=sources,
    )


def _evidence(report: ScoreReport, lines: Mapping[str, str], sources: tuple[str, ...]) -> Table:
    columns = (
        Column("Framework"),
        Column("Dimension"),
        *(Column(kind.capitalize(), unit="share", numeric=True) for kind in shares.KINDS),
        Column("Answered", meaning="criteria, their part of the weight, and how many answers are too old to count"),
        Column("Basis"),
        Column("Beside it", meaning="the same dimension on another basis"),
    )
    rows = []
    for card in report.cards:
        for dimension in card.dimensions:
            own = dimension_id(card.framework, dimension.dimension)
            beside = [each for each in card.beside if each.dimension == dimension.dimension]
            rows.append(
                (
                    Cell(card.name, series=lines[card.framework]),
                    Cell(dimension.title, detail=own),
                    *(Cell(wording.per_cent(each), value=each, detail=own) for each in shares_of(dimension).values()),
                    Cell(wording.coverage(dimension), detail=own, note=dimension.reason),
                    Cell(wording.headline(dimension), detail=own),
                    Cell("; ".join(map(wording.headline, beside)), detail=own if beside else ""),
                )
            )
    return Table(
        id="evidence",
        title="What each score rests on",
        columns=columns,
        rows=tuple(rows),
        sources=sources,
        folded=True,
    )


def _policy(content: Content) -> Iterator[str]:
    report = content.scores
    weights = ", ".join(f"{content.rubric.dimensions[name]} {weight:g}" for name, weight in report.weights.items())
    yield wording.own_policy(report) or "The rubric's own policy and weights: nothing was departed from."
    yield f"Weights: {weights}."
    yield f"{wording.known_by(report)}."
    policy = report.policy
    yield (
        f"A dimension has a score from {wording.per_cent(policy.minimum_coverage)} of its weight answered, with its "
        f"heaviest question, in steps of {policy.round_to:g}; the Speed Score is the weighted mean of the five."
    )
    if stale := _stale(report):
        yield stale
    yield from filter(
        None,
        (wording.dormancy(card, report) and f"{card.name}: {wording.dormancy(card, report)}" for card in report.cards),
    )


def _measured(report: ScoreReport) -> Iterator[str]:
    yield from measured_wording.measured_sentences(report)
    for card in report.cards:
        variants = (*measured_wording.scored_variants(card), *measured_wording.other_variants(card))
        for sentence in filter(None, (*variants, measured_wording.few_processes(card))):
            yield f"{card.name}: {sentence}"
