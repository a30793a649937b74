"""What a side tells of a test: whether its result was worked out, its parameters, and figures that it left."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from speedscore_gate_values import WrongValueError, conditions, figures, lazy_kind


async def a_coroutine() -> None:
    pass


def a_generator() -> Any:
    yield 1


async def an_async_generator() -> Any:
    yield 1


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (a_coroutine, "coroutine"),
        (a_generator, "generator"),
        (an_async_generator, "generator"),
        (lambda: map(str, [1]), "map iterator"),
        (lambda: itertools.chain([1]), "chain iterator"),
        (lambda: asyncio.Future(loop=asyncio.new_event_loop()), "awaitable object"),
        (lambda: [1], ""),
        (lambda: None, ""),
        (lambda: iter([1]), ""),
    ],
)
def test_what_is_still_to_be_done_is_told_by_its_kind(make: Callable[[], Any], kind: str) -> None:
    assert lazy_kind(make()) == kind


@dataclass
class Config:
    size: int
    names: tuple[str, ...] = ("a",)


def told(**parameters: Any) -> dict[str, str]:
    return {
        name: text
        for name, text in conditions(parameters, timer=max, disable_gc=False).items()
        if name.startswith("parameter")
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        ("a" * 100, "a" * 99 + "b"),
        ([1, 2], [2, 1]),
        ({"n": 1}, {"n": 2}),
        ({1, 2}, {1, 3}),
        (Config(1), Config(2)),
        (np.arange(3), np.arange(1, 4)),
        (max, min),
        (Config, WrongValueError),
        ([], [1]),
    ],
)
def test_other_values_are_told_apart_and_equal_ones_not(one: Any, other: Any) -> None:
    assert told(value=one) != told(value=other)
    assert told(value=one) == told(value=one)


def test_what_has_no_text_of_its_own_is_left_out() -> None:
    assert told(value=object()) == {"parameter value: type": "object"}
    assert told(value=object()) == told(value=object())


def test_a_long_or_deep_value_stays_small() -> None:
    deep: list[Any] = []
    deep.append(deep)
    assert len(told(value=deep)) < 10
    assert len(told(value=list(range(10_000)))) <= 200


def test_clock_and_garbage_collection_are_told() -> None:
    first, second = (conditions({}, timer=max, disable_gc=off) for off in (False, True))
    assert first == {"timer": "builtins.max", "garbage collection": "on"}
    assert second["garbage collection"] == "off"


def test_numbers_of_any_library_are_taken() -> None:
    counts = {"a": np.int64(3), "b": np.float32(0.5), "c": 2}
    assert figures({"speedscore_counts": counts})["counts"] == {"a": 3, "b": 0.5, "c": 2}
    assert figures({}) == {"identity": None, "memory_bytes": None, "counts": None}


@pytest.mark.parametrize(
    "left",
    [
        {"speedscore_counts": {"a": "3"}},
        {"speedscore_counts": {"a": None}},
        {"speedscore_counts": {"a": float("inf")}},
        {"speedscore_counts": {"a": float("nan")}},
        {"speedscore_counts": {"a": 10**400}},
        {"speedscore_counts": {"a": True}},
        {"speedscore_counts": [3]},
        {"speedscore_memory_bytes": -1},
        {"speedscore_memory_bytes": "much"},
        {"speedscore_identity": {"a": {"nested": 1}}},
        {"speedscore_identity": {1: "a"}},
        {"speedscore_identity": "a"},
    ],
    ids=str,
)
def test_a_figure_of_another_kind_is_refused_by_name(left: dict[str, Any]) -> None:
    with pytest.raises(WrongValueError, match=next(iter(left)).removeprefix("speedscore_")):
        figures(left)
