"""How mature the libraries are that stand on a framework: a grade by the rubric's rule, with the facts behind it.

A grade needs every fact that any grade asks for, none of them stale; what lacks one is unknown, with the reason. No
library and no framework is known here, and a grade never enters a score.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.findings import Source, fact_sources
from speedscore.scoring.rubric.maturity_grade import MaturityGrade
from speedscore.scoring.rubric.rubric import Rubric


class LayerFact(msgspec.Struct, frozen=True):
    """One fact that a grade rests on."""

    key: str
    name: str
    """For people."""
    unit: str
    source: Source


class GradedLayer(msgspec.Struct, frozen=True):
    """One library that stands on a framework."""

    library: str
    """By fixture folder."""
    name: str
    """For people."""
    purpose: str
    grade: str | None
    """None when it is unknown."""
    reason: str
    """What the grade means, or why it is unknown."""
    facts: tuple[LayerFact, ...]
    """What is known of the facts that the grades ask for; also those that are stale."""


def grade_layers(rubric: Rubric, evidence: Evidence, *, framework: str) -> tuple[GradedLayer, ...]:
    """Every library that stands on ``framework``, by name; empty where there is none."""
    layers = [
        _grade(rubric, evidence, library=library, purpose=purpose)
        for library, purpose in evidence.layers.get(framework, {}).items()
    ]
    return tuple(sorted(layers, key=lambda layer: (layer.name, layer.library)))


def first_reached(grades: tuple[MaturityGrade, ...], values: Mapping[str, float]) -> MaturityGrade:
    """The first grade whose every limit is reached; the last asks nothing, so there is always one."""
    return next(grade for grade in grades if all(values[key] >= least for key, least in grade.least.items()))


def _grade(rubric: Rubric, evidence: Evidence, *, library: str, purpose: str) -> GradedLayer:
    facts = []
    lacking = []
    for key in rubric.maturity_facts:
        name = rubric.fact_name(key)
        sources = fact_sources(rubric, evidence, framework=library, key=key)
        if not sources:
            lacking.append(f"no sourced fact about {name}")
            continue
        facts.append(LayerFact(key=key, name=name, unit=rubric.facts[key].unit, source=sources[0]))
        if sources[0].stale:
            lacking.append(f"{name} is stale, {sources[0].age_months} months old")
    grade = None if lacking else first_reached(rubric.maturity, {fact.key: fact.source.value for fact in facts})
    return GradedLayer(
        library=library,
        name=evidence.names[library],
        purpose=purpose,
        grade=grade.grade if grade else None,
        reason=grade.reason if grade else "; ".join(lacking),
        facts=tuple(facts),
    )
