"""Figures and sources in words, the same in every form for people: no layout, and nothing computed but rounding."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.standings import ModelRatio
from speedscore.scoring.findings.topics import DatedStatement
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.topic import Section
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.maturity import GradedLayer
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.scoring.scores.uncertainty import Interval
from speedscore.text.numbers import factor

_OLD_MONTHS = 12
"""From this age on a fact's age is written beside its date."""

UNITS_BEFORE = ("level", "rank")
"""Units that stand before the figure."""
_SINGULAR = {
    "packages": "package",
    "people": "person",
    "releases": "release",
    "notebooks": "notebook",
    "chips": "chip",
    "weeks": "week",
    "years": "year",
    "stars": "star",
    "forks": "fork",
    "threads": "thread",
}


def number(value: float) -> str:
    """Two or three digits that matter, thousands parted by commas."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if 0 < abs(value) < 1:
        return f"{value:.2g}"
    return (f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}").rstrip("0").rstrip(".")


def amount(value: float, unit: str) -> str:
    """A figure with its unit: ``level 5``, ``rank 909``, ``1 package`` and not ``1 packages``."""
    if unit in UNITS_BEFORE:
        return f"{unit} {number(value)}"
    return f"{number(value)} {_SINGULAR.get(unit, unit) if value == 1 else unit}"


def points(score: float | None) -> str:
    return "unknown" if score is None else f"{score:.1f}"


def score(finding: Finding) -> str:
    """A criterion's points, in brackets where the answer is stale."""
    return f"({points(finding.stale_score)})" if finding.stale else points(finding.score)


def remark(finding: Finding) -> str:
    """Why there is no answer, or no measured one; of a stale one its sources say it."""
    # Of a stale answer its sources say that it is stale, and the card's head what that costs.
    parts = (finding.note,) if finding.stale else (finding.reason or finding.note, finding.limit)
    return "; ".join(filter(None, parts))


def per_cent(fraction: float) -> str:
    return f"{fraction * 100:.0f} %"


def joined(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def changed(before: str, after: str) -> str:
    """As in ``3 -> 4``; where nothing changed, that alone."""
    return before if before == after else f"{before} -> {after}"


def calculation(card: ScoreCard) -> str:
    """The Speed Score's own sum, or why there is none."""
    if card.speed_score is None:
        sure = card.uncertainty.speed_score
        return (
            f"No Speed Score: {card.reason}. It is the mean of five, never of fewer; "
            f"whatever the unknown answers are, it lies between {sure.low:.1f} and {sure.high:.1f}."
        )
    weighing = [dimension for dimension in card.dimensions if card.weights[dimension.dimension]]
    weights = [card.weights[dimension.dimension] for dimension in weighing]
    terms = [points(dimension.score) for dimension in weighing]
    if set(weights) != {1.0}:
        terms = [f"{weight:g} × {term}" for weight, term in zip(weights, terms, strict=True)]
    mean = f"({' + '.join(terms)}) / {math.fsum(weights):g} = {card.speed_score:.2f}"
    return f"{mean} ({interval(card.uncertainty.speed_score)})"


def dimension_calculation(dimension: DimensionScore) -> str:
    """A dimension's own sum, before it is rounded; empty where nothing was answered."""
    counted = [(finding.criterion.weight, finding.points) for finding in dimension.findings]
    above = " + ".join(f"{weight:g} × {points:.2f}" for weight, points in counted if points is not None)
    below = sum(weight for weight, points in counted if points is not None)
    return "" if dimension.raw is None else f"({above}) / {below:g} = {dimension.raw:.3f}"


def points_by_rule(finding: Finding) -> str:
    """As in ``level 5 gets 5.00 points, and counts for 3.00: no more than 3, …``; empty where nothing answers."""
    if finding.rule is None or finding.value is None:
        return ""
    limited = f", and counts for {finding.points:.2f}: {finding.limit}" if finding.limit else ""
    return f"{value(finding)} gets {finding.rule.score(finding.value):.2f} points{limited}"


def scale(rule: AnswerRule) -> str:
    """How a value becomes points, as in ``log scale: 1 gets 0, 100 gets 10``."""
    breakpoints = ", ".join(f"{number(at)} gets {score:g}" for at, score in rule.points)
    return f"{rule.scale} scale: {breakpoints}"


def interval(sure: Interval) -> str:
    """How sure a score is, as in ``95 %: 7.0 to 7.5``; ``bounds 6.0 to 9.2`` where unknown answers are in it."""
    return f"{'bounds' if sure.bounds else '95 %:'} {sure.low:.1f} to {sure.high:.1f}"


def dormancy(card: ScoreCard, report: ScoreReport) -> str:
    """Says that the project is dormant, and what that costs it; empty where it is not."""
    if not card.dormant:
        return ""
    return (
        "Dormant: by all that is known nothing was committed and nothing released in twelve months. What it gathered, "
        f"showed or promised before counts for {report.policy.dormant_most:g} points at most."
    )


def own_policy(report: ScoreReport) -> str:
    """What of the rubric was changed for these cards; empty where nothing was."""
    return f"A policy of one's own was used: {'; '.join(report.departures)}." if report.departures else ""


def title_score(card: ScoreCard) -> str:
    """The Speed Score as a card's title has it: one decimal, or the range that it lies in."""
    sure = card.uncertainty.speed_score
    return f"{sure.low:.1f} to {sure.high:.1f}" if card.speed_score is None else f"{card.speed_score:.1f}"


def speed_score(card: ScoreCard) -> str:
    """The Speed Score in a table's cell: two decimals, or the range that it lies in."""
    sure = card.uncertainty.speed_score
    return f"{sure.low:.1f} to {sure.high:.1f}" if card.speed_score is None else f"{card.speed_score:.2f}"


def coverage(dimension: DimensionScore) -> str:
    stale = f", {dimension.stale} stale" if dimension.stale else ""
    return f"{dimension.answered} of {len(dimension.findings)} criteria, {per_cent(dimension.coverage)}{stale}"


def stale_remark(card: ScoreCard, report: ScoreReport) -> str:
    """What "stale" means on this card; empty where nothing is."""
    policy = report.policy
    limits = ", ".join(f"{kind} {months}" for kind, months in policy.stale_after_months.items())
    stale = any(dimension.stale for dimension in card.dimensions) or any(
        fact.source.stale for layer in card.layers for fact in layer.facts
    )
    if not stale:
        return ""
    return (
        f"A score in brackets rests on stale evidence: it covers nothing and counts for {policy.stale_most:g} at most; "
        f"limits in months: {limits}, measured {policy.measured_stale_after_months}."
    )


def known_by(report: ScoreReport) -> str:
    """By when the facts were known, and to when their ages count where that is another month."""
    counted = "" if report.as_of == report.snapshot else f", ages counted to {report.as_of}"
    return f"Facts known by {report.snapshot}{counted}, rubric version {report.rubric_version}"


def with_coverage(dimension: DimensionScore) -> str:
    """As in ``7.5 (91 %)`` or ``no score (20 %)``: the points, and how much of the dimension was answered."""
    score = "no score" if dimension.score is None else points(dimension.score)
    return f"{score} ({per_cent(dimension.coverage)})"


def headline(dimension: DimensionScore) -> str:
    """Score and basis of one dimension, as in ``9.5 published facts (2024-01)``."""
    score = "no score" if dimension.score is None else points(dimension.score)
    return f"{score} {dimension.basis} ({dimension.since})"


def value(finding: Finding) -> str:
    if finding.value is None or finding.rule is None:
        return "unknown"
    return amount(finding.value, finding.rule.unit)


def origin(source: Source) -> str:
    """Kind, date, age and stated range of a fact; of a measurement what was measured."""
    if source.kind == "measured":
        old = f"stale, {source.age_months} months old: " if source.stale else ""
        models = f"; {by_model(source)}" if source.by_model else ""
        return f"{old}measured here{_together(source) if source.rival else ''}: {source.text}{models}"
    if source.low is not None and source.high is not None:
        return f"{dated(source)}, stated {number(source.low)} to {number(source.high)}"
    return dated(source)


def by_model(source: Source) -> str:
    """What a measured value is made of, with 95 % intervals where they are known, as in ``beside PyTorch (above 1 is
    better): bert 1.71 (1.5–1.9), gpt 1.4``."""
    return f"beside {source.rival} (above 1 is better): {', '.join(map(_of_model, source.by_model))}"


def _together(source: Source) -> str:
    """Where the ratio over all models lies; empty where that is one figure."""
    if source.low is None or source.high is None or source.low == source.high:
        return ""
    return f", with 95 % between {factor(source.low)} and {factor(source.high)}"


def _of_model(ratio: ModelRatio) -> str:
    said = f"{ratio.model} {factor(ratio.value)}"
    if ratio.low is None or ratio.high is None:
        return said
    return f"{said} ({factor(ratio.low)}–{factor(ratio.high)})"


def dated(source: Source | DatedStatement) -> str:
    """Kind and date, and the age of what is old."""
    words = f"{'stale: ' if source.stale else ''}{source.kind} {source.as_of}"
    old = source.stale or source.age_months >= _OLD_MONTHS
    return f"{words}, {source.age_months} months old" if old else words


def rows(finding: Finding) -> Iterator[tuple[str, str, str, tuple[Source, ...]]]:
    """Name, value, score and sources of a finding, then of its parts, then of what stands beside it."""
    name = finding.criterion.name
    if finding.value is None:
        yield name, "unknown", "", ()
        return
    single = len(finding.sources) == 1
    yield name, value(finding), score(finding), finding.sources if single else ()
    for source in () if single else finding.sources:
        yield f"  {source.name}", number(source.value), "", (source,)
    for source in finding.beside:
        yield (
            f"  {f'beside: {source.name}' if source.name else 'beside it'}",
            _beside_value(finding, source),
            "",
            (source,),
        )


def _beside_value(finding: Finding, source: Source) -> str:
    """A fact beside probes is another kind of figure, so its unit is said."""
    if finding.probed is None:
        return number(source.value)
    return amount(source.value, source.unit)


def footnote(source: Source) -> str:
    """Enough to find a source again."""
    if source.kind == "measured":
        return f"{', '.join(Path(run).name for run in source.runs)}: {_nodeids(source.nodeids)}"
    return source.text


def layers_title(card: ScoreCard) -> str:
    return f"Libraries on top of {card.name}"


def titled_sentences(card: ScoreCard) -> tuple[tuple[str, Section, tuple[str, ...]], ...]:
    """The four kinds of sentence that a card ends with, each under its title."""
    return (
        ("Strengths", "strengths", card.strengths),
        ("Weaknesses", "weaknesses", card.weaknesses),
        ("Best for", "best_for", card.best_for),
        ("Avoid if", "avoid_if", avoid_if(card)),
    )


def avoid_if(card: ScoreCard) -> tuple[str, ...]:
    """When to avoid it, with what to take instead where somebody answers the need better."""
    return tuple(
        f"{sentence} (take {card.instead[sentence]})" if sentence in card.instead else sentence
        for sentence in card.avoid_if
    )


def grade(layer: GradedLayer) -> str:
    return layer.grade or "unknown"


def layer_facts(layer: GradedLayer) -> str:
    """The figures behind a grade and their dates, as in ``Commits a week 9.5 (2026-07-02)``, or why there is none."""
    by_date: dict[str, list[str]] = {}
    for fact in layer.facts:
        by_date.setdefault(fact.source.as_of, []).append(f"{fact.name} {number(fact.source.value)}")
    known = [f"{', '.join(figures)} ({as_of})" for as_of, figures in by_date.items()]
    return "; ".join([*known, *([] if layer.grade else [layer.reason])])


def grades(card: ScoreCard) -> Iterator[str]:
    """What each grade on this card means."""
    for name, reason in dict.fromkeys((layer.grade, layer.reason) for layer in card.layers if layer.grade):
        yield f"{name}: {reason}"


def _nodeids(nodeids: tuple[str, ...]) -> str:
    """The test once and then its cases, as in ``test_training.py::test_training [a], [b]``."""
    cases: dict[str, list[str]] = {}
    for nodeid in nodeids:
        test, bracket, case = nodeid.partition("[")
        cases.setdefault(test, []).append(bracket + case)
    return "; ".join(f"{test} {', '.join(ids)}" for test, ids in cases.items())
