"""What is known of each topic of the rubric: facts that no criterion asks for, and statements in words.

None of it enters a score. Of a topic of which nothing is known there is no answer, as nothing was asked of it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.fact import Kind, months_between
from speedscore.scoring.findings.fact_answers import fact_sources
from speedscore.scoring.findings.finding import Source
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.rubric.topic import Topic


class KnownFact(msgspec.Struct, frozen=True):
    """A fact with all that is known of its key, shown without points."""

    key: str
    name: str
    """For people."""
    unit: str
    sources: tuple[Source, ...]
    """The one that would answer first, then those that say something else."""

    @property
    def source(self) -> Source:
        return self.sources[0]

    @property
    def beside(self) -> tuple[Source, ...]:
        return self.sources[1:]


class DatedStatement(msgspec.Struct, frozen=True):
    """A statement as one snapshot sees it."""

    text: str
    kind: Kind
    source: str
    as_of: str
    """``YYYY-MM`` or ``YYYY-MM-DD``."""
    method: str
    contradicts: bool
    """True where it speaks against what stands before it under the same topic."""
    age_months: int
    """Before the snapshot's month."""
    stale: bool
    """Past the policy's limit for its kind."""


class TopicAnswer(msgspec.Struct, frozen=True):
    """All that is known of one topic about one framework; never nothing."""

    id: str
    topic: Topic
    facts: tuple[KnownFact, ...]
    statements: tuple[DatedStatement, ...]


def answer_topics(rubric: Rubric, evidence: Evidence, *, framework: str) -> tuple[TopicAnswer, ...]:
    """Every topic of which anything is known, in the rubric's order."""
    answers = (
        TopicAnswer(
            id=name,
            topic=topic,
            facts=known_facts(rubric, evidence, framework=framework, keys=topic.facts),
            statements=_dated_statements(rubric, evidence, framework=framework, topic=name),
        )
        for name, topic in rubric.topics.items()
    )
    return tuple(answer for answer in answers if answer.facts or answer.statements)


def other_facts(rubric: Rubric, evidence: Evidence, *, framework: str) -> tuple[KnownFact, ...]:
    """Facts that no criterion and no topic asks for, in the order of ``[facts]``."""
    asked = {key for criterion in rubric.criterion for key in criterion.facts}
    asked |= {key for topic in rubric.topics.values() for key in topic.facts}
    keys = tuple(key for key in rubric.facts if key not in asked)
    return known_facts(rubric, evidence, framework=framework, keys=keys)


def known_facts(rubric: Rubric, evidence: Evidence, *, framework: str, keys: Iterable[str]) -> tuple[KnownFact, ...]:
    """What is known of each key, in the order of ``keys``; also what is stale."""
    known = []
    for key in keys:
        if sources := fact_sources(rubric, evidence, framework=framework, key=key):
            others = tuple(source for source in sources[1:] if source.value != sources[0].value)
            known.append(
                KnownFact(
                    key=key, name=rubric.fact_name(key), unit=rubric.facts[key].unit, sources=(sources[0], *others)
                )
            )
    return tuple(known)


def _dated_statements(rubric: Rubric, evidence: Evidence, *, framework: str, topic: str) -> tuple[DatedStatement, ...]:
    return tuple(
        DatedStatement(
            text=statement.text,
            kind=statement.kind,
            source=statement.source,
            as_of=statement.as_of,
            method=statement.method,
            contradicts=statement.contradicts,
            age_months=months_between(statement.as_of, evidence.as_of),
            stale=rubric.policy.is_stale(statement, month=evidence.as_of),
        )
        for statement in evidence.statements.get(framework, {}).get(topic, ())
    )
