"""A gate's plugin for one side, as small as can be: three rounds a test, and what was seen after each is written down.

The test copies it beside the benchmarks under the name by which our plugin knows a gate's side.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from speedscore.host import reaper_script


class Pairing:
    """The other side always agrees."""

    extra_work = 0.0
    known = None

    def agree(self, steps: int) -> int:
        return steps


seen: dict[str, dict[str, Any]] = {}


def run_three_rounds(fixture: Any, target: Callable[[], None], *, rounds: int = 1, **_: object) -> None:
    seconds: list[float] = []
    states: list[list[str]] = []
    test = os.environ["PYTEST_CURRENT_TEST"].split()[0]
    seen[test] = {"seconds": seconds, "states": states, "told": fixture.extra_info}
    for _round in range(min(rounds, 3)):
        started = fixture._timer()
        target()
        seconds.append(fixture._timer() - started)
        states.append([settled_state(child) for child in workers()])


def workers() -> list[psutil.Process]:
    """What this process has started, but for the one that tidies up when it has gone."""
    return [child for child in psutil.Process().children() if reaper_script.REAPER not in child.environ()]


def settled_state(child: psutil.Process) -> str:
    # A signal takes its time to arrive.
    deadline = time.monotonic() + 5
    while (state := child.status()) != "stopped" and time.monotonic() < deadline:
        time.sleep(0.01)
    return state


BenchmarkFixture._raw_pedantic = run_three_rounds  # type: ignore[method-assign, assignment]


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    value = yield
    if isinstance(value, BenchmarkFixture):
        value.pairing = Pairing()  # type: ignore[attr-defined]
    return value


def pytest_unconfigure() -> None:
    left = len(workers())
    Path("seen.json").write_text(json.dumps({"tests": seen, "left": left}))
