"""What a side tells of what a test left: whether its result was worked out, and figures of its own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from speedscore_gate_values import WrongValueError, figures, lazy_kind


def a_future() -> asyncio.Future[None]:
    loop = asyncio.new_event_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.close()
    return future


async def a_coroutine() -> None:
    pass


def a_generator() -> Any:
    yield 1


async def an_async_generator() -> Any:
    yield 1


def done() -> Any:
    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    future.set_result(1)
    return future


def used_up() -> Any:
    made = a_generator()
    list(made)
    return made


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (a_coroutine, "coroutine"),
        (a_generator, "generator"),
        (an_async_generator, "asynchronous generator"),
        (lambda: map(str, [1]), "map iterator"),
        (lambda: itertools.chain([1]), "chain iterator"),
        (lambda: re.finditer("a", "a"), "callable iterator"),
        (a_future, "future"),
        (concurrent.futures.Future, "future"),
        (done, ""),
        (used_up, ""),
        (lambda: [1], ""),
        (lambda: None, ""),
        (lambda: iter([1]), ""),
    ],
)
def test_what_is_still_to_be_done_is_told_by_its_kind(make: Callable[[], Any], kind: str) -> None:
    assert lazy_kind(make()) == kind


def test_numbers_of_any_library_are_taken() -> None:
    counts = {"a": np.int64(3), "b": np.float32(0.5), "c": 2}
    assert figures({"speedscore_counts": counts})["counts"] == {"a": 3, "b": 0.5, "c": 2}
    assert figures({}) == {"identity": None, "memory_bytes": None, "counts": None, "higher_is_better": ()}


def test_counts_of_which_more_is_better_are_named() -> None:
    left = {
        "speedscore_counts": {"hits": 3, "batch": 8, "queries": 1},
        "speedscore_higher_is_better": ["hits", "batch"],
    }
    assert figures(left)["higher_is_better"] == ("batch", "hits")


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
        {"speedscore_higher_is_better": "hits"},
        {"speedscore_higher_is_better": [1]},
        {"speedscore_counts": {"hits": 3}, "speedscore_higher_is_better": ["hit"]},
        {"speedscore_memory_bytes": -1},
        {"speedscore_memory_bytes": "much"},
        {"speedscore_identity": {"a": {"nested": 1}}},
        {"speedscore_identity": {1: "a"}},
        {"speedscore_identity": {"a": float("nan")}},
        {"speedscore_identity": {"a": 10**400}},
        {"speedscore_identity": "a"},
    ],
    ids=str,
)
def test_a_figure_of_another_kind_is_refused_by_name(left: dict[str, Any]) -> None:
    with pytest.raises(WrongValueError, match=next(iter(left)).removeprefix("speedscore_")):
        figures(left)
