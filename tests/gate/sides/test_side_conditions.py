"""What a side tells of a test's parameters and of what it is timed with: alike where they are alike, in any process."""

from __future__ import annotations

import datetime
import functools
import gc
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import speedscore_gate_conditions
from speedscore_gate_conditions import parameters_of, surroundings


@dataclass
class Config:
    size: int
    names: tuple[str, ...] = ("a",)


@dataclass(slots=True)
class Slotted:
    size: int


class Named(str):
    def __repr__(self) -> str:
        return object.__repr__(self)


class Unwilling:
    @property
    def shape(self) -> int:
        raise RuntimeError("not yet")

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        raise RuntimeError("not yet")


def told(value: Any, *folders: str) -> dict[str, str]:
    return parameters_of({"value": value}, folders=folders)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        ("a" * 100, "a" * 99 + "b"),
        (b"a" * 100, b"a" * 99 + b"b"),
        ([1, 2], [2, 1]),
        ({"n": 1}, {"n": 2}),
        ({1, 2}, {1, 3}),
        (Config(1), Config(2)),
        (Slotted(1), Slotted(2)),
        (Decimal("1.5"), Decimal("1.25")),
        (datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)),
        (re.compile("a"), re.compile("b")),
        (range(3), range(4)),
        (deque([1, 2]), deque([1, 3])),
        (functools.partial(max, 1), functools.partial(max, 2)),
        (PurePosixPath("a"), PurePosixPath("b")),
        (np.arange(3), np.arange(1, 4)),
        (np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3).T),
        (np.zeros(3), np.zeros(3, dtype=np.float32)),
        (max, min),
        (Config, Slotted),
        ([], [1]),
        ([0] * 1000, [0] * 999 + [1]),
        ([[0] * 30] * 30, [[0] * 30] * 29 + [[1] * 30]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_told_apart(one: Any, other: Any) -> None:
    assert told(one) != told(other)


VALUES = (
    "object(), [object(), 1], Config(1), Named('a'), {'a', 'b', 'c'}, {object()}, lambda: 1, Unwilling(), open, "
    "np.array([object()], dtype=object), np.arange(3), deque([object()]), functools.partial(max, object())"
)


def test_equal_values_are_told_alike_in_every_process() -> None:
    begin = "from tests.gate.sides.test_side_conditions import *"
    code = f"{begin}\nfor value in [{VALUES}]: print(sorted(told(value).items()))"
    folder = Path(speedscore_gate_conditions.__file__).parent
    printed = [
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(folder)!r}, {ROOT!r}]; {code}"],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == 13


ROOT = str(Path(__file__).parents[3])


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_of_the_checkout_is_the_same_one_on_both_sides(kind: Callable[[str], Any]) -> None:
    on_base, on_head = (told(kind(f"{root}/data/a.json"), f"{root}/", root) for root in ("/tmp/base", "/home/me/it"))
    assert on_base == on_head
    assert on_base != told(kind("/tmp/base/data/b.json"), "/tmp/base/", "/tmp/base")


def test_a_long_or_deep_value_stays_small() -> None:
    deep: list[Any] = []
    deep.append(deep)
    assert len(told(deep)) < 10
    many = told(list(range(100_000)))
    assert len(many) <= 201
    assert max(len(text) for pair in told({"k" * 10_000: "v" * 10_000}).items() for text in pair) < 100


def test_clock_garbage_collection_and_interpreter_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = surroundings(timer=max, disable_gc=False)
    assert told["timer"] == "builtins.max"
    assert told["garbage collection"] == f"on, thresholds {gc.get_threshold()}"
    assert told["interpreter"].startswith(f"CPython {sys.version.split()[0]}")
    assert surroundings(timer=max, disable_gc=True)["garbage collection"] == "off"
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert "without the GIL" in surroundings(timer=max, disable_gc=False)["interpreter"]
