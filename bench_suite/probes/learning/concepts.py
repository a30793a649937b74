"""The concepts that code asks its reader to know, found by the rules of ``fixtures/learning/concepts.toml``.

A rule is data: names of an interface, names of parameters, keywords and methods, base classes. It judges nothing.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from speedscore.bench_suite.probes.learning.counting import resolve


class Concept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One concept; code has it where any of its rules finds something."""

    name: str
    meaning: str
    """In a sentence: what a reader has to have understood."""
    names: tuple[str, ...] = ()
    """Patterns of names of an interface, resolved through imports, as in ``jax.random.*``."""
    bases: tuple[str, ...] = ()
    """Patterns of names that a class derives from."""
    parameters: tuple[str, ...] = ()
    """Names of parameters of functions that are defined."""
    keywords: tuple[str, ...] = ()
    """Names of arguments in calls."""
    methods: tuple[str, ...] = ()
    """Names of methods called on something that is no name of an interface."""

    def __post_init__(self) -> None:
        if not any((self.names, self.bases, self.parameters, self.keywords, self.methods)):
            raise ValueError(f"concept {self.name!r} has no rule: give names, bases, parameters, keywords or methods")

    def found_in(self, node: ast.AST, *, imports: Mapping[str, str]) -> bool:
        return any(self._fires(inner, imports) for inner in ast.walk(node))

    def _fires(self, node: ast.AST, imports: Mapping[str, str]) -> bool:
        match node:
            case ast.ClassDef():
                return any(_matches(resolve(base, imports=imports), self.bases) for base in node.bases)
            case ast.arg():
                return node.arg in self.parameters
            case ast.keyword():
                return node.arg in self.keywords
            case ast.Call(func=ast.Attribute() as method) if resolve(method, imports=imports) is None:
                return method.attr in self.methods
            case ast.Attribute() | ast.Name():
                return _matches(resolve(node, imports=imports), self.names)
        return False


def load_concepts(path: Path) -> tuple[Concept, ...]:
    """Raises ValueError for a rule that says nothing, msgspec.ValidationError for a key that there is not."""
    concepts = msgspec.convert(tomllib.loads(path.read_text())["concept"], tuple[Concept, ...])
    if len({concept.name for concept in concepts}) != len(concepts):
        raise ValueError(f"{path}: a concept stands there twice")
    return concepts


def _matches(name: str | None, patterns: Iterable[str]) -> bool:
    return name is not None and any(fnmatchcase(name, pattern) for pattern in patterns)
