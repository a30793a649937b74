"""A worker is a process of its own: whatever happens in it is said plainly, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workers.certificate import CertificateError
from speedscore.bench_suite.workers.handle import ProcessWorker, WorkerError
from speedscore.bench_suite.workers.profiled_steps import PROFILED_STEPS
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Gauge,
    Gauged,
    Prepare,
    Prepared,
    Profile,
    Profiled,
    Setting,
    TimedRound,
    TimeRound,
)
from speedscore.bench_suite.workers.service import Service
from speedscore.host.processors import allowed_processors
from speedscore.record.phases import Role
from tests.bench_suite.sample_framework.program import KEPT_BYTES
from tests.bench_suite.workers.services import a_setting, built, prepared
from tests.places import HELPERS
from tests.waiting import has_gone, wait_until

ROLES: tuple[Role, ...] = ("training", "inference", "throughput")
LIMIT_SECONDS = 60.0
PREPARE = Prepare(role="training", round_seconds=0.001)

Start = Callable[..., tuple[ProcessWorker, Setting]]


@pytest.fixture(autouse=True)
def helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HELPERS))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    workers: list[ProcessWorker] = []

    def start(variant: str) -> tuple[ProcessWorker, Setting]:
        scratch = tmp_path / f"worker{len(workers)}"
        scratch.mkdir()
        worker = ProcessWorker(scratch)
        workers.append(worker)
        return worker, a_setting(variant, scratch)

    yield start
    for worker in workers:
        worker.close()


def ask(worker: ProcessWorker, setting: Setting, *, limit_seconds: float = LIMIT_SECONDS) -> None:
    worker.ask(Build(setting), limit_seconds=LIMIT_SECONDS)
    worker.ask(PREPARE, limit_seconds=limit_seconds)
    worker.ask(TimeRound(role="training", steps=1), limit_seconds=LIMIT_SECONDS)


def test_a_healthy_worker_builds_certifies_and_times(start: Start) -> None:
    worker, setting = start("healthy")
    built = worker.ask(Build(setting), limit_seconds=LIMIT_SECONDS)
    assert isinstance(built, Built)
    assert built.workload["preset"] == "smoke"
    prepared = worker.ask(PREPARE, limit_seconds=LIMIT_SECONDS)
    assert isinstance(prepared, Prepared)
    assert prepared.certificate.passed
    assert prepared.memory_bytes["peak_rss_running_bytes"] > 0
    measured = worker.ask(TimeRound(role="training", steps=2), limit_seconds=LIMIT_SECONDS)
    assert isinstance(measured, TimedRound)
    assert measured.seconds > 0
    described = worker.ask(Describe("training"), limit_seconds=LIMIT_SECONDS)
    assert isinstance(described, Described)
    assert described.worker.affinity == ",".join(map(str, allowed_processors()))
    assert described.worker.other["OMP_NUM_THREADS"] == str(len(allowed_processors()))


@pytest.mark.parametrize("role", ["inference", "throughput"])
def test_a_pass_is_certified_on_what_is_timed(tmp_path: Path, role: Role) -> None:
    checks = prepared(built("healthy", tmp_path), role).certificate.checks
    assert [check.quantity for check in checks] == ["parameter count", "forward outputs", "loss", "second batch"]


def test_one_worker_serves_all_roles_of_a_cell(tmp_path: Path) -> None:
    service = built("healthy", tmp_path)
    memory = [set(prepared(service, role).memory_bytes) for role in ROLES]
    for role in ROLES:
        assert isinstance(service.handle(TimeRound(role=role, steps=1)), TimedRound)
    # A peak of the second program would hold what the first one left behind.
    assert memory == [{"peak_rss_running_bytes", "peak_rss_with_compile_bytes"}, set(), set()]


def test_what_the_first_step_tried_out_is_no_memory_of_a_step(tmp_path: Path) -> None:
    assert prepared(built("searching", tmp_path), "training").memory_bytes["allocator_peak_bytes"] == 100


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the figures are Linux's")
def test_what_compiling_gave_back_is_no_memory_of_stepping_and_what_it_kept_is(start: Start) -> None:
    worker, setting = start("keeping")
    worker.ask(Build(setting), limit_seconds=LIMIT_SECONDS)
    prepared = worker.ask(PREPARE, limit_seconds=LIMIT_SECONDS)
    assert isinstance(prepared, Prepared)
    compiling = prepared.memory_bytes["peak_rss_with_compile_bytes"]
    stepping = prepared.memory_bytes["peak_rss_running_bytes"]
    assert compiling > 2 * KEPT_BYTES
    assert KEPT_BYTES < stepping < compiling - KEPT_BYTES // 2


def test_a_worker_measures_what_its_figures_are_held_against(tmp_path: Path) -> None:
    service = built("healthy", tmp_path)
    prepared(service, "training")
    gauged = service.handle(Gauge())
    assert isinstance(gauged, Gauged)
    assert gauged.gemm_flops_per_second is not None
    assert gauged.gemm_flops_per_second > 1e8
    assert len(gauged.dispatch_seconds) == 30
    assert min(gauged.dispatch_seconds) > 0


def test_what_was_not_prepared_is_not_timed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="first request to a worker must be Build"):
        Service().handle(PREPARE)
    with pytest.raises(RuntimeError, match="must be prepared before"):
        built("healthy", tmp_path).handle(TimeRound(role="training", steps=1))


def test_a_process_that_was_profiled_times_nothing_any_more(tmp_path: Path) -> None:
    service = built("profiled", tmp_path)
    prepared(service, "training")
    service.handle(TimeRound(role="training", steps=1))
    profiled = service.handle(Profile("training"))
    assert isinstance(profiled, Profiled)
    (path,) = map(Path, profiled.paths)
    assert path.is_relative_to(tmp_path)
    assert path.read_text() == "\n".join(f"step {number}" for number in range(PROFILED_STEPS))
    with pytest.raises(RuntimeError, match="has run under a profiler, and no round of it would be a figure"):
        service.handle(TimeRound(role="training", steps=1))


def test_a_framework_without_a_profiler_says_so(tmp_path: Path) -> None:
    service = built("healthy", tmp_path)
    prepared(service, "inference")
    assert service.handle(Profile("inference")) == Profiled(reason="sample has no profiler that it could be run under")


def test_a_failure_of_megabytes_is_told_by_its_beginning_and_its_end(start: Start) -> None:
    worker, setting = start("verbose")
    with pytest.raises(WorkerError, match=r"ValueError: x+ … \(49,992,012 characters left out\) … x+") as failure:
        ask(worker, setting)
    assert len(str(failure.value)) < 20_000


def test_half_a_character_of_what_is_raised_ends_no_worker(start: Start) -> None:
    worker, setting = start("raise half a character")
    with pytest.raises(WorkerError, match=r"^ValueError: no kernel in /opt/b\\udcfcro"):
        ask(worker, setting)
    assert isinstance(worker.ask(Gauge(), limit_seconds=LIMIT_SECONDS), Gauged)


def test_a_reply_that_cannot_be_sent_is_refused_and_the_worker_lives_on(start: Start) -> None:
    worker, setting = start("describe half a character")
    ask(worker, setting)
    with pytest.raises(WorkerError, match=r"a reply holds text that cannot be sent: .* surrogates not allowed"):
        worker.ask(Describe(role="training"), limit_seconds=LIMIT_SECONDS)
    assert isinstance(worker.ask(TimeRound(role="training", steps=1), limit_seconds=LIMIT_SECONDS), TimedRound)


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("crash", r"exit code 3(.|\n)*about to fall over"),
        ("killed", r"SIGKILL.*memory"),
        ("raise", r"no kernel for this shape(.|\n)*Traceback"),
        pytest.param("forge", r"reply to request 2 \(Prepare\), but something else wrote to its pipe"),
        pytest.param("chatter", r"something else wrote to its pipe: b'step 1 of 10'"),
    ],
    ids=lambda value: value if value.isalpha() else "",
)
def test_what_goes_wrong_in_a_worker_is_named(start: Start, variant: str, message: str) -> None:
    worker, setting = start(variant)
    with pytest.raises(WorkerError, match=message):
        ask(worker, setting)


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("wrong", r"forward outputs wrong"),
        ("pending", r"still pending after the wait"),
        ("recompile", r"compilation happened inside the timed region"),
        ("diverge", r"loss is nan"),
        ("threads", r"computing threads"),
        ("elsewhere", r"but the program sits on"),
    ],
    ids=lambda value: value if value.isalpha() else "",
)
def test_what_would_make_a_wrong_figure_is_named(tmp_path: Path, variant: str, message: str) -> None:
    service = built(variant, tmp_path)

    def prepare_and_time() -> None:
        prepared(service, "training")
        service.handle(TimeRound(role="training", steps=1))

    with pytest.raises((RuntimeError, CertificateError), match=message):
        prepare_and_time()


def test_a_hanging_worker_is_given_up_with_its_last_lines(start: Start) -> None:
    worker, setting = start("hang")
    with pytest.raises(WorkerError, match=r"no reply within 5 s(.|\n)*thinking forever"):
        ask(worker, setting, limit_seconds=5.0)


def test_a_device_that_the_framework_cannot_use_is_no_failure(start: Start) -> None:
    worker, setting = start("unavailable")
    with pytest.raises(DeviceUnavailable, match="this build of the sample framework has none"):
        ask(worker, setting)


def test_a_frozen_worker_stands_still_and_answers_when_asked(start: Start) -> None:
    worker, setting = start("healthy")
    ask(worker, setting)
    worker.freeze()
    process = psutil.Process(worker.pid)
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "the worker was not frozen")
    worker.ask(TimeRound(role="training", steps=1), limit_seconds=LIMIT_SECONDS)
    assert process.status() != psutil.STATUS_STOPPED


@pytest.mark.parametrize("frozen", [False, True])
def test_closing_leaves_no_process_and_no_file(start: Start, frozen: bool) -> None:
    worker, setting = start("healthy")
    ask(worker, setting)
    if frozen:
        worker.freeze()
    worker.close()
    assert not psutil.pid_exists(worker.pid)
    assert not Path(setting.scratch).exists()
    worker.close()


def test_workers_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from speedscore.bench_suite.workers.handle import ProcessWorker\n"
        "worker = ProcessWorker(pathlib.Path(sys.argv[1]))\n"
        "from speedscore.bench_suite.workers.protocol import Describe\n"
        "try:\n"
        "    worker.ask(Describe('training'), limit_seconds=60)\n"
        "except RuntimeError:\n"
        "    pass\n"
        "print(worker.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: has_gone(pid), "the worker outlived the process that started it")
