"""What changed between two snapshots about one framework: facts, and what that did to every score.

Both snapshots are judged by the same rubric, by facts alone. This module compares finished findings and scores; it
computes no score of its own.
"""

from __future__ import annotations

import msgspec

from speedscore.scoring.evidence.evidence import Evidence, EvidenceError
from speedscore.scoring.findings.fact_answers import fact_sources
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.topics import DatedStatement
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.layer_card import LayerCard
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import build_report


class FactChange(msgspec.Struct, frozen=True):
    """The fact that answers for one key, then and now."""

    key: str
    name: str
    """For people."""
    unit: str
    before: Source | None
    after: Source | None
    """None where nothing is known."""


class CriterionChange(msgspec.Struct, frozen=True):
    """One criterion whose answer changed, whose facts did, or whose answer became stale."""

    before: Finding
    after: Finding
    facts: tuple[FactChange, ...]
    """Those of its facts that changed; empty where an unchanged fact became stale."""


class DimensionChange(msgspec.Struct, frozen=True):
    """One dimension, then and now."""

    before: DimensionScore
    after: DimensionScore
    criteria: tuple[CriterionChange, ...]
    unchanged: int
    """Criteria that are not listed."""


class TopicChange(msgspec.Struct, frozen=True):
    """One topic of which something else is told."""

    name: str
    """For people."""
    gone: tuple[DatedStatement, ...]
    new: tuple[DatedStatement, ...]


class Changes(msgspec.Struct, frozen=True):
    """All that changed about one framework."""

    before_month: str
    after_month: str
    before: ScoreCard
    after: ScoreCard
    dimensions: tuple[DimensionChange, ...]
    others: tuple[FactChange, ...]
    """Changed facts that no criterion asks for."""
    layers: tuple[tuple[str, str, str], ...]
    """(name, grade then, grade now) of libraries on top of it whose grade changed; ``unknown`` where there is none."""
    topics: tuple[TopicChange, ...] = ()


class LayerChanges(msgspec.Struct, frozen=True):
    """All that changed about one layer."""

    before_month: str
    after_month: str
    before: LayerCard
    after: LayerCard
    facts: tuple[FactChange, ...]


def find_layer_changes(rubric: Rubric, before: Evidence, after: Evidence, *, library: str) -> LayerChanges:
    """Compare what two snapshots say about a layer.

    Raises EvidenceError when the second is not the younger one, or when one of them does not have it as a layer.
    """
    _check_order(before, after)
    for evidence in (before, after):
        if not evidence.stands_on(library):
            raise EvidenceError(
                f"{library} is no layer in snapshot {evidence.snapshot}, and a layer's changes need two that know it"
            )
    old, new = (build_report(rubric, evidence, frameworks=[library]).layers[0] for evidence in (before, after))
    return LayerChanges(
        before_month=before.snapshot,
        after_month=after.snapshot,
        before=old,
        after=new,
        facts=tuple(_changed_facts(rubric, before, after, framework=library).values()),
    )


def find_changes(rubric: Rubric, before: Evidence, after: Evidence, *, framework: str) -> Changes:
    """Compare what two snapshots say about ``framework``.

    Raises EvidenceError when the second is not the younger one, or when it does not know the framework.
    """
    _check_order(before, after)
    if framework not in after.names:
        raise EvidenceError(
            f"unknown framework {framework!r} in snapshot {after.snapshot}; there are {', '.join(sorted(after.names))}"
        )
    if layers := [evidence.snapshot for evidence in (before, after) if evidence.stands_on(framework)]:
        raise EvidenceError(f"{framework} is a layer in snapshot {layers[0]}, and only frameworks have scores")
    old, new = (build_report(rubric, evidence, frameworks=[framework]).cards[0] for evidence in (before, after))
    changed = _changed_facts(rubric, before, after, framework=framework)
    asked = {key for criterion in rubric.criterion for key in criterion.facts}
    return Changes(
        before_month=before.snapshot,
        after_month=after.snapshot,
        before=old,
        after=new,
        dimensions=tuple(
            _dimension(then, now, changed) for then, now in zip(old.dimensions, new.dimensions, strict=True)
        ),
        others=tuple(change for key, change in changed.items() if key not in asked),
        layers=_layers(old, new),
        topics=_topics(rubric, old, new),
    )


def _check_order(before: Evidence, after: Evidence) -> None:
    if before.snapshot >= after.snapshot:
        raise EvidenceError(
            f"expected an older snapshot, then a younger one; found {before.snapshot}, then {after.snapshot}"
        )


def _changed_facts(rubric: Rubric, before: Evidence, after: Evidence, *, framework: str) -> dict[str, FactChange]:
    """Key → what changed of it, in the rubric's order; unchanged facts are left out."""
    return {
        key: change
        for key in rubric.facts
        if (change := _fact(rubric, before, after, framework=framework, key=key)) is not None
    }


def _fact(rubric: Rubric, before: Evidence, after: Evidence, *, framework: str, key: str) -> FactChange | None:
    then, now = (
        next(iter(fact_sources(rubric, evidence, framework=framework, key=key)), None) for evidence in (before, after)
    )
    if _figure(then) == _figure(now):
        return None
    return FactChange(key=key, name=rubric.fact_name(key), unit=rubric.facts[key].unit, before=then, after=now)


def _figure(source: Source | None) -> Source | None:
    """A source without what time alone changes."""
    return source and msgspec.structs.replace(source, age_months=0, stale=False)


def _dimension(before: DimensionScore, after: DimensionScore, changed: dict[str, FactChange]) -> DimensionChange:
    criteria = []
    for then, now in zip(before.findings, after.findings, strict=True):
        facts = tuple(changed[key] for key in now.criterion.facts if key in changed)
        if facts or (then.score, then.stale_score) != (now.score, now.stale_score):
            criteria.append(CriterionChange(before=then, after=now, facts=facts))
    return DimensionChange(
        before=before, after=after, criteria=tuple(criteria), unchanged=len(after.findings) - len(criteria)
    )


def _topics(rubric: Rubric, before: ScoreCard, after: ScoreCard) -> tuple[TopicChange, ...]:
    """What is told no more and what is told anew, by topic; one statement read again later is both."""
    then, now = ({answer.id: answer.statements for answer in card.topics} for card in (before, after))
    changes = []
    for topic, entry in rubric.topics.items():
        old, new = ({_as_said(statement): statement for statement in told.get(topic, ())} for told in (then, now))
        gone = tuple(statement for said, statement in old.items() if said not in new)
        added = tuple(statement for said, statement in new.items() if said not in old)
        if gone or added:
            changes.append(TopicChange(name=entry.name, gone=gone, new=added))
    return tuple(changes)


def _as_said(statement: DatedStatement) -> DatedStatement:
    """A statement without what time alone changes."""
    return msgspec.structs.replace(statement, age_months=0, stale=False)


def _layers(before: ScoreCard, after: ScoreCard) -> tuple[tuple[str, str, str], ...]:
    then, now = ({layer.name: layer.grade or "unknown" for layer in card.layers} for card in (before, after))
    names = sorted({*then, *now})
    pairs = [(name, then.get(name, "unknown"), now.get(name, "unknown")) for name in names]
    return tuple((name, earlier, later) for name, earlier, later in pairs if earlier != later)
