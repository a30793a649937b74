"""Benchmarks as pytest-codspeed has them: whole tests with a mark, a mark's own options, and a fixture of its own name.

They are brought into pytest-benchmark's form, whether pytest-codspeed is installed or not; its own measuring is
switched off. Nothing is timed here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest

MARKS = ("benchmark", "codspeed_benchmark")
FIXTURES = ("benchmark", "benchmark_weave", "codspeed_benchmark")
OPTIONS = frozenset({"group", "min_time", "max_time", "max_rounds"})
"""Of its mark. The last is unknown to pytest-benchmark, and a gate has its own number of rounds."""


@pytest.fixture
def codspeed_benchmark(benchmark: Any) -> Any:
    """Its fixture under the name by which only it is asked for, in place of its own."""
    return benchmark


def switch_off(config: pytest.Config) -> None:
    """Let it measure nothing, before it is configured: it would take pytest-benchmark's place."""
    os.environ.pop("CODSPEED_ENV", None)
    if hasattr(config.option, "codspeed"):
        config.option.codspeed = False


def is_benchmark(item: pytest.Item) -> bool:
    return not set(FIXTURES).isdisjoint(getattr(item, "fixturenames", ())) or is_whole_test(item)


def is_whole_test(item: pytest.Item) -> bool:
    """Whether all that the test does is to be timed: it has the mark, and no fixture to which it gives a function.

    A mark with an option that only pytest-benchmark knows is none of pytest-codspeed's.
    """
    if not isinstance(item, pytest.Function) or not set(FIXTURES).isdisjoint(item.fixturenames):
        return False
    mark = mark_of(item)
    return mark is not None and not mark.args and OPTIONS.issuperset(mark.kwargs)


def mark_of(item: pytest.Item) -> pytest.Mark | None:
    return next((mark for name in MARKS if (mark := item.get_closest_marker(name))), None)


def bring_into_form(items: Iterable[pytest.Item]) -> None:
    """Let benchmarks run as those of pytest-benchmark."""
    benchmarks = list(items)
    for node in dict.fromkeys(node for item in benchmarks for node in item.listchain()):
        node.own_markers[:] = [_known(mark) if mark.name == "benchmark" else mark for mark in node.own_markers]
    # All are told apart before one is changed: the tests of one function share their list of fixtures.
    for item in [item for item in benchmarks if is_whole_test(item)]:
        assert isinstance(item, pytest.Function)
        if "benchmark" not in item.fixturenames:
            item.fixturenames.append("benchmark")
        setattr(item, "runtest", _timed(item, item.runtest))  # noqa: B010 - for the type checker it is a method


def _known(mark: pytest.Mark) -> pytest.Mark:
    if "max_rounds" not in mark.kwargs:
        return mark
    options = {name: value for name, value in mark.kwargs.items() if name != "max_rounds"}
    known: pytest.Mark = pytest.mark.benchmark(*mark.args, **options).mark
    return known


def _timed(item: pytest.Function, run: Callable[[], object]) -> Callable[[], object]:
    def timed() -> object:
        benchmark: Any = item.funcargs["benchmark"]
        result: object = benchmark(run)
        return result

    return timed
