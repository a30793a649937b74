"""How mature the libraries are that stand on a framework: a grade by the rubric's rule, with the facts behind it.

A grade needs every fact that any grade asks for, none of them stale; what lacks one is unknown, with the reason. No
library and no framework is known here, and a grade never enters a score.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.topics import KnownFact, known_facts
from speedscore.scoring.rubric.maturity_grade import MaturityGrade
from speedscore.scoring.rubric.rubric import Rubric


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
    facts: tuple[KnownFact, ...]
    """What is known of the facts that the grades ask for; also those that are stale."""


def grade_layers(rubric: Rubric, evidence: Evidence, *, framework: str) -> tuple[GradedLayer, ...]:
    """Every library that stands on ``framework``, by name; empty where there is none."""
    layers = [grade_layer(rubric, evidence, library=library) for library in evidence.layers.get(framework, {})]
    return tuple(sorted(layers, key=lambda layer: (layer.name, layer.library)))


def grade_layer(rubric: Rubric, evidence: Evidence, *, library: str) -> GradedLayer:
    """One library, whatever it stands on."""
    facts = known_facts(rubric, evidence, framework=library, keys=rubric.maturity_facts)
    known = {fact.key: fact for fact in facts}
    lacking = []
    for key in rubric.maturity_facts:
        name = rubric.fact_name(key)
        if key not in known:
            lacking.append(f"no sourced fact about {name}")
        elif known[key].source.stale:
            lacking.append(f"{name} is stale, {known[key].source.age_months} months old")
    grade = None if lacking else first_reached(rubric.maturity, {fact.key: fact.source.value for fact in facts})
    return GradedLayer(
        library=library,
        name=evidence.names.get(library, library),
        purpose=next((layers[library] for layers in evidence.layers.values() if library in layers), ""),
        grade=grade.grade if grade else None,
        reason=grade.reason if grade else "; ".join(lacking),
        facts=facts,
    )


def first_reached(grades: tuple[MaturityGrade, ...], values: Mapping[str, float]) -> MaturityGrade:
    """The first grade whose every limit is reached; the last asks nothing, so there is always one."""
    return next(grade for grade in grades if all(values[key] >= least for key, least in grade.least.items()))
