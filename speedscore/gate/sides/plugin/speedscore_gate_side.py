"""The pytest side of a gate: one of the two processes, base or head, that run the same benchmarks in lockstep.

The gate tells it over a pipe which test to run; inside the test every round waits for the gate's message. It decides
nothing, and saves nothing.

All modules of this folder are loaded by file name into a pytest that may belong to another checkout and another
environment: they import pytest, pytest-benchmark and each other, and nothing else of ours.

What crosses the pipes are JSON lines, those of a side behind its signature. The gate sends ``case``, ``agree`` or
``observe``, ``round``, ``enough`` and ``end``; this module sends ``collected``, ``fixture``, ``ready``, ``round``,
``observed``, ``finished`` and ``ended``.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
import speedscore_gate_codspeed
from pytest_benchmark.fixture import BenchmarkFixture
from speedscore_gate_accelerators import open_accelerators
from speedscore_gate_clocks import Clock
from speedscore_gate_code import OwnCode
from speedscore_gate_codspeed import bring_into_form, is_benchmark, mark_of, switch_off
from speedscore_gate_conditions import parameters_of
from speedscore_gate_dependencies import Names, Watch, reached, trace_of_this_process
from speedscore_gate_failures import print_failure
from speedscore_gate_fixtures import (
    failed_in,
    fixture_users,
    fixtures_of,
    key_of,
    mark_failure,
    names_around,
    parameter_of,
)
from speedscore_gate_observing import let_be_looked_into
from speedscore_gate_rounds import Lockstep, Pipe, paired_pedantic, paired_raw
from speedscore_gate_values import WrongValueError, figures

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

MOST_REASON_CHARACTERS = 500
_WATCH = "speedscore_gate_watch"
STAGES_ASKED = "SPEEDSCORE_GATE_STAGES"
"""Set where the gate wants to know where the seconds go, and takes no time from this process."""


class SidePlugin:
    """The plugin itself: collects, then runs what the gate asks for, one test at a time."""

    def __init__(self, config: pytest.Config, stages: Any, watch: Watch | None) -> None:
        """``stages`` is told what is run, where that was asked for; else None. ``watch`` is there where the gate wants
        to know what the tests depend on."""
        self._config = config
        self._pipe = Pipe()
        self._stages = stages
        self._watch = watch
        self._collection_errors: list[str] = []
        self._left_out = 0
        """Benchmarks that the command line deselects."""
        self._setting_up: list[tuple[pytest.FixtureDef[Any], str]] = []
        """Fixtures that are being made, the outer ones first, each with its key."""
        self._shared_seconds = 0.0
        """What making those of a wider scope than a test's took in this test."""
        self._failed_fixture = ""
        """The one that could not be made, in this test or in one before."""
        self._reports: list[pytest.TestReport] = []
        self._order: dict[str, Any] = {}
        self._extra_info: dict[str, Any] = {}
        self._pairing: Lockstep | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        # Whole tests are benchmarks here, which pytest-benchmark would skip; that the option is set others may read.
        benchmarks: Any = getattr(session.config, "_benchmarksession", None)
        if benchmarks is not None:
            benchmarks.only = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            last_line = report.longreprtext.strip().splitlines()[-1]
            self._collection_errors.append(f"{report.nodeid}: {last_line[:MOST_REASON_CHARACTERS]}")
            print_failure(self._config, report)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._left_out += sum(map(is_benchmark, items))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        OwnCode.of_this_process().stay_first()
        items = {item.nodeid: item for item in session.items if is_benchmark(item)}
        bring_into_form(items.values())
        self._pipe.send(
            "collected",
            cases=[{"id": item.nodeid, "group": group_of(item), "source": digest_of(item)} for item in items.values()],
            errors=self._collection_errors,
            python=sys.version.split()[0],
            reaches=reached_by(items.values()),
            fixture_users=fixture_users(items.values()),
            import_seconds=self._stages.import_seconds() if self._stages else None,
            tests=len(session.items),
            left_out=self._left_out,
        )
        while (order := self._pipe.receive())["do"] == "case":
            if item := items.get(order["case"]):
                self._run(item, items.get(order["next"]), order)
            else:
                self._pipe.send("finished", outcome="absent", reason="this process has no such case")
        dependencies = self._watch.told() if self._watch else None
        told = OwnCode.of_this_process().imported()
        self._pipe.send("ended", **told, dependencies=dependencies, accelerators=open_accelerators())
        return True

    def _run(self, item: pytest.Item, following: pytest.Item | None, order: dict[str, Any]) -> None:
        self._order, self._reports, self._extra_info = order, [], {}
        self._pairing, self._shared_seconds, self._failed_fixture = None, 0.0, ""
        use_processors(order["processors"])
        call = getattr(item, "callspec", None)
        # Before the peak is forgotten: to look at large parameters takes memory.
        parameters = parameters_of(call.params, folders=folders_of(item.config)) if call else {}
        fresh_peak = reset_peak()
        if self._stages:
            self._stages.begin_test()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        outcome, reason = verdict_of(self._reports, fixture=self._failed_fixture)
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
            conditions={**parameters, **(self._pairing.conditions if self._pairing else {})},
            peak_bytes=peak_bytes() if fresh_peak else None,
            shared_seconds=self._shared_seconds,
            **(self._stages.told() if self._stages else {}) | told,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        # Both sides make theirs at the same time: one that waits for the other is to be named.
        self._setting_up.append((fixturedef, key_of(fixturedef, parameter_of(request))))
        self._tell_what_is_made()
        began = Clock.wall()
        try:
            value: Any = yield
        except BaseException as error:
            mark_failure(error, fixturedef)
            raise
        finally:
            self._setting_up.pop()
            # Within another shared one it is a part of that.
            if fixturedef.scope != "function" and all(outer.scope == "function" for outer, _ in self._setting_up):
                self._shared_seconds += Clock.wall() - began
            self._tell_what_is_made()
        # pytest-codspeed's fixture says that it is an instance. One that another fixture hands on is known already.
        if issubclass(type(value), BenchmarkFixture) and not hasattr(value, "pairing"):
            self._pairing = Lockstep(self._pipe, self._order, stages=self._stages)
            setattr(value, "pairing", self._pairing)  # noqa: B010 - the class knows no such field
            self._extra_info = value.extra_info
        return value

    def _tell_what_is_made(self) -> None:
        name, key = (self._setting_up[-1][0].argname, self._setting_up[-1][1]) if self._setting_up else ("", "")
        self._pipe.send("fixture", name=name, fixture=key)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        if call.when == "setup" and call.excinfo:
            self._failed_fixture = failed_in(call.excinfo.value)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)
        if report.failed:
            print_failure(self._config, report)


@functools.cache
def stages_of_this_process() -> Any:
    """What keeps account of where the seconds go; None where nobody asked for it, and then it is not even imported."""
    return importlib.import_module("speedscore_gate_stages").Stages() if STAGES_ASKED in os.environ else None


def folders_of(config: pytest.Config) -> list[str]:
    """The names under which this side's checkout is known, longest first."""
    return sorted({OwnCode.of_this_process().own, str(config.rootpath)}, key=len, reverse=True)


def reached_by(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """By test file the files that its names lead to, and those of the modules of its fixtures, where the gate asks."""
    trace = trace_of_this_process()
    if trace is None or trace["only"]:
        return {}
    starts: dict[str, dict[int, Names]] = {}
    for item in items:
        modules = [vars(module)] if (module := getattr(item, "module", None)) else []
        modules += [names for definition in fixtures_of(item) if (names := names_around(definition))]
        starts.setdefault(item.nodeid.partition("::")[0], {}).update({id(names): names for names in modules})
    built = OwnCode.of_this_process().built_folders
    return reached({path: list(names.values()) for path, names in starts.items()}, trace["root"], built=built)


def group_of(item: pytest.Item) -> str:
    mark = mark_of(item)
    return str(mark.kwargs.get("group") or "") if mark else ""


def digest_of(item: pytest.Item) -> str:
    """Of the test function's own source: a benchmark that was rewritten does not show what it measures got slower."""
    try:
        source = inspect.getsource(item.function)  # type: ignore[attr-defined]
    except (AttributeError, OSError, TypeError):
        return ""
    return hashlib.sha256(source.encode()).hexdigest()


def verdict_of(reports: list[pytest.TestReport], *, fixture: str = "") -> tuple[str, str]:
    """How the test ended, and why; ``fixture`` is that which could not be made, if so."""
    for report in reports:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = str(getattr(crash, "message", "")) or report.longreprtext
            lines = [line for line in message.splitlines() if line.strip()] or ["no message"]
            where = f"setup of fixture {fixture!r}" if fixture and report.when == "setup" else report.when
            return "failed", f"{where}: {lines[0].strip()}"
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


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Called as this plugin is registered: before those of installed packages are imported, and any conftest."""
    OwnCode.of_this_process().put_first()
    trace = trace_of_this_process()
    if trace and trace["only"]:
        pluginmanager.register(Watch(trace["root"]), _WATCH)
    stages_of_this_process()  # begun here, for what is imported from now on


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Before any plugin is configured."""
    switch_off(config)


@pytest.hookimpl(tryfirst=True)  # before pytest-benchmark, xdist and junitxml read what they were asked for
def pytest_configure(config: pytest.Config) -> None:
    # Its two loops, and nothing else of it: there is no public way to let a round wait.
    for name, paired in (("_raw", paired_raw), ("_raw_pedantic", paired_pedantic)):
        if not hasattr(BenchmarkFixture, name):
            raise pytest.UsageError(
                f"a gate needs pytest-benchmark 4 or newer; this one has no BenchmarkFixture.{name}"
            )
        setattr(BenchmarkFixture, name, paired)
    for name, nothing in NOTHING_SAVED.items():
        if hasattr(config.option, name):
            setattr(config.option, name, nothing)
    trace = trace_of_this_process()
    if trace and trace["only"]:
        config.args = [str(config.rootpath / trace["only"])]
    config.addinivalue_line("markers", "codspeed_benchmark: a test that is benchmarked as a whole")
    config.pluginmanager.register(speedscore_gate_codspeed, "speedscore_gate_codspeed")
    let_be_looked_into()
    watch = config.pluginmanager.get_plugin(_WATCH)
    config.pluginmanager.register(SidePlugin(config, stages_of_this_process(), watch), "speedscore_gate_session")
