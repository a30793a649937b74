"""What must be equal on base and head for their times to be of the same thing: clock, garbage collection, interpreter
and a test's parameters, each as a text that is the same in every process where they are equal.

It compares nothing.
"""

from __future__ import annotations

import copyreg
import gc
import hashlib
import inspect
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

MOST_VALUES = 200
MOST_PARTS = 20_000
MOST_DEPTH = 5
MOST_CHARACTERS = 60
_PLAIN: tuple[type[Any], ...] = (bool, int, float, complex, str, bytes, type(None))


def surroundings(*, timer: Any, disable_gc: bool) -> dict[str, str]:
    """The clock of a benchmark, garbage collection as it stands now, and the interpreter."""
    collects = gc.isenabled() and not disable_gc
    return {
        "timer": _name_of(timer),
        "garbage collection": f"on, thresholds {gc.get_threshold()}" if collects else "off",
        "interpreter": _interpreter(),
    }


def _interpreter() -> str:
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    kinds = {
        "a debug build": hasattr(sys, "gettotalrefcount"),
        "without the GIL": not has_lock,
        f"-O {sys.flags.optimize}": sys.flags.optimize > 0,
        "in development mode": sys.flags.dev_mode,
    }
    name = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join([name, *(kind for kind, holds in kinds.items() if holds)])


def parameters_of(parameters: Mapping[str, Any], *, folders: Sequence[str] = ()) -> dict[str, str]:
    """A test's parameters, and the parts of those that have any, by name.

    From the one after ``MOST_VALUES`` on they are one digest; what comes after ``MOST_PARTS`` is not looked at.
    ``folders`` are those of the checkout, longest first, which lies elsewhere on the other side.
    """

    def told() -> Iterator[tuple[str, str]]:
        for name, value in sorted(parameters.items()):
            try:
                yield from _told(f"parameter {name}", value, MOST_DEPTH)
            except Exception:  # noqa: BLE001 - whatever a stranger's class raises when it is looked at
                yield f"parameter {name}: type", type(value).__qualname__

    parts = islice(told(), MOST_PARTS)
    shown = {_short(name, folders): _short(text, folders) for name, text in islice(parts, MOST_VALUES)}
    others = [f"{_short(name, folders)} {_short(text, folders)}" for name, text in parts]
    return shown | ({"parameters: all others": _digest("\n".join(others).encode(errors="replace"))} if others else {})


def _told(path: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """A value, or its parts; nothing of what has no text that is the same in every process."""
    plain: Any = next((kind for kind in _PLAIN if isinstance(value, kind)), None)
    if isinstance(value, bytes | bytearray) and len(value) > MOST_CHARACTERS:
        yield path, _digest(value)
    elif plain is not None:
        # As its own type shows it: a class that is a text, too, may show itself with its address.
        yield path, plain.__repr__(value)
    elif isinstance(value, os.PathLike):
        yield path, repr(os.fspath(value))
    elif inspect.isroutine(value) or isinstance(value, type):
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
        for place, part in enumerate(value):
            yield from _told(f"{path}[{place}]", part, depth - 1)
    elif isinstance(value, set | frozenset):
        yield f"{path}: size", str(len(value))
        if all(isinstance(part, _PLAIN) for part in value):
            yield path, repr(sorted(value, key=repr))
    elif all(hasattr(value, name) for name in ("tobytes", "shape", "dtype")):
        yield from _array(path, value)
    else:
        # Only attributes that both sides have are compared: one that head adds to a class is no other parameter.
        yield f"{path}: type", type(value).__qualname__
        for name, part in _state(value):
            yield from _told(f"{path}{name}", part, depth - 1)


def _array(path: str, array: Any) -> Iterator[tuple[str, str]]:
    yield path, f"{array.dtype} {tuple(array.shape)}"
    if getattr(array.dtype, "hasobject", False):
        return  # its bytes are addresses
    try:
        values: Any = memoryview(array).cast("B")  # without a copy, where it lies in one piece
    except (TypeError, ValueError):
        values = array.tobytes()
    yield f"{path}: values", _digest(values)


def _state(value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of an object by name: its attributes, else what it would be pickled from."""
    names = {name for kind in type(value).__mro__ for name in _names(kind)} | {*getattr(value, "__dict__", {})}
    if names:
        for name in sorted(names):
            if hasattr(value, name):
                yield f".{name}", getattr(value, name)
        return
    reduce = copyreg.dispatch_table.get(type(value))
    reduced = reduce(value) if reduce else value.__reduce_ex__(4)
    if isinstance(reduced, str):
        yield ": name", reduced
        return
    # The first is what makes it; then its arguments, its state, and its items (Python, pickle, object.__reduce__).
    for place, part in enumerate(reduced[1:4]):
        if part is not None:
            yield f": {place}", tuple(islice(part, MOST_PARTS)) if place == 2 else part


def _names(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__") and not name.startswith("__"))


def _short(text: str, folders: Sequence[str]) -> str:
    for folder in folders:
        text = text.replace(folder, "…")
    return text if len(text) <= MOST_CHARACTERS else f"{text[:20]}… {_digest(text.encode(errors='replace'))}"


def _digest(data: Any) -> str:
    return f"sha256 {hashlib.sha256(data).hexdigest()[:16]}"


def _name_of(function: Any) -> str:
    function = getattr(function, "__wrapped__", function)
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    return f"{module}.{name}" if module and name else name or type(function).__qualname__
