"""A process in which a framework is asked: what is called there comes back, and however it ends, it is gone."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from speedscore.bench_suite.probes.making import MakingStopped
from speedscore.bench_suite.probes.process import Lost, Raised
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors
from tests.bench_suite.probes.sample_probe import HERE


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=60.0)
    yield opened
    opened.close()


def test_what_a_call_leaves_is_there_for_the_next_in_the_same_process_alone(tools: Tools) -> None:
    process = tools.start()
    assert [process.call(f"{HERE}:add", number=number) for number in (1, 2)] == [1, 3]
    assert tools.start().call(f"{HERE}:add", number=5) == 5


def test_what_is_raised_comes_back_with_its_words_and_the_process_lives_on(tools: Tools) -> None:
    process = tools.start()
    with pytest.raises(Raised, match="LookupError: no such thing") as raised:
        process.call(f"{HERE}:fail", message="no such thing")
    assert raised.value.type_name == "LookupError"
    assert raised.value.module == "builtins"
    assert f'"{Path(__file__).with_name("sample_probe.py")}"' in raised.value.traceback
    with pytest.raises(Raised, match="JSON"):
        process.call(f"{HERE}:unsendable")
    assert process.call(f"{HERE}:add", number=1) == 1


def test_half_a_character_of_what_a_framework_raises_costs_nothing_else(tools: Tools) -> None:
    process = tools.start()
    with pytest.raises(Raised, match=r"LookupError: no /data/b\?ro"):
        process.call(f"{HERE}:fail", message="no /data/b\udcfcro")
    assert process.call(f"{HERE}:add", number=1) == 1


def test_what_a_program_prints_is_no_reply(tools: Tools) -> None:
    process = tools.start()
    assert process.call(f"{HERE}:write") is None
    assert '{"value": 0}' in process.last_lines()


def test_a_process_that_dies_and_one_that_hangs_are_told_apart(tools: Tools) -> None:
    with pytest.raises(Lost, match="SIGABRT") as died:
        tools.start().call(f"{HERE}:die")
    assert not died.value.hung
    with pytest.raises(Lost, match="hung") as hung:
        tools.start().call(f"{HERE}:sleep", seconds=60, limit_seconds=0.3)
    assert hung.value.hung


def test_a_probe_whose_time_is_over_hangs_whatever_limit_a_call_has() -> None:
    tools = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=1.5)
    began = time.monotonic()
    try:
        with pytest.raises(Lost, match="hung"):
            tools.start().call(f"{HERE}:sleep", seconds=600)
    finally:
        tools.close()
    assert time.monotonic() - began < 60


def test_it_is_isolated_and_leaves_nothing(tools: Tools) -> None:
    places = tools.start().call(f"{HERE}:places")
    assert Path(places["folder"]).is_relative_to(tools.scratch)
    assert places["threads"] == "1"
    if hasattr(os, "sched_getaffinity"):
        assert tuple(places["affinity"]) == tools.processors
    tools.close()
    assert not tools.scratch.exists()
    assert not psutil.pid_exists(places["pid"])


def test_under_another_interpreter_it_finds_our_package_and_nothing_else_of_ours(tools: Tools) -> None:
    process = tools.start(python=Path(sys.executable))
    assert "python" in process.versions("no-such-distribution")
    with pytest.raises(Raised, match="No module named 'tests"):
        process.call(f"{HERE}:places")


def test_after_a_kill_nothing_more_is_started(tools: Tools) -> None:
    process = tools.start()
    tools.kill()
    with pytest.raises(Lost):
        process.call(f"{HERE}:add", number=1)
    with pytest.raises(Lost, match="over"):
        tools.start()


def test_what_is_waited_for_takes_nothing_of_the_probes_time_and_ends_with_the_session(tools: Tools) -> None:
    def find(stopped: threading.Event) -> str:
        return "nothing" if stopped.wait(0.05) else "found"

    deadline = tools.deadline
    assert tools.wait_for(find) == "found"
    assert tools.deadline >= deadline + 0.05

    def wait(stopped: threading.Event) -> None:
        threading.Thread(target=tools.kill).start()
        assert stopped.wait(60)
        raise MakingStopped

    with pytest.raises(Lost, match="over"):
        tools.wait_for(wait)
