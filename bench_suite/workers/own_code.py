"""Whether the clock, the checks and the random numbers of a worker are still those that it began with.

A framework's code runs in the worker's own process and can put a function of its own in the place of any of ours. What
is remembered before it is imported is compared before and after each round. That guards against what patches; code that
undoes its work in time, or that patches this very module, is told by what pytest's side sees from outside: its own
clock, and its own arithmetic. It never repairs anything.
"""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Iterator

import numpy as np

_OURS = ("speedscore.bench_suite.workers", "speedscore.bench_suite.workloads", "speedscore.host.clock")
"""Modules of these names and under them."""

_OTHERS: tuple[tuple[types.ModuleType | type, str], ...] = (
    (time, "perf_counter"),
    (time, "monotonic"),
    (time, "time"),
    (np.random, "default_rng"),
    (np.linalg, "norm"),
    (np, "array_equal"),
)


class OwnCode:
    """What there is when it is made."""

    def __init__(self) -> None:
        self._wanted = dict(_present())

    def first_change(self) -> str:
        """The name of something that is not what it was; empty where all is."""
        found = dict(_present())
        return next((name for name, parts in self._wanted.items() if not _same(found.get(name, ()), parts)), "")


def _same(found: tuple[object, ...], wanted: tuple[object, ...]) -> bool:
    return len(found) == len(wanted) and all(one is other for one, other in zip(found, wanted, strict=True))


def _present() -> Iterator[tuple[str, tuple[object, ...]]]:
    """Every function, method and limit by its dotted name, as it is found and what it runs."""
    for owner, name in _OTHERS:
        yield f"{owner.__name__}.{name}", _parts(getattr(owner, name))
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(_OURS):
            yield from _members(module_name, vars(module))


def _members(prefix: str, members: dict[str, object]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for name, value in list(members.items()):
        if isinstance(value, types.FunctionType | types.BuiltinFunctionType | float):
            yield f"{prefix}.{name}", _parts(value)
        elif isinstance(value, type) and value.__module__ == prefix:
            yield f"{prefix}.{name}", (value,)
            for method_name, method in list(vars(value).items()):
                if isinstance(method, types.FunctionType):
                    yield f"{prefix}.{name}.{method_name}", _parts(method)


def _parts(value: object) -> tuple[object, ...]:
    """The function and its code: either can be replaced."""
    return value, getattr(value, "__code__", None), getattr(value, "__defaults__", None)
