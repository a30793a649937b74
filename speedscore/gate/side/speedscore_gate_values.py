"""What a test is and what it left, put into a form that crosses the pipe: parameters, clock, and figures of its own.

A benchmark may leave anything in ``extra_info``: what has not the documented form is the reason why its own case cannot
be compared, and nobody else's. Like its neighbours it is loaded by file name, and imports nothing of ours.
"""

from __future__ import annotations

import gc
import hashlib
import inspect
import math
import numbers
from collections.abc import Iterator, Mapping
from typing import Any

MOST_VALUES = 200
MOST_DEPTH = 4
MOST_CHARACTERS = 60
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


class WrongValueError(ValueError):
    """A figure that a benchmark left is not what it may be. The message names it."""


def lazy_kind(result: Any) -> str:
    """What is still to be done about a result: "coroutine", "generator" and the like; empty where it is done.

    A function that returns such a thing has done next to nothing, however much work is behind it.
    """
    if inspect.isawaitable(result):
        return "coroutine" if inspect.iscoroutine(result) else "awaitable object"
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        return "generator"
    if isinstance(result, map | filter | zip | enumerate) or type(result).__module__ == "itertools":
        return f"{type(result).__name__} iterator"
    return ""


def conditions(parameters: Mapping[str, Any], *, timer: Any, disable_gc: bool) -> dict[str, str]:
    """What must be equal on both sides for times to be of the same thing, by name, as text."""
    told = {
        "timer": _name_of(timer),
        "garbage collection": "off" if disable_gc or not gc.isenabled() else "on",
    }
    values: Iterator[tuple[str, str]] = (
        pair for name, value in sorted(parameters.items()) for pair in _told(f"parameter {name}", value, MOST_DEPTH)
    )
    for _, (name, text) in zip(range(MOST_VALUES), values, strict=False):
        told[name] = text
    return told


def _told(path: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """A value, or its parts where it has any; nothing of what has no text that is the same in every process."""
    if isinstance(value, _PLAIN):
        yield path, _short(repr(value).encode())
    elif callable(value):
        yield path, _name_of(value)
    elif depth == 0:
        return
    elif isinstance(value, Mapping):
        yield f"{path}: size", str(len(value))
        for key, part in value.items():
            if isinstance(key, _PLAIN):
                yield from _told(f"{path}[{key!r}]", part, depth - 1)
    elif isinstance(value, list | tuple):
        yield f"{path}: size", str(len(value))
        for place, part in enumerate(value[:MOST_VALUES]):
            yield from _told(f"{path}[{place}]", part, depth - 1)
    elif isinstance(value, set | frozenset):
        if all(isinstance(part, _PLAIN) for part in value):
            yield path, _short(repr(sorted(value, key=repr)).encode())
    elif hasattr(value, "tobytes") and hasattr(value, "shape"):
        yield path, _short(f"{value.dtype} {value.shape} ".encode() + value.tobytes())
    else:
        # Only attributes that both sides have are compared: one that head adds to a class is no other parameter.
        yield f"{path}: type", type(value).__qualname__
        for name, part in sorted(getattr(value, "__dict__", {}).items()):
            yield from _told(f"{path}.{name}", part, depth - 1)


def _short(text: bytes) -> str:
    shown = text.decode(errors="replace")
    return shown if len(shown) <= MOST_CHARACTERS else f"sha256 {hashlib.sha256(text).hexdigest()[:16]}"


def _name_of(function: Any) -> str:
    function = getattr(function, "__wrapped__", function)
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    return f"{module}.{name}" if module and name else name or type(function).__qualname__


def figures(extra_info: Mapping[str, Any]) -> dict[str, Any]:
    """``speedscore_identity``, ``speedscore_memory_bytes`` and ``speedscore_counts`` as far as they are there.

    Raises WrongValueError for one that has not the documented form.
    """
    identity, memory, counts = (extra_info.get(f"speedscore_{name}") for name in ("identity", "memory_bytes", "counts"))
    return {
        "identity": None if identity is None else _identity(identity),
        "memory_bytes": None if memory is None else _amount(memory, "speedscore_memory_bytes"),
        "counts": None if counts is None else _counts(counts),
    }


def _identity(identity: Any) -> dict[str, Any]:
    if not isinstance(identity, Mapping):
        raise WrongValueError(f"expected a table in extra_info['speedscore_identity'], found {_shown(identity)}")
    for name, value in identity.items():
        if not isinstance(name, str) or not isinstance(value, str | bool | int | float | None):
            raise WrongValueError(
                "expected names with a text, a number or None each in extra_info['speedscore_identity'], found "
                f"{_shown(name)}: {_shown(value)}"
            )
    return dict(identity)


def _counts(counts: Any) -> dict[str, float]:
    if not isinstance(counts, Mapping):
        raise WrongValueError(f"expected a table in extra_info['speedscore_counts'], found {_shown(counts)}")
    return {str(name): _amount(value, f"speedscore_counts[{str(name)!r}]") for name, value in counts.items()}


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
