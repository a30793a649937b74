"""The pytest plugin of the measuring half: options in, cases out, the run saved. It measures nothing itself.

It is loaded where the benchmarks are collected, and stays out of the way of every test that is not one of its cases.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from speedscore.bench_suite.matrix import asking, hooks
from speedscore.bench_suite.matrix.cases import Case, matrix
from speedscore.bench_suite.matrix.misspelled import misspelled_keywords, misspelled_node_ids
from speedscore.bench_suite.matrix.registering import register_lines
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.session.ending import SessionEnd
from speedscore.bench_suite.session.options import add_options, check_options, refuse_beside_gate
from speedscore.bench_suite.session.saving.run_files import RunFiles
from speedscore.bench_suite.session.saving.shielding import ENDING_SIGNALS
from speedscore.bench_suite.session.stash import CLOCK, FILES, LEFT_OUT, SESSION
from speedscore.bench_suite.session.virtual_clock import VirtualClock
from speedscore.bench_suite.workloads.presets import Preset, find_preset
from speedscore.host.signals import interrupt_on
from speedscore.record.phases import FLOAT32, PHASES
from speedscore.record.run_file import BLOCK_KEY, to_block

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

PHASE_MARK = "speedscore_phase"
PROBE_MARK = "speedscore_probe"
MARKERS = (
    f"{PHASE_MARK}(name): the phase that a benchmark of the matrix measures",
    f"{PROBE_MARK}(family): the family of probes that a test asks",
    f"{asking.MARK}: a benchmark of the matrix in another precision than float32",
    "capability: a task or probe that tox run -e capabilities is for",
    "quick: a probe that tox run -e bench asks too",
)
"""As pytest lists them: a name with what it takes, and what it is for."""
GATE_SIDE = "speedscore_gate_side"
"""The gate's plugin for one side of a comparison. There nothing is saved, and each case is measured by its own test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(tryfirst=True)  # before the gate takes the session over
def pytest_cmdline_main(config: pytest.Config) -> None:
    refuse_beside_gate(config)


@pytest.hookimpl(tryfirst=True)  # before pytest-benchmark and the terminal reporter read or register anything
def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if not _has_benchmark(config):
        # Its cases are marked all the same, and belong to a session that only collects.
        config.addinivalue_line("markers", "benchmark: settings for pytest-benchmark, which is switched off")
    # The plugin of every session declares them; it may be switched off.
    if not config.pluginmanager.has_plugin("speedscore.plugin"):
        config.pluginmanager.add_hookspecs(hooks)
    config.stash[CLOCK] = VirtualClock()
    check_options(config)
    register_lines(config)
    if not _is_gate_side(config):
        # Before pytest-benchmark looks at its storage, and before any other session writes to the same file.
        config.stash[FILES] = RunFiles(config)
        # Registered here, it goes before pytest-benchmark's saving and ends before the terminal's summary begins.
        config.pluginmanager.register(SessionEnd(config), "speedscore-session-end")


def _has_benchmark(config: pytest.Config) -> bool:
    """Whether pytest-benchmark is loaded, under whatever name."""
    return hasattr(config.option, "benchmark_disable")


def _is_gate_side(config: pytest.Config) -> bool:
    return config.pluginmanager.has_plugin(GATE_SIDE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    _generate_probes(metafunc)
    mark = metafunc.definition.get_closest_marker(PHASE_MARK)
    if mark is None or "case" not in metafunc.fixturenames:
        return
    clock = metafunc.config.stash[CLOCK]
    metafunc.parametrize(
        ("framework", "model", "device", "precision"),
        [
            pytest.param(
                case.framework,
                case.model,
                case.device,
                case.precision,
                id=case.id,
                marks=[
                    pytest.mark.benchmark(timer=clock.read, group=case.group),
                    # A case that fails has nothing to replay, and its own message says why.
                    pytest.mark.filterwarnings("ignore:Benchmark fixture was not used at all"),
                    *(() if case.precision == FLOAT32 else (getattr(pytest.mark, asking.MARK),)),
                ],
            )
            for case in matrix(mark.args[0])
        ],
    )


def _generate_probes(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker(PROBE_MARK)
    if mark is None or "probe_id" not in metafunc.fixturenames:
        return
    clock = metafunc.config.stash[CLOCK]
    metafunc.parametrize(
        "probe_id",
        [
            pytest.param(
                case.id,
                id=case.id,
                marks=[
                    pytest.mark.benchmark(timer=clock.read, group=case.group),
                    pytest.mark.filterwarnings("ignore:Benchmark fixture was not used at all"),
                    *([pytest.mark.quick] if case.is_quick else ()),
                ],
            )
            for case in FAMILIES[mark.args[0]].list_cases()
        ],
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Where a node id is refused, say which case it may have meant; else begin, now that the selection is complete."""
    try:
        result = yield
    except pytest.UsageError as error:
        raise pytest.UsageError(*error.args, *misspelled_node_ids(session.config.args, _names())) from None
    # Not when pytest_collection_finish is called, for that comes after a Ctrl-C too, with all that was not deselected.
    if not _is_gate_side(session.config):
        _begin(session)
    return result


@pytest.hookimpl(trylast=True)  # after -k and -m have selected
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only whoever asks for it is to wait for, and what was not asked for."""
    failed = _failed_before(config)
    left_out = [
        item
        for item in items
        if (case := case_of(item)) is not None and item.nodeid not in failed and not _is_asked_for(case, config)
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
        config.stash[LEFT_OUT] = len(left_out)


def _failed_before(config: pytest.Config) -> frozenset[str]:
    """The node ids that ``--lf`` or ``--ff`` asks for: pytest selects among what is left, after this plugin."""
    if not (config.getoption("lf", False) or config.getoption("failedfirst", False)):
        return frozenset()
    return frozenset(config.cache.get("cache/lastfailed", {}))


def _is_asked_for(case: Case, config: pytest.Config) -> bool:
    return asking.is_asked_for(
        case,
        keywords=config.getoption("keyword"),
        marks=config.getoption("markexpr"),
        arguments=config.args,
    )


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Say what was left out; where -k selects nothing, which case or part of one it may have meant."""
    left_out = config.stash.get(LEFT_OUT, 0)
    lines = (
        [f"speedscore: {left_out} bfloat16 cases on the CPU are left out; -k bfloat16 selects them"] if left_out else []
    )
    return lines if items else [*lines, *misspelled_keywords(config.getoption("keyword"), _names())]


def _names() -> dict[str, list[str]]:
    """Test → the ids of its cases, for all tests of the suite."""
    measured = {f"test_{phase}": [case.id for case in matrix(phase)] for phase in PHASES}
    return measured | {f"test_{name}": [case.id for case in each.list_cases()] for name, each in FAMILIES.items()}


def _begin(session: pytest.Session) -> None:
    config = session.config
    cases = {item.nodeid: case for item in session.items if (case := case_of(item)) is not None}
    probes = {item.nodeid: probe for item in session.items if (probe := probe_of(item)) is not None}
    # A worker of pytest-xdist measures nothing: there pytest-benchmark is disabled, and every case is skipped.
    if (cases or probes) and not config.option.collectonly and not hasattr(config, "workerinput"):
        if not _has_benchmark(config):
            raise pytest.UsageError(
                "pytest-benchmark is switched off, and what this session selected are its benchmarks; leave out "
                "-p no:benchmark"
            )
        # Imported here because collecting alone needs none of it, and has under a second.
        from speedscore.bench_suite.session.beginning import begin

        config.stash[SESSION] = begin(config, cases, probes)
        # Schedulers send SIGTERM when the time is up, a terminal that is closed SIGHUP, and people press Ctrl-C twice:
        # the first ends the session, and none after it cuts short what tidies up.
        config.add_cleanup(interrupt_on(*ENDING_SIGNALS))


def case_of(item: pytest.Item) -> Case | None:
    """The case that a test item measures, or None for any other test."""
    mark = item.get_closest_marker(PHASE_MARK)
    callspec = getattr(item, "callspec", None)
    if mark is None or callspec is None:
        return None
    names = ("framework", "model", "device", "precision")
    return Case(**{name: callspec.params[name] for name in names}, phase=mark.args[0])


def probe_of(item: pytest.Item) -> ProbeCase | None:
    """The probe that a test item asks, or None for any other test."""
    mark = item.get_closest_marker(PROBE_MARK)
    callspec = getattr(item, "callspec", None)
    if mark is None or callspec is None:
        return None
    return FAMILIES[mark.args[0]].find(callspec.params["probe_id"])


@pytest.fixture
def probe(probe_id: str, request: pytest.FixtureRequest) -> ProbeCase:
    """The probe of this test. Asking for its id is what lets the plugin fill it in."""
    family = request.node.get_closest_marker(PROBE_MARK)
    if family is None:
        raise pytest.UsageError(f"{request.node.nodeid} asks for a probe but has no {PROBE_MARK} marker")
    return FAMILIES[family.args[0]].find(probe_id)


@pytest.fixture
def case(
    framework: str,  # noqa: ARG001
    model: str,  # noqa: ARG001
    device: str,  # noqa: ARG001
    precision: str,  # noqa: ARG001
    request: pytest.FixtureRequest,
) -> Case:
    """The case of this test. Asking for the four parameters is what lets the plugin fill them in."""
    requested_case = case_of(request.node)
    if requested_case is None:
        raise pytest.UsageError(f"{request.node.nodeid} asks for a case but has no {PHASE_MARK} marker")
    return requested_case


@pytest.fixture
def replay(request: pytest.FixtureRequest, benchmark: BenchmarkFixture) -> Callable[[Case], None]:
    """Measure a case, together with its block, and play its rounds back to pytest-benchmark."""
    config = request.config

    def measure(case: Case) -> None:
        if benchmark.disabled:
            pytest.skip("benchmarks are disabled (--benchmark-disable, or pytest-xdist is running)")
        clock = config.stash[CLOCK]
        if _is_gate_side(config):
            _measure_paired(case, preset=find_preset(config.getoption("preset")), clock=clock, benchmark=benchmark)
        else:
            from speedscore.bench_suite.session.replaying import replay_case

            with _unused_where_interrupted(benchmark):
                replay_case(case, item=request.node, clock=clock, benchmark=benchmark)

    return measure


@contextmanager
def _unused_where_interrupted(benchmark: BenchmarkFixture) -> Iterator[None]:
    """Ctrl-C takes the fixture down with the session, where no test's filter stops its warning that it was unused."""
    try:
        yield
    except KeyboardInterrupt:
        benchmark.skipped = True
        raise


@pytest.fixture
def ask(request: pytest.FixtureRequest, benchmark: BenchmarkFixture) -> Callable[[ProbeCase], None]:
    """Ask a probe, together with all others of the session, and play its seconds back to pytest-benchmark."""
    config = request.config

    def ask_and_play(probe: ProbeCase) -> None:
        if benchmark.disabled:
            pytest.skip("benchmarks are disabled (--benchmark-disable, or pytest-xdist is running)")
        if _is_gate_side(config):
            pytest.skip("a probe is asked once and times nothing that two checkouts could be compared by")
        from speedscore.bench_suite.session.replaying import replay_probe

        with _unused_where_interrupted(benchmark):
            replay_probe(probe, item=request.node, clock=config.stash[CLOCK], benchmark=benchmark)

    return ask_and_play


def _measure_paired(case: Case, *, preset: Preset, clock: VirtualClock, benchmark: BenchmarkFixture) -> None:
    from speedscore.bench_suite.matrix.devices import DETECTORS
    from speedscore.bench_suite.session.running.paired_case import measure_paired_case
    from speedscore.bench_suite.session.running.worker_factory import block_workers

    measure_paired_case(
        case,
        preset=preset,
        clock=clock,
        benchmark=benchmark,
        open_workers=partial(block_workers, preset, in_process=False),
        detectors=DETECTORS,
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    bench_session, case = item.config.stash.get(SESSION, None), case_of(item)
    if bench_session is not None and case is not None and not report.passed:
        from speedscore.bench_suite.session.replaying import note_report

        note_report(bench_session, case, report)
    if bench_session is not None and (probe := probe_of(item)) is not None and not report.passed:
        from speedscore.bench_suite.session.replaying import note_probe_report

        note_probe_report(bench_session, probe, report)
    return report


@pytest.hookimpl(optionalhook=True)  # pytest-benchmark may be switched off
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    bench_session = config.stash.get(SESSION, None)
    if bench_session is not None:
        output_json[BLOCK_KEY] = to_block(bench_session.record())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    bench_session = config.stash.get(SESSION, None)
    if bench_session is not None:
        from speedscore.bench_suite.session.printing.terminal_report import write_report

        write_report(terminalreporter, bench_session.record())
