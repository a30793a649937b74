"""What a test left, put into a form that crosses the pipe: whether its result was worked out, and figures of its own.

A benchmark may leave anything in ``extra_info``: what has not the documented form is the reason why its own case cannot
be compared, and nobody else's.
"""

from __future__ import annotations

import inspect
import math
import numbers
import sys
from collections.abc import Collection, Mapping
from typing import Any

MOST_CHARACTERS = 60
_ITERATORS = (map, filter, zip, enumerate, type(iter(int, 1)))
"""The last is what ``re.finditer`` returns, too."""


class WrongValueError(ValueError):
    """A figure that a benchmark left is not what it may be. The message names it."""


def lazy_kind(result: Any) -> str:
    """What is still to be done about a result: "coroutine", "generator" and the like; empty where it is done.

    A function that returns such a thing has done next to nothing, however much work is behind it. Known is what Python
    itself has: coroutines, generators, futures that are not done, and iterators of ``map``, ``filter``, ``zip``,
    ``itertools`` and the like. Lazy arrays and tables of other libraries are not known.
    """
    if inspect.iscoroutine(result):
        return "coroutine" if inspect.getcoroutinestate(result) != inspect.CORO_CLOSED else ""
    if inspect.isgenerator(result):
        return "generator" if inspect.getgeneratorstate(result) != inspect.GEN_CLOSED else ""
    if inspect.isasyncgen(result):
        return "asynchronous generator"
    if _is_future(result):
        return "" if result.done() else "future"
    if inspect.isawaitable(result):
        return "awaitable object"
    if isinstance(result, _ITERATORS) or type(result).__module__ == "itertools":
        return f"{type(result).__name__.strip('_').removesuffix('_iterator')} iterator"
    return ""


def _is_future(result: Any) -> bool:
    # Whoever has made one has loaded its module; a side that loaded it for all would be larger for it.
    modules = (sys.modules.get(name) for name in ("asyncio.futures", "concurrent.futures"))
    return any(isinstance(result, module.Future) for module in modules if module)


def figures(extra_info: Mapping[str, Any]) -> dict[str, Any]:
    """What a test left there under names of ours: ``speedscore_identity``, ``speedscore_memory_bytes``,
    ``speedscore_counts`` and ``speedscore_higher_is_better``; and the seconds by stage that a test of our own matrix
    has from its worker.

    Raises WrongValueError for one that has not the documented form.
    """
    identity, memory, counts = (extra_info.get(f"speedscore_{name}") for name in ("identity", "memory_bytes", "counts"))
    return {
        "identity": None if identity is None else _identity(identity),
        "memory_bytes": None if memory is None else _amount(memory, "speedscore_memory_bytes"),
        "counts": None if counts is None else _counts(counts),
        "higher_is_better": _names(extra_info.get("speedscore_higher_is_better", ()), counts or ()),
        **{
            name: dict(stages)
            for name in ("stages_seconds", "round_stages_seconds")
            if isinstance(stages := extra_info.get(f"speedscore_{name}"), Mapping)
        },
    }


def _identity(identity: Any) -> dict[str, Any]:
    if not isinstance(identity, Mapping):
        raise WrongValueError(f"expected a table in extra_info['speedscore_identity'], found {_shown(identity)}")
    for name, value in identity.items():
        is_finite = not isinstance(value, int | float) or abs(value) <= 2**63
        if not isinstance(name, str) or not isinstance(value, str | bool | int | float | None) or not is_finite:
            raise WrongValueError(
                "expected names with a text, a number or None each in extra_info['speedscore_identity'], found "
                f"{_shown(name)}: {_shown(value)}"
            )
    return dict(identity)


def _counts(counts: Any) -> dict[str, float]:
    if not isinstance(counts, Mapping):
        raise WrongValueError(f"expected a table in extra_info['speedscore_counts'], found {_shown(counts)}")
    return {str(name): _amount(value, f"speedscore_counts[{str(name)!r}]") for name, value in counts.items()}


def _names(names: Any, counts: Collection[Any]) -> tuple[str, ...]:
    if not isinstance(names, list | tuple | set | frozenset) or not all(isinstance(name, str) for name in names):
        raise WrongValueError(
            "expected a list of names of counts in extra_info['speedscore_higher_is_better'], found " + _shown(names)
        )
    if unknown := sorted(set(names) - {str(name) for name in counts}):
        raise WrongValueError(
            f"extra_info['speedscore_higher_is_better'] names {_shown(unknown[0])}, which is no name in "
            "extra_info['speedscore_counts']"
        )
    return tuple(sorted(names))


def _amount(value: Any, where: str) -> float:
    """A number of any library, as one of Python's own."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            number = int(value) if isinstance(value, numbers.Integral) else float(value)
        except OverflowError:
            number = math.inf
        if 0 <= number <= 2**63:
            return number
    raise WrongValueError(f"expected a number from 0 to 2^63 in extra_info's {where}, found {_shown(value)}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
