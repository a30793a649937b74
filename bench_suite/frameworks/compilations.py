"""What a framework's ``probing.compilations`` offers: what it traced and compiled in this process so far.

Compilers run inside calls that look like any other; only the framework itself can say that one did. Nothing here knows
a framework.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol


class Compilations(NamedTuple):
    """Since watching began."""

    compiled: int
    """As many as the framework itself counts: compiled programs, captured graphs, or traces of its functions."""
    seconds: float | None
    """Of tracing and compiling, one inside another counted once; None where the framework does not tell."""


CompilationWatch = Callable[[], Compilations]


class CompilationWatching(Protocol):
    """The module ``probing.compilations`` of a framework's folder."""

    def watch(self, program: Any) -> CompilationWatch:
        """Watch from now on: everything in this process, or where the framework counts by function, ``program``."""
        ...


class NestedSeconds:
    """Adds up pieces of work that are told as they end, each with its seconds; one inside another counts once."""

    def __init__(self) -> None:
        self.total = 0.0
        self._pieces: list[tuple[float, float]] = []

    def add(self, *, ended: float, seconds: float) -> None:
        """``ended`` is the moment of its end. What began after it had begun was part of it."""
        began = ended - seconds
        while self._pieces and self._pieces[-1][0] >= began:
            self.total -= self._pieces.pop()[1]
        self._pieces.append((began, seconds))
        self.total += seconds
