"""The default card of a terminal: what a person reads about one framework, on one screen and without a legend.

It computes nothing. Criteria, points and sources stand in the full card (``terminal``); every sentence here has more
behind it there.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from speedscore.scoring.cards import claims_wording, layer_cards, measured_wording, order_wording, wording
from speedscore.scoring.cards.side_by_side import side_by_side
from speedscore.scoring.cards.widths import readable
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.rubric.answer_rule import INVERSE
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.layer_card import LayerCard
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.scoring.scores.surroundings import EarlierScores, Surroundings
from speedscore.text.numbers import factor
from speedscore.text.plain import plain
from speedscore.text.wrapping import ends_apart

MOST_LINES = 48
"""A card of 80 columns is no longer, so that a screen holds it."""

_LABEL_WIDTH = 12
_FACT_WIDTH = 39
"""Two columns of facts in eighty characters, three in 121."""
_FACT_GAP = 2
_WITH_MERGES = "with merges"
"""Stands in the definition of a count of commits; another's may be without."""
_NO_BREAK = "\u00a0"
"""A blank at which no line ends: a command that is copied has to stand in one line."""
_MOST_ANSWERS = 12
"""How many answers a card shows: what a reader takes in at a glance."""
_BESIDE_ONE = 3
"""At most so many strengths and weaknesses stand beside a single piece of advice."""
_NAMED = 5
"""Unknown and stale criteria that are named; the rest are counted."""


def render(report: ScoreReport, surroundings: Surroundings, *, width: int, sources: bool = False) -> str:
    """One card a framework and, where there are several, how firm their order is; ``sources`` adds those of each."""
    report, surroundings = plain(report), plain(surroundings)
    width = readable(width)
    lines: list[str] = []
    for card in report.cards:
        lines += [*_card(card, report, surroundings, width=width), ""]
        if sources:
            lines += [*_sources(card, width=width), ""]
    for layer in report.layers:
        lines += [*_layer(layer, report, width=width), ""]
        if sources:
            lines += [*_sources_of_layer(layer, width=width), ""]
    if len(report.cards) > 1:
        for sentence in order_wording.firmness(report):
            lines += textwrap.wrap(sentence, width, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _card(card: ScoreCard, report: ScoreReport, surroundings: Surroundings, *, width: int) -> list[str]:
    """Lines of one card, with as many sentences of each kind as it has room for."""
    most = range(report.policy.sentences_each, 0, -1)
    # Of as many sentences those with most advice: it is what a reader came for, so never one beside many others.
    choices = ((of, advice) for of in most for advice in most if advice <= of and (advice > 1 or of <= _BESIDE_ONE))
    for sentences in sorted(choices, key=lambda choice: (sum(choice), choice[1]), reverse=True):
        lines = list(_lines(card, report, surroundings, width=width, sentences=sentences))
        if len(lines) <= MOST_LINES:
            break
    return lines


def _lines(
    card: ScoreCard, report: ScoreReport, surroundings: Surroundings, *, width: int, sentences: tuple[int, int]
) -> Iterator[str]:
    yield from ends_apart(card.name, _title(card), width=width)
    yield "=" * width
    if dormancy := wording.dormancy(card, report):
        yield from (*textwrap.wrap(dormancy, width), "")
    yield from side_by_side(surroundings.report.cards, snapshot=report.snapshot, width=width, first=card)
    if len(report.cards) == 1:
        yield ""
        yield from _labelled("Order", order_wording.who_is_first(surroundings.report), width=width)
    if earlier := surroundings.earlier.get(card.framework):
        yield from _labelled("Earlier", _earlier(card, earlier), width=width)
    yield ""
    yield from _in_columns([words for finding in _heaviest(card) if (words := answer(finding))], width=width)
    yield ""
    of, advice = sentences
    yield from _labelled("Strengths", card.strengths[:of], width=width)
    yield from _labelled("Weaknesses", card.weaknesses[:of], width=width)
    yield from _labelled("Best for", card.best_for[:advice], width=width)
    yield from _labelled("Avoid if", wording.avoid_if(card)[:advice], width=width)
    yield from _labelled(
        "Libraries", (f"{layer.name}: {wording.grade(layer).lower()}" for layer in card.layers), width=width
    )
    yield from _labelled("Measured", _measured(card, report), width=width)
    yield from _labelled("Claims", _claims(card, report), width=width)
    yield from _labelled("Missing", _missing(card, report), width=width)
    if remark := wording.own_policy(report):
        yield from _labelled("Policy", [remark], width=width)
    yield from _labelled(
        "See more",
        # Not as whole commands: without the runs and the snapshot of this card they would print another one.
        ("every answer: the same command with --full or --sources", _unbroken(f"speedscore trace {card.framework}")),
        width=width,
    )


def _earlier(card: ScoreCard, earlier: EarlierScores) -> Iterator[str]:
    """The newest score that earlier facts gave to each dimension that is of facts now too, by month.

    It is no column of the table, where it would read as a change: those facts are in part counted in another way.
    """
    by_month: dict[str, list[str]] = {}
    for dimension in card.dimensions:
        if not dimension.measured and (score := earlier.dimensions.get(dimension.dimension)) is not None:
            # Titles by their first words, which is enough to tell them apart.
            words = f"{dimension.title.split()[0]} {wording.points(score.score)}"
            by_month.setdefault(score.month, []).append(words)
    yield from (f"{month}: {', '.join(scores)}" for month, scores in sorted(by_month.items(), reverse=True))
    if by_month:
        yield "partly other counts"


def _heaviest(card: ScoreCard) -> list[Finding]:
    """The answers that weigh most in the Speed Score, fresh ones first, in the card's order; the full card has all."""
    places = {
        finding.criterion.id: (finding.stale, -card.weights[dimension.dimension] * finding.criterion.weight / asked)
        for dimension in card.dimensions
        if (asked := math.fsum(finding.criterion.weight for finding in dimension.findings))
        for finding in dimension.findings
        if finding.value is not None
    }
    chosen = sorted(places, key=lambda name: places[name])[:_MOST_ANSWERS]
    return [
        finding for dimension in card.dimensions for finding in dimension.findings if finding.criterion.id in chosen
    ]


def _layer(card: LayerCard, report: ScoreReport, *, width: int) -> Iterator[str]:
    yield from ends_apart(card.layer.name, layer_cards.title(card), width=width)
    yield "=" * width
    about = f"{layer_cards.about(card)}; facts known by {report.snapshot}"
    yield from textwrap.wrap(about, width, subsequent_indent="  ")
    yield ""
    others = (f"{fact.name}: {layer_cards.fact_value(fact)}{_year(fact.source)}" for fact in layer_cards.unasked(card))
    yield from _in_columns([*map(answer, card.answers), *others], width=width)
    yield ""
    yield from _labelled("Maturity", layer_cards.grade_and_limits(card), width=width)
    yield from _labelled("Changes it", layer_cards.changes_of_grade(card), width=width)
    yield from _labelled("Measured", map(layer_cards.measured_line, card.lines), width=width)
    yield from _labelled("No score", [layer_cards.why_no_score(card)], width=width)
    frameworks = (_unbroken(f"speedscore card {framework}") for framework in card.stands_on)
    trace = _unbroken(f"speedscore trace {card.layer.library}")
    yield from _labelled("See more", ("the same command with --full or --sources", trace, *frameworks), width=width)


def _year(source: Source) -> str:
    return f" ({source.as_of[:4]})" if source.stale else ""


def _title(card: ScoreCard) -> str:
    interval = card.uncertainty.speed_score
    return (
        f"Speed Score unknown: between {interval.low:.1f} and {interval.high:.1f} of 10"
        if card.speed_score is None
        else f"Speed Score {card.speed_score:.1f} of 10 ({wording.interval(interval)})"
    )


def answer(finding: Finding) -> str:
    """The answer to a criterion in words, as in ``Browser: via another framework``; empty where there is none.

    One that is too old to count bears its year in brackets, and a record says of what year it is. Commits that were
    counted with merges say so, as those of others were not.
    """
    if finding.value is None or finding.rule is None:
        return ""
    rule = finding.rule
    words = rule.level(finding.value) if rule.levels else wording.number(finding.value)
    unit = "" if rule.levels else f" {rule.unit}"
    if INVERSE in rule.phrase:
        # A time of nothing has no inverse; no measured ratio is one.
        sentence = rule.phrase.replace(INVERSE, factor(1 / finding.value) if finding.value else "∞")
    else:
        sentence = rule.phrase.replace("{}", words) if rule.phrase else f"{finding.criterion.name}: {words}{unit}"
    if any(_WITH_MERGES in source.definition for source in finding.sources):
        sentence += f", {_WITH_MERGES}"
    sentence = sentence[:1].upper() + sentence[1:]
    if finding.stale:
        return f"{sentence} ({_year_of(finding)})"
    return f"{sentence}, of {_year_of(finding)}" if any(source.record for source in finding.sources) else sentence


def _year_of(finding: Finding) -> str:
    return min((source.as_of for source in finding.sources), default="")[:4]


def _in_columns(texts: Sequence[str], *, width: int) -> Iterator[str]:
    """Short texts side by side in columns of one width; one that is longer has a line of its own."""
    count = max(1, (width + _FACT_GAP) // (_FACT_WIDTH + _FACT_GAP))
    column = (width + _FACT_GAP) // count - _FACT_GAP
    line: list[str] = []
    for text in texts:
        if len(text) > column:
            yield from textwrap.wrap(text, width, subsequent_indent="  ")
            continue
        line.append(text)
        if len(line) == count:
            yield _row(line, column=column)
            line = []
    if line:
        yield _row(line, column=column)


def _row(texts: Sequence[str], *, column: int) -> str:
    return (" " * _FACT_GAP).join(text.ljust(column) for text in texts).rstrip()


def _labelled(label: str, sentences: Iterable[str], *, width: int) -> list[str]:
    """The sentences as one paragraph beside their label; no lines where there are none."""
    lines = textwrap.wrap(
        " · ".join(sentences),
        width,
        initial_indent=label.ljust(_LABEL_WIDTH),
        subsequent_indent=" " * _LABEL_WIDTH,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _unbroken(text: str) -> str:
    return text.replace(" ", _NO_BREAK)


def _measured(card: ScoreCard, report: ScoreReport) -> Iterator[str]:
    """On what machine, of which cases, and what the score would be on another basis."""
    measured = [dimension for dimension in card.dimensions if dimension.basis.startswith("measured")]
    if not measured:
        return
    dates: dict[str, list[str]] = {}
    for run in report.runs:
        machines = measured_wording.machines_in_short(run)
        several = f" ({machines})" if machines else ""
        where = f"{f' on {run.machine}' if run.machine else ''}{several}, preset {run.preset}"
        dates.setdefault(where, []).append(run.created[:10])
    yield from (f"{_days(created)}{where}" for where, created in dates.items())
    yield from measured_wording.scored_variants_in_short(card)
    yield from measured_wording.other_variants_in_short(card)
    if by_model := measured_wording.heaviest_by_model(card):
        yield by_model
    if names := card.uncertainty.of_lone_processes:
        yield f"of one process a case: {', '.join(names)}"
    for dimension in measured:
        others = [other for other in card.beside if other.dimension == dimension.dimension and other.score is not None]
        yield f"{dimension.title}: {', '.join(map(_on_its_basis, (dimension, *others)))}"


def _days(created: Sequence[str]) -> str:
    """As in ``2026-11-26 to 2026-11-28``, or the one day."""
    return " to ".join(dict.fromkeys((min(created), max(created))))


def _claims(card: ScoreCard, report: ScoreReport) -> Iterator[str]:
    """How many of the claims about it hold here; nothing where nothing was measured."""
    said = claims_wording.about(report.claims, card.framework)
    if said and report.runs:
        yield claims_wording.counts(said)


def _on_its_basis(dimension: DimensionScore) -> str:
    score = "unknown" if dimension.score is None else wording.points(dimension.score)
    if dimension.basis == "measured by probes":
        return f"{score} by {dimension.since}"
    if dimension.basis.startswith("measured"):
        return f"{score} {dimension.basis} ({dimension.since})"
    return f"{score} from {dimension.basis}"


def _missing(card: ScoreCard, report: ScoreReport) -> Iterator[str]:
    """What has no answer, and what that costs."""
    without = [dimension for dimension in card.dimensions if dimension.score is None]
    if without:
        needed = wording.per_cent(report.policy.minimum_coverage)
        dimensions = ", ".join(f"{dimension.title} ({wording.per_cent(dimension.coverage)})" for dimension in without)
        yield f"no score where under {needed} or what weighs most is not answered: {dimensions}"
    findings = [finding for dimension in card.dimensions for finding in dimension.findings]
    unknown = [finding.criterion.name for finding in findings if finding.value is None]
    if unknown:
        yield f"nothing known: {_some(unknown)}"
    stale = [f"{finding.criterion.name} ({_year_of(finding)})" for finding in findings if finding.stale]
    if stale:
        yield f"stale: {_some(stale)}"
    if card.uncertainty.speed_score.bounds:
        these = ["these at 0 and 10"] if without or unknown or stale else []
        variants = ["Performance as any variant above"] if any(measured_wording.other_variants(card)) else []
        yield f"bounds: {', '.join((*these, *variants))}"
    if not report.runs:
        yield "nothing measured here"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _sources_of_layer(card: LayerCard, *, width: int) -> Iterator[str]:
    yield f"Sources of {card.layer.name}"
    for fact in card.facts:
        yield from _paragraph(f"{fact.name}: {wording.origin(fact.source)}, {wording.footnote(fact.source)}", width)


def _sources(card: ScoreCard, *, width: int) -> Iterator[str]:
    """Where each answer comes from, a paragraph each."""
    yield f"Sources of {card.name}"
    for dimension in card.dimensions:
        for finding in dimension.findings:
            where = "; ".join(f"{wording.origin(source)}, {wording.footnote(source)}" for source in finding.sources)
            if where:
                yield from _paragraph(f"{finding.criterion.name}: {where}", width)


def _paragraph(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False)
