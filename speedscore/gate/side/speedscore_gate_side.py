"""The pytest side of a gate: one of the two processes, base or head, that run the same benchmarks in lockstep.

It is loaded by file name into a pytest that may belong to another checkout and another environment, so it imports
nothing of ours, only pytest and pytest-benchmark. The gate tells it over a pipe which test to run; inside the test
every round waits for the gate's message. It decides nothing, and saves nothing.

What crosses the pipes are JSON lines. The gate sends ``case``, ``agree``, ``round``, ``enough`` and ``end``; this
module sends ``collected``, ``ready``, ``round``, ``finished`` and ``ended``.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import inspect
import os
import re
import signal
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from speedscore_gate_code import OwnCode
from speedscore_gate_rounds import Lockstep, Pipe, paired_pedantic, paired_raw
from speedscore_gate_values import WrongValueError, conditions, figures

NOTHING_SAVED: dict[str, Any] = {
    "speedscore_gate": None,
    "benchmark_only": True,
    "benchmark_skip": False,
    "benchmark_disable": False,
    "benchmark_enable": True,
    "benchmark_autosave": False,
    "benchmark_save": None,
    "benchmark_save_data": False,
    "benchmark_json": None,
    "benchmark_compare": None,
    "benchmark_compare_fail": None,
    "benchmark_histogram": None,
    "benchmark_cprofile": None,
    "numprocesses": None,
    "dist": "no",
    "tx": [],
    "xmlpath": None,
}
"""What the project's own settings may ask for and a side cannot use: nothing is saved, compared or shared out."""


ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
"""Of an object in memory, as it stands in an id that was made by ``repr``: another one in each process."""
UNSTABLE = "its id is another in each process, so it cannot be found again: give its parameters ids of their own"
MOST_REASON_CHARACTERS = 2_000


class SidePlugin:
    """The plugin itself: collects, then runs what the gate asks for, one test at a time."""

    def __init__(self) -> None:
        self._pipe = Pipe()
        self._collection_errors: list[str] = []
        self._reports: list[pytest.TestReport] = []
        self._order: dict[str, Any] = {}
        self._extra_info: dict[str, Any] = {}
        self._pairing: Lockstep | None = None
        self._conditions: dict[str, str] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._collection_errors.append(f"{report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        OwnCode.of_this_process().stay_first()
        benchmarks = {item.nodeid: item for item in session.items if uses_benchmark(item)}
        items = {name: item for name, item in benchmarks.items() if not ADDRESS.search(name)}
        self._pipe.send(
            "collected",
            cases=[{"id": item.nodeid, "group": group_of(item), "source": digest_of(item)} for item in items.values()],
            errors=self._collection_errors,
            unstable=sorted(benchmarks.keys() - items.keys()),
            python=sys.version.split()[0],
        )
        while (order := self._pipe.receive())["do"] == "case":
            if item := items.get(order["case"]):
                self._run(item, items.get(order["next"]), order)
            else:
                self._pipe.send("finished", outcome="failed", reason=UNSTABLE)
        self._pipe.send("ended", **OwnCode.of_this_process().imported())
        return True

    def _run(self, item: pytest.Item, following: pytest.Item | None, order: dict[str, Any]) -> None:
        self._order, self._reports, self._extra_info = order, [], {}
        self._pairing, self._conditions = None, {}
        use_processors(order["processors"])
        fresh_peak = reset_peak()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        outcome, reason = verdict_of(self._reports)
        not_comparable = self._pairing.not_comparable if self._pairing else ""
        told: dict[str, Any] = {}
        try:
            told = figures(self._extra_info)
        except WrongValueError as error:
            not_comparable = str(error)
        self._pipe.send(
            "finished",
            outcome=outcome,
            reason=reason[:MOST_REASON_CHARACTERS],
            not_comparable=not_comparable,
            conditions=self._conditions,
            peak_bytes=peak_bytes() if fresh_peak else None,
            **told,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
        value: object = yield
        if isinstance(value, BenchmarkFixture):
            self._pairing = Lockstep(self._pipe, self._order)
            setattr(value, "pairing", self._pairing)  # noqa: B010 - the class knows no such field
            self._extra_info = value.extra_info
            call = getattr(request.node, "callspec", None)
            self._conditions = conditions(
                call.params if call else {},
                timer=value._timer,
                disable_gc=value._disable_gc,
            )
        return value

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)


def uses_benchmark(item: pytest.Item) -> bool:
    return bool({"benchmark", "benchmark_weave"} & set(getattr(item, "fixturenames", ())))


def group_of(item: pytest.Item) -> str:
    mark = item.get_closest_marker("benchmark")
    return str(mark.kwargs.get("group") or "") if mark else ""


def digest_of(item: pytest.Item) -> str:
    """Of the test function's own source: a benchmark that was rewritten does not show what it measures got slower."""
    try:
        source = inspect.getsource(item.function)  # type: ignore[attr-defined]
    except (AttributeError, OSError, TypeError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()


def verdict_of(reports: list[pytest.TestReport]) -> tuple[str, str]:
    """How the test ended, and why."""
    for report in reports:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = str(getattr(crash, "message", "")) or report.longreprtext
            lines = [line for line in message.splitlines() if line.strip()] or ["no message"]
            return "failed", f"{report.when}: {lines[0].strip()}"
        if report.skipped and hasattr(report, "wasxfail"):
            return "skipped", f"expected to fail: {report.wasxfail}"
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            return "skipped", reason.removeprefix("Skipped: ")
    return "passed", ""


def use_processors(numbers: list[int] | None) -> None:
    """Every thread of this process, and so what it starts from now on, on these processors."""
    if numbers is None:
        return
    with contextlib.suppress(OSError):  # Linux only; a thread may end as it is asked
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), numbers)


def reset_peak() -> bool:
    """Let the kernel forget the largest resident size so far (man 5 proc). False where it does not."""
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_bytes() -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


def die_with_gate() -> None:
    """Ask Linux to kill this process when the gate ends, however that happens (man 2 prctl): it may be frozen then."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def pytest_addoption() -> None:
    """Called as this plugin is registered: before those of installed packages are imported, and any conftest."""
    OwnCode.of_this_process().put_first()


@pytest.hookimpl(tryfirst=True)  # before pytest-benchmark, xdist and junitxml read what they were asked for
def pytest_configure(config: pytest.Config) -> None:
    die_with_gate()
    # Its two loops, and nothing else of it: there is no public way to let a round wait.
    for name, paired in (("_raw", paired_raw), ("_raw_pedantic", paired_pedantic)):
        if not hasattr(BenchmarkFixture, name):
            raise pytest.UsageError(f"a gate needs pytest-benchmark 5; this one has no BenchmarkFixture.{name}")
        setattr(BenchmarkFixture, name, paired)
    for name, nothing in NOTHING_SAVED.items():
        if hasattr(config.option, name):
            setattr(config.option, name, nothing)
    config.pluginmanager.register(SidePlugin(), "speedscore_gate_session")
