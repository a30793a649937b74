"""The order of the frameworks in words, the same in every form: on which questions, how firm, and what would change it.

Nothing is computed here, and nothing is said of one framework alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from speedscore.scoring.cards import wording
from speedscore.scoring.scores.comparison import OmittedQuestion
from speedscore.scoring.scores.fragility import MOST_REMOVED, RemovedFact
from speedscore.scoring.scores.lead import Lead, LeadPart
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.scoring.scores.sensitivity import Sensitivity

_LEAST_PART = 0.005
"""Parts of a lead below it round to nothing at two decimals."""
_NAMED_PARTS = 3
_MOST_IN_SHORT = 2


def order(report: ScoreReport) -> Iterator[str]:
    """The order of the frameworks, on which questions, and who has no place in it."""
    comparison, sensitivity = report.comparison, report.sensitivity
    names = _names(report)
    if sensitivity is None:
        reasons = "; ".join(f"{names[each.framework]}: {each.reason}" for each in comparison.unranked)
        yield f"There is no order: no two have enough answers in common. {reasons}."
        return
    ranking = _scores(sensitivity.ranking, sensitivity.speed_scores, names)
    count = len(comparison.questions)
    yield f"Order on the {count} questions that all answer by one method: {ranking}."
    if comparison.omitted:
        yield f"Left out: {'; '.join(_omitted(comparison.omitted, names))}."
    for each in comparison.unranked:
        yield f"No place in it has {names[each.framework]}: {each.reason}."
    yield from (f"{sentence}." for sentence in _otherwise(report, sensitivity))


def _otherwise(report: ScoreReport, sensitivity: Sensitivity) -> Iterator[str]:
    """Say so where the cards' own scores have another order."""
    own = {card.framework: card.speed_score for card in report.cards if card.speed_score is not None}
    by_own = sorted(sensitivity.ranking, key=lambda each: -round(own.get(each, 0.0), 9))
    if own.keys() >= set(by_own) and by_own != list(sensitivity.ranking):
        scores = _scores(by_own, own, _names(report))
        yield f"The Speed Scores, each from all that its framework answers, order them otherwise: {scores}"


def _names(report: ScoreReport) -> dict[str, str]:
    return {card.framework: card.name for card in report.cards}


def _scores(frameworks: Sequence[str], scores: Mapping[str, float], names: Mapping[str, str]) -> str:
    return ", ".join(f"{names[each]} {scores[each]:.2f}" for each in frameworks)


def _omitted(omitted: Sequence[OmittedQuestion], names: Mapping[str, str]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for question in omitted:
        by_reason.setdefault(why_omitted(question, names), []).append(question.name)
    return (f"{', '.join(questions)} ({reason})" for reason, questions in by_reason.items())


def why_omitted(question: OmittedQuestion, names: Mapping[str, str]) -> str:
    of = ", ".join(names[framework] for framework in question.unknown_of)
    return f"no fresh answer of {of}" if of else "no method in common"


def in_order(card: ScoreCard, report: ScoreReport) -> dict[str, str]:
    """Criterion → what of its answer the order of the frameworks rests on; empty where the card has no place in it."""
    comparison = report.comparison
    names = _names(report)
    if card.framework not in comparison.ranked:
        return {}
    said = {each.criterion: f"in no order: {why_omitted(each, names)}" for each in comparison.omitted}
    for question, finding in zip(comparison.questions, comparison.findings[card.framework], strict=True):
        method = f", {question.method}" if question.method else ""
        said[question.criterion] = (
            f"in the order: {wording.value(finding)}, {question.points[card.framework]:.2f} points{method}"
        )
    return said


def why_first(report: ScoreReport) -> Iterator[str]:
    """Who is first, by which questions, and what would change that, as a session ends.

    ``firmness`` says the same at length.
    """
    yield from who_is_first(report)
    sensitivity = report.sensitivity
    if sensitivity is None:
        return
    first = _names(report)[sensitivity.lead.first]
    stays = f"{first} stays first in {wording.per_cent(sensitivity.same_first)} of weights drawn around these"
    if len(sensitivity.ranking) > 2:
        stays += f", the order in {wording.per_cent(sensitivity.same_ranking)}"
    yield stays
    yield next(flips(report), f"No one weight or answer brings anybody level with {first}")
    yield next(fragility(report)).rstrip(".")


def who_is_first(report: ScoreReport) -> Iterator[str]:
    """The order, and by which questions the first stands before the second: what a short card has room for."""
    sensitivity = report.sensitivity
    if sensitivity is None:
        yield _why_no_order(report)
        return
    names = _names(report)
    ranking = _scores(sensitivity.ranking, sensitivity.speed_scores, names)
    yield f"On the {len(report.comparison.questions)} questions that all answer: {ranking}"
    yield from _otherwise(report, sensitivity)
    for each in report.comparison.unranked:
        yield f"No place in it has {names[each.framework]}: {each.reason}"
    first, follower = names[sensitivity.lead.first], names[sensitivity.lead.follower]
    for_first, against = _sides(sensitivity.lead, most=_MOST_IN_SHORT)
    if sensitivity.lead.points < _LEAST_PART:
        yield f"{first} is level with {follower}"
    else:
        parts = f", {_parts(for_first, of=' of them')}" if for_first else ""
        yield f"{first} is {sensitivity.lead.points:.2f} points ahead of {follower}{parts}"
    if against:
        yield f"{follower} is ahead in {', '.join(f'{part.name} ({abs(part.points):.2f})' for part in against)}"


def _why_no_order(report: ScoreReport) -> str:
    scores = [{each.title: each.score for each in card.dimensions} for card in report.cards]
    unknown = [title for title in scores[0] if all(own[title] is None for own in scores)]
    if not report.runs and unknown:
        needs = "needs" if len(unknown) == 1 else "need"
        return f"There is no order yet: {wording.joined(unknown)} {needs} a saved run, --run RUN.json"
    return "There is no order: no two answer enough in common"


def lead(report: ScoreReport) -> Iterator[str]:
    """By which questions the first stands before the second, and by which the second before the first."""
    sensitivity = report.sensitivity
    if sensitivity is None:
        return
    names = _names(report)
    for_first, against = _sides(sensitivity.lead, most=_NAMED_PARTS)
    first, follower = names[sensitivity.lead.first], names[sensitivity.lead.follower]
    if for_first:
        yield f"{first} leads {follower} by {sensitivity.lead.points:.2f}, {_parts(for_first, of=' of it')}."
    if against:
        yield f"{follower} gains {_parts(against)}."


def _sides(lead: Lead, *, most: int) -> tuple[list[LeadPart], list[LeadPart]]:
    """The largest parts that speak for the first, and those that speak for the follower."""
    parts = [part for part in lead.parts if abs(part.points) >= _LEAST_PART]
    return [part for part in parts if part.points > 0][:most], [part for part in parts if part.points < 0][:most]


def _parts(parts: Sequence[LeadPart], *, of: str = "") -> str:
    """The parts that speak for one side, each after its points, as in ``0.67 of them by Stars, 0.62 by Forks``."""
    first, *others = [(f"{abs(part.points):.2f}", part.name) for part in parts]
    return ", ".join([f"{first[0]}{of} by {first[1]}", *(f"{points} by {name}" for points, name in others)])


def firmness(report: ScoreReport) -> Iterator[str]:
    """The order of the frameworks, how firm it is, and what would change it."""
    yield from order(report)
    yield from lead(report)
    sensitivity = report.sensitivity
    if sensitivity is None:
        return
    names = _names(report)
    yield (
        f"With weights drawn around the rubric's {sensitivity.draws:,} times, the order stays in "
        f"{wording.per_cent(sensitivity.same_ranking)} and the first stays first in "
        f"{wording.per_cent(sensitivity.same_first)}."
    )
    without = ", ".join(criterion.name for criterion in sensitivity.left_out)
    yield (
        f"Without one of these criteria the order is another: {without}."
        if without
        else ("Leaving out any one criterion leaves the order as it is.")
    )
    yield from fragility(report)
    changes = "; ".join(flips(report))
    first = names[sensitivity.ranking[0]]
    yield f"{changes}." if changes else f"No change of one weight or one answer brings anybody level with {first}."


def fragility(report: ScoreReport) -> Iterator[str]:
    """How few facts have to go for another to be first, or for nobody to be."""
    if report.sensitivity is None:
        return
    names = _names(report)
    found = report.sensitivity.fragility
    if found.first:
        yield f"It takes the removal of {_removed(found.removed, names)} to put {names[found.first]} first."
    else:
        yield f"Leaving out any {MOST_REMOVED} facts or fewer puts no other first."
    if found.no_order:
        yield f"Without {_removed(found.no_order, names)} there is no order."


def _removed(facts: Sequence[RemovedFact], names: Mapping[str, str]) -> str:
    named = [f"{fact.name} of {names[fact.framework]} ({wording.number(fact.value)})" for fact in facts]
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def flips(report: ScoreReport) -> Iterator[str]:
    """The least changes that bring another framework level with the first: of one answer, of one weight."""
    sensitivity = report.sensitivity
    if sensitivity is None:
        return
    names = _names(report)
    if (fact := sensitivity.fact_flip) is not None:
        yield (
            f"{names[fact.rival]} would tie if {fact.criterion} of {names[fact.framework]} were "
            f"{wording.number(fact.needed)} instead of {wording.number(fact.value)} {fact.unit}"
        )
    if (weight := sensitivity.weight_flip) is not None:
        yield (
            f"{names[weight.rival]} would tie if {weight.what} weighed {wording.number(weight.needed)} instead of "
            f"{weight.weight:g}"
        )
