"""How much there is to know in order to read a model and its training step: lines, tokens, names and concepts.

Counted in the suite's own implementations, whose results certificates prove equal. What counts is what can be reached
from the roots in ``fixtures/learning/surface.toml``, normalised, so that neither layout nor comments nor docstrings nor
annotations matter. No framework is imported and nothing runs.
"""

from __future__ import annotations

import functools
import time
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import msgspec

from speedscore.bench_suite import frameworks
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.learning.concepts import Concept, load_concepts
from speedscore.bench_suite.probes.learning.counting import interface_names, list_tokens, normalised_lines
from speedscore.bench_suite.probes.learning.files import learning_folder
from speedscore.bench_suite.probes.learning.reaching import Part, reach
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.tools import Tools


class Roots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where counting begins in one framework, as ``reaching.reach`` takes it."""

    models: dict[str, tuple[str, ...]]
    step: tuple[str, ...]


class SurfaceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``fixtures/learning/surface.toml``."""

    leave_out: tuple[str, ...]
    stop_at: tuple[str, ...]
    frameworks: dict[str, Roots]


class Surface(msgspec.Struct, frozen=True):
    """What was counted."""

    lines: int
    tokens: int
    names: tuple[str, ...]
    concepts: tuple[str, ...]
    definitions: tuple[str, ...]
    """Which were counted, ``torch.gpt:Block``."""


def list_cases() -> Sequence[ProbeCase]:
    """One a framework and model."""
    return [
        ProbeCase("surface", framework=line.id, subject=model, is_quick=True)
        for line in probed_frameworks()
        if (roots := load_roots().frameworks.get(line.id)) is not None
        for model in roots.models
        if line.has_model(model)
    ]


@functools.cache
def load_roots() -> SurfaceFile:
    """Raises msgspec.ValidationError for a key that there is not."""
    return msgspec.convert(tomllib.loads((learning_folder() / "surface.toml").read_text()), SurfaceFile)


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Count; ``seconds`` are what counting took."""
    del tools
    began = time.perf_counter()
    line = FRAMEWORKS[case.framework]
    counted = count_surface(
        reach_model(case.framework, case.subject),
        packages=line.packages,
        concepts=load_concepts(learning_folder() / "concepts.toml"),
    )
    return Answer(
        "counted",
        (time.perf_counter() - began,),
        {name: metadata.version(name) for name in line.distributions},
        observations={
            "concepts": ", ".join(counted.concepts),
            "interface_names": ", ".join(counted.names),
            "definitions": ", ".join(counted.definitions),
        },
        measurements={
            "surface_lines": [counted.lines],
            "surface_tokens": [counted.tokens],
            "surface_names": [len(counted.names)],
            "surface_concepts": [len(counted.concepts)],
        },
    )


def reach_model(framework: str, model: str) -> tuple[Part, ...]:
    """The definitions that count for a model of a framework."""
    roots = load_roots()
    of_framework = roots.frameworks[framework]
    return reach(
        (*of_framework.models[model], *of_framework.step),
        folder=Path(frameworks.__file__).parent,
        leave_out=roots.leave_out,
        stop_at=roots.stop_at,
    )


def count_surface(parts: Sequence[Part], *, packages: Sequence[str], concepts: Sequence[Concept]) -> Surface:
    """``packages`` are those whose names count as the framework's."""
    lines = [line for part in parts for line in normalised_lines(part.node)]
    names: set[str] = set()
    for part in parts:
        names |= interface_names(part.node, imports=part.module.imports, packages=packages)
    return Surface(
        lines=len(lines),
        tokens=sum(len(list_tokens("\n".join(normalised_lines(part.node)))) for part in parts),
        names=tuple(sorted(names)),
        concepts=tuple(
            concept.name
            for concept in concepts
            if any(concept.found_in(part.node, imports=part.module.imports) for part in parts)
        ),
        definitions=tuple(f"{part.module.name}:{part.name}" for part in parts),
    )
