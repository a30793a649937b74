"""Processes of the tests that take long to import, on a clock of their own: each call takes the seconds it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from speedscore.bench_suite.probes.process import Lost


class MadeUpClock:
    """Stands for the module ``time``."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def perf_counter(self) -> float:
        return self.seconds


class SlowImports:
    """Stands for ``Tools``, and for each process that it starts."""

    def __init__(self, clock: MadeUpClock, *, seconds: Mapping[str, float], answer: Callable[..., Any]) -> None:
        """``seconds`` by the name of a function; ``answer`` is given its name and arguments."""
        self.clock = clock
        self._seconds = seconds
        self._answer = answer
        self.started = 0

    def start(self) -> SlowImports:
        self.started += 1
        return self

    def call(self, function: str, **arguments: Any) -> Any:
        name = function.rpartition(":")[2]
        self.clock.seconds += self._seconds[name]
        return self._answer(name, **arguments)

    def versions(self, *_: str) -> dict[str, str]:
        return {"sample": "1"}

    def close(self) -> None:
        """Nothing was started."""


def die() -> NoReturn:
    raise Lost("was killed", hung=False)
