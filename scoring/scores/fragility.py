"""The smallest set of facts, up to three, without which another framework would be first, or none could be.

Every such set is looked at. The Speed Score is a sum over dimensions, so that the best removals of each size are found
dimension by dimension and then put together; nothing is drawn and nothing skipped. Where a fact is removed, the one
beside it answers, or another method that all have; where there is neither, the question leaves the comparison for all.
The frameworks that are ranked stay the same. Nothing is scored anew but by the comparison's own rule.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion, Dimension
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.comparison import Comparison, choose_alike
from speedscore.scoring.scores.coverage import heaviest

MOST_REMOVED = 3


class RemovedFact(msgspec.Struct, frozen=True):
    """One fact, or one measurement, that is taken away."""

    framework: str
    criterion: str
    name: str
    """The criterion's name, with the fact's where the criterion joins several."""
    value: float
    unit: str


class Fragility(msgspec.Struct, frozen=True):
    """How few facts an order hangs on."""

    first: str
    """Who is first without ``removed``; empty where no removal of up to ``MOST_REMOVED`` facts puts another first."""
    removed: tuple[RemovedFact, ...]
    no_order: tuple[RemovedFact, ...]
    """The smallest set without which these frameworks cannot be ranked any more; empty where there is none so small."""


class _Removal(msgspec.Struct, frozen=True):
    """Facts taken from one question, or from several of one dimension, and what that makes of it."""

    facts: tuple[RemovedFact, ...]
    leads: tuple[float, ...]
    """How far each framework is ahead of the first one, in points of the dimension."""


class _Question(msgspec.Struct, frozen=True):
    criterion: Criterion
    points: tuple[float, ...]
    """Those of each framework."""
    removals: tuple[tuple[tuple[RemovedFact, ...], tuple[float, ...] | None], ...]
    """Facts that are taken from it, and the points then; None where it leaves the comparison."""


class _OfDimension(msgspec.Struct, frozen=True):
    best: dict[tuple[int, int], _Removal]
    """(How many facts, framework) → the removal that brings the framework furthest ahead of the first."""
    none: dict[int, tuple[RemovedFact, ...]]
    """How many facts → a set of them without which the dimension has too little in common."""


def find_fragility(rubric: Rubric, comparison: Comparison, ranking: Sequence[str]) -> Fragility:
    """How few facts the order of ``ranking`` hangs on, the best first; ``comparison`` ranks all of its frameworks."""
    frameworks = list(ranking)
    dimensions = {
        dimension: _of_dimension(rubric, dimension, comparison, frameworks)
        for dimension in DIMENSIONS
        if rubric.weights[dimension]
    }
    first, removed = _another_first(rubric, dimensions, frameworks)
    none = (
        facts
        for count in range(1, MOST_REMOVED + 1)
        for each in dimensions.values()
        if (facts := each.none.get(count)) is not None
    )
    return Fragility(first=first, removed=removed, no_order=next(none, ()))


def _another_first(
    rubric: Rubric, dimensions: Mapping[Dimension, _OfDimension], frameworks: Sequence[str]
) -> tuple[str, tuple[RemovedFact, ...]]:
    """Who is first after the smallest removal that changes it, and the removal; of several the clearest change."""
    whole = math.fsum(rubric.weights.values())
    for count in range(1, MOST_REMOVED + 1):
        changes = []
        for rival in range(1, len(frameworks)):
            for shares in itertools.product(range(count + 1), repeat=len(dimensions)):
                if sum(shares) != count:
                    continue
                parts = [each.best.get((share, rival)) for share, each in zip(shares, dimensions.values(), strict=True)]
                known = [part for part in parts if part is not None]
                if len(known) < len(parts):
                    continue
                weighted = (
                    rubric.weights[name] * part.leads[rival] for name, part in zip(dimensions, known, strict=True)
                )
                lead = round(math.fsum(weighted) / whole, 9)
                # Of equals the first by name is first.
                if lead > 0 or (lead == 0 and frameworks[rival] < frameworks[0]):
                    facts = tuple(fact for part in known for fact in part.facts)
                    changes.append((-lead, frameworks[rival], facts))
        if changes:
            _, rival_name, facts = min(changes, key=lambda change: change[:2])
            return rival_name, facts
    return "", ()


def _of_dimension(
    rubric: Rubric, dimension: Dimension, comparison: Comparison, frameworks: Sequence[str]
) -> _OfDimension:
    asked = [criterion for criterion in rubric.of(dimension) if criterion.id in comparison.asked]
    places = {question.criterion: place for place, question in enumerate(comparison.questions)}
    questions = [
        _question(criterion, [comparison.findings[name][places[criterion.id]] for name in frameworks], rubric.policy)
        for criterion in asked
        if criterion.id in places
    ]
    table = _Table(asked, questions, policy=rubric.policy)
    best = {(0, rival): table.removal(()) for rival in range(len(frameworks))}
    none: dict[int, tuple[RemovedFact, ...]] = {}
    for count in range(1, MOST_REMOVED + 1):
        sets = table.sets_of(count)
        if not len(sets):
            continue
        leads, enough = table.leads(sets)
        if not enough.all():
            none[count] = table.facts(sets[int(np.argmin(enough))])
        if enough.any():
            leads[~enough] = -np.inf
            for rival in range(len(frameworks)):
                best[count, rival] = table.removal(tuple(sets[int(np.argmax(leads[:, rival]))].tolist()))
    return _OfDimension(best=best, none=none)


class _Table:
    """Every removal from one question of a dimension, as arrays, so that their combinations are quickly looked at."""

    def __init__(self, asked: Sequence[Criterion], questions: Sequence[_Question], *, policy: Policy) -> None:
        decisive = {criterion.id for criterion in heaviest(asked)}
        self._needed = policy.minimum_coverage * math.fsum(criterion.weight for criterion in asked)
        self._decisive = sum(question.criterion.id in decisive for question in questions)
        self._weight = math.fsum(question.criterion.weight for question in questions)
        self._points = np.sum([question.criterion.weight * np.array(question.points) for question in questions], axis=0)
        entries = [(place, removal) for place, question in enumerate(questions) for removal in question.removals]
        # A last entry stands for no removal, so that sets of fewer questions have as many places as the others.
        self._facts = [facts for _, (facts, _) in entries] + [()]
        self._counts = np.array([len(facts) for facts in self._facts])
        self._questions = np.array([place for place, _ in entries] + [-1])
        changes = [_change(questions[place], points) for place, (_, points) in entries]
        nothing = np.zeros(len(questions[0].points))
        self._point_changes = np.array([points for points, _ in changes] + [nothing])
        self._weight_changes = np.array([weight for _, weight in changes] + [0.0])
        self._decisive_changes = np.array(
            [-int(points is None and questions[place].criterion.id in decisive) for place, (_, points) in entries] + [0]
        )

    def sets_of(self, count: int) -> NDArray[np.int_]:
        """Every set of removals that takes so many facts, each from another question: (sets, MOST_REMOVED) places."""
        last = len(self._facts) - 1
        by_count = {number: np.flatnonzero(self._counts[:-1] == number) for number in range(1, count + 1)}
        sets: list[tuple[int, ...]] = [(int(one), last, last) for one in by_count[count]]
        if count == 2:
            sets += [(one, other, last) for one, other in itertools.combinations(by_count[1].tolist(), 2)]
        elif count == MOST_REMOVED:
            sets += [(one, two, last) for one in by_count[1].tolist() for two in by_count[2].tolist()]
            sets += list(itertools.combinations(by_count[1].tolist(), 3))
        found = np.array(sets, dtype=np.int_).reshape(-1, MOST_REMOVED)
        places = self._questions[found]
        twice = np.zeros(len(found), dtype=bool)
        for one, other in itertools.combinations(range(MOST_REMOVED), 2):
            twice |= (places[:, one] == places[:, other]) & (places[:, one] >= 0)
        return found[~twice]

    def leads(self, sets: NDArray[np.int_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(sets, frameworks) points ahead of the first framework, and (sets,) whether enough is left for a score."""
        weights = self._weight + self._weight_changes[sets].sum(axis=1)
        points = self._points + self._point_changes[sets].sum(axis=1)
        decisive = self._decisive + self._decisive_changes[sets].sum(axis=1)
        enough = (np.round(weights, 9) >= np.round(self._needed, 9)) & (decisive > 0) & (weights > 0)
        means = points / np.where(weights > 0, weights, 1.0)[:, None]
        return np.round(means - means[:, :1], 9), enough

    def facts(self, chosen: Sequence[int] | NDArray[np.int_]) -> tuple[RemovedFact, ...]:
        return tuple(fact for place in chosen for fact in self._facts[place])

    def removal(self, chosen: tuple[int, ...]) -> _Removal:
        last = len(self._facts) - 1
        padded = (*chosen, *(last,) * (MOST_REMOVED - len(chosen)))
        leads, _ = self.leads(np.array([padded]))
        return _Removal(facts=self.facts(padded), leads=tuple(leads[0].tolist()))


def _change(question: _Question, points: tuple[float, ...] | None) -> tuple[NDArray[np.float64], float]:
    """What becomes of the sums of weighted points, by framework, and of the sum of weights."""
    weight = question.criterion.weight
    if points is None:
        return -weight * np.array(question.points), -weight
    return weight * (np.array(points) - np.array(question.points)), 0.0


def _question(criterion: Criterion, findings: Sequence[Finding], policy: Policy) -> _Question:
    """The question and every removal of up to ``MOST_REMOVED`` facts that changes its answers.

    A fact that answers nobody can stay: without it nothing changes. So each step removes one that answers.
    """
    removals: dict[frozenset[tuple[int, Source]], tuple[float, ...] | None] = {}
    answers = {frozenset[tuple[int, Source]](): choose_alike([finding.candidates for finding in findings], policy)}
    for _ in range(MOST_REMOVED):
        further: dict[frozenset[tuple[int, Source]], tuple[Sequence[Finding], Sequence[Finding]]] = {}
        for removed, (originals, _) in answers.items():
            for place, original in enumerate(originals):
                for source in original.sources:
                    without = removed | {(place, source)}
                    if without not in further:
                        further[without] = choose_alike(list(_left(findings, without)), policy)
        answers = further
        removals |= {
            without: tuple(finding.score or 0.0 for finding in compared) if compared else None
            for without, (_, compared) in answers.items()
        }
    return _Question(
        criterion=criterion,
        points=tuple(finding.score or 0.0 for finding in findings),
        removals=tuple(
            (tuple(sorted((_fact(findings[place], source) for place, source in removed), key=_in_order)), points)
            for removed, points in removals.items()
        ),
    )


def _left(findings: Sequence[Finding], removed: frozenset[tuple[int, Source]]) -> Iterator[tuple[Finding, ...]]:
    for place, finding in enumerate(findings):
        gone = {source for at, source in removed if at == place}
        yield tuple(candidate for candidate in finding.candidates if gone.isdisjoint(candidate.sources))


def _fact(finding: Finding, source: Source) -> RemovedFact:
    name = f"{finding.criterion.name}, {source.name}" if source.name else finding.criterion.name
    unit = finding.rule.unit if finding.rule is not None else ""
    return RemovedFact(
        framework=finding.framework, criterion=finding.criterion.id, name=name, value=source.value, unit=unit
    )


def _in_order(fact: RemovedFact) -> tuple[str, str, float]:
    return fact.framework, fact.name, fact.value
