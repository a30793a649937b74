"""The pytest plugin of the measuring half: options in, cases out, the run saved. It measures nothing itself.

It is loaded wherever the package is installed, and stays out of the way of every test that is not one of its cases.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench_suite import hooks
from bench_suite.cases import DEVICES, Case, matrix
from bench_suite.ending import SessionEnd
from bench_suite.measuring.clock import VirtualClock
from bench_suite.presets import PRESETS, find_preset
from bench_suite.record import BLOCK_KEY, to_block
from bench_suite.stash import CLOCK, SESSION

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from bench_suite.session import Session

PHASE_MARK = "speedscore_phase"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("speedscore", "speedscore: framework benchmarks")
    group.addoption(
        "--preset",
        default="smoke",
        metavar="NAME",
        help=f"sizes of the models: {', '.join(PRESETS)} (default: %(default)s)",
    )
    group.addoption(
        "--require-device",
        action="append",
        default=[],
        choices=DEVICES,
        help="exit with code 1 when a selected case on this device was not measured; may be given more than once",
    )
    group.addoption(
        "--in-process",
        action="store_true",
        help="run the frameworks inside pytest, for a debugger or a profiler; such a run is never ranked",
    )
    group.addoption(
        "--round-order-seed",
        type=int,
        default=None,
        metavar="N",
        help="seed of the order in which workers take turns (default: drawn, and recorded)",
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)


@pytest.hookimpl(tryfirst=True)  # before pytest-benchmark and the terminal reporter read or register anything
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{PHASE_MARK}(name): the phase that a benchmark of the matrix measures")
    config.stash[CLOCK] = VirtualClock()
    try:
        find_preset(config.getoption("preset"))
    except ValueError as error:
        raise pytest.UsageError(f"--preset: {error}") from None
    if config.getoption("require_device") and config.getoption("dist", "no") != "no":
        raise pytest.UsageError("--require-device: nothing is measured under pytest-xdist; leave out -n")
    # Registered here, it wraps pytest-benchmark's saving and ends before the terminal's summary begins.
    config.pluginmanager.register(SessionEnd(config), "speedscore-session-end")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker(PHASE_MARK)
    if mark is None or "case" not in metafunc.fixturenames:
        return
    clock = metafunc.config.stash[CLOCK]
    metafunc.parametrize(
        ("framework", "model", "device"),
        [
            pytest.param(
                case.framework,
                case.model,
                case.device,
                id=case.id,
                marks=[
                    pytest.mark.benchmark(timer=clock.read, group=str(case.block)),
                    # A case that fails has nothing to replay, and its own message says why.
                    pytest.mark.filterwarnings("ignore:Benchmark fixture was not used at all"),
                ],
            )
            for case in matrix(mark.args[0])
        ],
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    cases = {item.nodeid: case for item in session.items if (case := case_of(item)) is not None}
    # A worker of pytest-xdist measures nothing: there pytest-benchmark is disabled, and every case is skipped.
    if cases and not session.config.option.collectonly and not hasattr(session.config, "workerinput"):
        session.config.stash[SESSION] = _begin(session.config, cases)


def _begin(config: pytest.Config, cases: dict[str, Case]) -> Session:
    # Imported here because collecting alone needs none of it, and has under a second.
    from bench_suite.progress import Progress
    from bench_suite.session import Session

    seed = config.getoption("round_order_seed")
    bench = Session(
        preset=find_preset(config.getoption("preset")),
        seed=random.SystemRandom().randrange(2**32) if seed is None else seed,
        in_process=config.getoption("in_process"),
        source=Path(__file__).parent,
    )
    bench.select(cases, make_progress=lambda total_blocks: Progress(config, total_blocks=total_blocks))
    return bench


def case_of(item: pytest.Item) -> Case | None:
    """The case that a test item measures, or None for any other test."""
    mark = item.get_closest_marker(PHASE_MARK)
    callspec = getattr(item, "callspec", None)
    if mark is None or callspec is None:
        return None
    return Case(**{name: callspec.params[name] for name in ("framework", "model", "device")}, phase=mark.args[0])


@pytest.fixture
def case(framework: str, model: str, device: str, request: pytest.FixtureRequest) -> Case:  # noqa: ARG001
    """The case of this test. Asking for the three parameters is what lets the plugin fill them in."""
    found = case_of(request.node)
    if found is None:
        raise pytest.UsageError(f"{request.node.nodeid} asks for a case but has no {PHASE_MARK} marker")
    return found


@pytest.fixture
def replay(request: pytest.FixtureRequest, benchmark: BenchmarkFixture) -> Callable[[Case], None]:
    """Measure a case, together with its block, and play its rounds back to pytest-benchmark."""
    from bench_suite.replaying import replay_case

    config = request.config

    def play(case: Case) -> None:
        if benchmark.disabled:
            pytest.skip("benchmarks are disabled (--benchmark-disable, or pytest-xdist is running)")
        replay_case(case, item=request.node, clock=config.stash[CLOCK], benchmark=benchmark)

    return play


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    bench, case = item.config.stash.get(SESSION, None), case_of(item)
    if bench is not None and case is not None and not report.passed:
        from bench_suite.replaying import note_report

        note_report(bench, case, report)
    return report


@pytest.hookimpl(optionalhook=True)  # pytest-benchmark may be switched off
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    bench = config.stash.get(SESSION, None)
    if bench is not None:
        output_json[BLOCK_KEY] = to_block(bench.record())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    bench = config.stash.get(SESSION, None)
    if bench is not None:
        from bench_suite.report import write_report

        write_report(terminalreporter, bench.record())
