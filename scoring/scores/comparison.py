"""Which frameworks can be ranked, and on which questions: those that all of them answer freshly and by one method.

A mean over other questions, or over figures that were counted in another way, would rank questions and ways of
counting. So a criterion that one of them leaves open, or that no method answers for all, is left out for all. Where the
rest is too little for a score, fewer frameworks are ranked. Nothing is weighed here, and no card's own score changes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import msgspec

from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.findings import on_common_questions
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.coverage import cover, is_enough


class ComparedQuestion(msgspec.Struct, frozen=True):
    """A criterion that all who are ranked answer by one method."""

    criterion: str
    name: str
    method: str
    """Which of several ways of counting was taken, or on which device it was measured; empty where there is one way
    only."""
    points: dict[str, float]
    """Framework → 0 to 10."""


class OmittedQuestion(msgspec.Struct, frozen=True):
    """A criterion that is left out for all."""

    criterion: str
    name: str
    unknown_of: tuple[str, ...]
    """Frameworks without a fresh answer to it; empty where all have one, and no method is common to them."""


class UnrankedFramework(msgspec.Struct, frozen=True):
    """A framework without a place in the order."""

    framework: str
    reason: str


class Comparison(msgspec.Struct, frozen=True):
    """What can be said of several frameworks side by side."""

    ranked: tuple[str, ...]
    """Frameworks, sorted by name; empty where no two can be ranked."""
    questions: tuple[ComparedQuestion, ...]
    omitted: tuple[OmittedQuestion, ...]
    unranked: tuple[UnrankedFramework, ...]
    findings: dict[str, tuple[Finding, ...]]
    """Framework, of those in ``ranked`` → its answers to ``questions``, in their order."""
    asked: tuple[str, ...]
    """The criteria that were asked of all of them, answered or not."""


_Answers = Mapping[str, Mapping[str, Finding]]
"""Framework → criterion → its finding."""


def compare(rubric: Rubric, findings: Mapping[str, Sequence[Finding]]) -> Comparison:
    """Rank as many of the frameworks in ``findings`` as have enough in common; their order there has no say.

    Of two sets of one size the one with more weight in common is taken, and then the first by name.
    """
    answers = _by_criterion(findings)
    ranked = min(
        _largest_rankable(rubric, answers),
        key=lambda chosen: (-_weight_in_common(rubric, answers, chosen), chosen),
        default=(),
    )
    compared = ranked or tuple(answers)
    common = {criterion.id: _common(criterion, answers, compared, rubric.policy) for criterion in rubric.criterion}
    asked = [criterion for criterion in rubric.criterion if any(criterion.id in own for own in answers.values())]
    kept = [criterion for criterion in asked if ranked and common[criterion.id]]
    return Comparison(
        ranked=ranked,
        questions=tuple(_question(criterion, common[criterion.id]) for criterion in kept),
        omitted=tuple(_omitted(criterion, answers, compared) for criterion in asked if not common[criterion.id]),
        unranked=tuple(
            UnrankedFramework(framework=framework, reason=_why_unranked(rubric, answers, framework, ranked))
            for framework in answers
            if framework not in ranked
        ),
        asked=tuple(
            criterion.id for criterion in asked if all(criterion.id in answers[framework] for framework in compared)
        ),
        findings={framework: tuple(common[criterion.id][framework] for criterion in kept) for framework in ranked},
    )


def rankable_sets(rubric: Rubric, findings: Mapping[str, Sequence[Finding]]) -> list[tuple[str, ...]]:
    """The largest sets of frameworks that have enough in common, each by name: ``compare`` takes one of them.

    Which they are hangs on which dimensions weigh something, and not on how much.
    """
    return _largest_rankable(rubric, _by_criterion(findings))


def _by_criterion(findings: Mapping[str, Sequence[Finding]]) -> _Answers:
    return {
        framework: {finding.criterion.id: finding for finding in findings[framework]} for framework in sorted(findings)
    }


def _largest_rankable(rubric: Rubric, answers: _Answers) -> list[tuple[str, ...]]:
    eligible = [framework for framework in answers if not _lack(rubric, answers, [framework])]
    for size in range(len(eligible), 1, -1):
        sets = [chosen for chosen in itertools.combinations(eligible, size) if not _lack(rubric, answers, chosen)]
        if sets:
            return sets
    return []


def _weight_in_common(rubric: Rubric, answers: _Answers, frameworks: Sequence[str]) -> float:
    common = [criterion for criterion in rubric.criterion if _is_common(criterion, answers, frameworks, rubric.policy)]
    return round(
        math.fsum(
            rubric.weights[dimension]
            * math.fsum(criterion.weight for criterion in common if criterion.dimension == dimension)
            / math.fsum(criterion.weight for criterion in rubric.of(dimension))
            for dimension in DIMENSIONS
        ),
        9,
    )


def _lack(rubric: Rubric, answers: _Answers, frameworks: Sequence[str]) -> str:
    """The dimensions in which these frameworks answer too little in common for a score; empty where there are none."""
    lacking = []
    for dimension in DIMENSIONS:
        if not rubric.weights[dimension]:
            continue
        asked = [
            criterion
            for criterion in rubric.of(dimension)
            if all(criterion.id in answers[framework] for framework in frameworks)
        ]
        answered = {criterion.id for criterion in asked if _is_common(criterion, answers, frameworks, rubric.policy)}
        coverage = cover(asked, answered)
        if not is_enough(coverage, rubric.policy):
            without = f", without {' or '.join(coverage.lacking)}" if coverage.lacking else ""
            lacking.append(f"{rubric.dimensions[dimension]} ({coverage.share * 100:.0f} %{without})")
    return ", ".join(lacking)


def _why_unranked(rubric: Rubric, answers: _Answers, framework: str, ranked: Sequence[str]) -> str:
    if lack := _lack(rubric, answers, [framework]):
        return f"too little is answered in {lack}"
    if ranked and (lack := _lack(rubric, answers, [*ranked, framework])):
        return f"too little is answered in common with the others in {lack}"
    return "no other answers enough in common with it"


def choose_alike(
    candidates: Sequence[Sequence[Finding]], policy: Policy
) -> tuple[Sequence[Finding], Sequence[Finding]]:
    """One candidate of each framework, all by one method; and the same answers on the probed questions that all of them
    answered. Both are empty where no method is common to all.

    Of several methods the first rule's, and of its ways of counting the one whose facts the policy prefers.
    """
    if not candidates:
        return (), ()
    common = set.intersection(*({candidate.method for candidate in own} for own in candidates))
    by_method = []
    for method in sorted(common):
        originals = [next(each for each in own if each.method == method) for own in candidates]
        if compared := on_common_questions(originals):
            by_method.append((originals, compared))
    return min(by_method, key=lambda chosen: _preference(chosen[0], policy), default=((), ()))


def _candidates(criterion: Criterion, answers: _Answers, frameworks: Sequence[str]) -> list[tuple[Finding, ...]]:
    return [
        answers[framework][criterion.id].candidates if criterion.id in answers[framework] else ()
        for framework in frameworks
    ]


def _is_common(criterion: Criterion, answers: _Answers, frameworks: Sequence[str], policy: Policy) -> bool:
    return bool(choose_alike(_candidates(criterion, answers, frameworks), policy)[1])


def _common(criterion: Criterion, answers: _Answers, frameworks: Sequence[str], policy: Policy) -> dict[str, Finding]:
    """Framework → its answer by the method that all have, with all its candidates; empty where there is none."""
    candidates = _candidates(criterion, answers, frameworks)
    _, chosen = choose_alike(candidates, policy)
    return (
        {
            framework: msgspec.structs.replace(finding, candidates=own)
            for framework, finding, own in zip(frameworks, chosen, candidates, strict=True)
        }
        if chosen
        else {}
    )


def _preference(findings: Sequence[Finding], policy: Policy) -> tuple[int, list[int]]:
    """The lower the better: the rule's place, then the worst place of a fact's kind first."""
    kinds = [source.kind for finding in findings for source in finding.sources]
    places = [policy.kind_order.index(kind) for kind in kinds if kind != "measured"]
    return findings[0].method[0], sorted(places, reverse=True)


def _question(criterion: Criterion, chosen: Mapping[str, Finding]) -> ComparedQuestion:
    first = next(iter(chosen.values()))
    return ComparedQuestion(
        criterion=criterion.id,
        name=criterion.name,
        method="; ".join(dict.fromkeys(filter(None, first.method[1]))),
        points={framework: finding.score for framework, finding in chosen.items() if finding.score is not None},
    )


def _omitted(criterion: Criterion, answers: _Answers, frameworks: Sequence[str]) -> OmittedQuestion:
    return OmittedQuestion(
        criterion=criterion.id,
        name=criterion.name,
        unknown_of=tuple(
            framework
            for framework in frameworks
            if criterion.id not in answers[framework] or not answers[framework][criterion.id].candidates
        ),
    )
