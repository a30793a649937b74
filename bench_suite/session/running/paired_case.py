"""One case measured as one side of a gate: its own test runs a round whenever the gate asks for one.

In a session of its own a case is measured with its whole block beforehand, and its test replays the rounds. Here base
and head are two checkouts that take turns, so one worker serves one test, from its start to its end, and is stopped
whenever it is not asked: it is not the gate that started it. Nothing is saved, and no framework is measured beside
another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.block import ONE_PROCESS_AT_A_TIME
from speedscore.bench_suite.measuring.cell_run import WorkerFactory, ask
from speedscore.bench_suite.measuring.outcomes import CACHES_UNTOLD, NOTHING_FROM_CACHES
from speedscore.bench_suite.measuring.role_rounds import ReplyType, RoleRounds, RoundRefused
from speedscore.bench_suite.session.running.machine import Detectors, DeviceSearch
from speedscore.bench_suite.session.running.worker_factory import OpenWorkers
from speedscore.bench_suite.session.virtual_clock import VirtualClock
from speedscore.bench_suite.workers.handle import Worker, WorkerError
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Prepare,
    Prepared,
    Request,
    Setting,
)
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar
from speedscore.record.metrics import find_metric
from speedscore.record.phases import PHASES

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

MOST_ROUNDS = 1_000_000
"""More than a gate will ever ask for: when there are enough is its decision."""

STEPS_TOGETHER = 20
"""Larger rounds have a multiple of so many steps, so that 5 or 10 % more work is a whole number of them."""

_STAGES = {
    "optimizer_state_seconds": "optimizer",
    "trace_seconds": "trace",
    "trace_and_lower_seconds": "trace and lower",
    "lower_seconds": "lower",
    "backend_compile_seconds": "compile",
}
"""What a gate calls them."""

NO_EXTRA_COMPILATION = "a canary adds work to each round, and a compilation happens once: nothing can be added to it"


class Pairing(Protocol):
    """What the gate's plugin puts on the ``benchmark`` fixture."""

    extra_work: float
    """Share of additional work that this side is to do in each round, for a canary; else 0."""
    known: int | None
    """The steps of a round that earlier processes of this comparison agreed on; None in the first."""

    def agree(self, steps: int, /) -> int:
        """Offer a number of steps a round, wait for the other side, and take the number that both will use."""
        ...


def measure_paired_case(
    case: Case,
    *,
    preset: Preset,
    clock: VirtualClock,
    benchmark: BenchmarkFixture,
    open_workers: OpenWorkers,
    detectors: Detectors,
) -> None:
    """Measure the case whenever the gate says so. Skips or fails the test as a session of its own would."""
    pairing: Pairing = benchmark.pairing  # type: ignore[attr-defined]  # put there by the gate's plugin
    if reason := _why_not(case, pairing, detectors=detectors):
        pytest.skip(reason)
    try:
        with open_workers() as start_worker:
            paired_case = _PairedCase(case, preset=preset, clock=clock, benchmark=benchmark, start_worker=start_worker)
            if PHASES[case.phase].compiles:
                paired_case.measure_compilation()
            else:
                paired_case.measure_rounds(pairing)
    except DeviceUnavailable as error:
        raise pytest.skip.Exception(str(error)) from None
    except (RoundRefused, WorkerError) as error:
        raise pytest.fail.Exception(f"{case.id}: {error}", pytrace=False) from None


def _why_not(case: Case, pairing: Pairing, *, detectors: Detectors) -> str:
    """Why the case cannot be measured here, known without starting a worker; empty when it can be tried."""
    if case.device in ONE_PROCESS_AT_A_TIME:
        return (
            f"two processes cannot share a {case.device.upper()}, so base and head cannot take turns on it; "
            "compare saved runs instead"
        )
    if absence := DeviceSearch(detectors).absence(case):
        return absence
    if pairing.extra_work and PHASES[case.phase].compiles:
        return NO_EXTRA_COMPILATION
    return ""


class _PreparedWorker:
    """A worker with the program of the case prepared and certified, stopped whenever it is not asked."""

    def __init__(self, worker: Worker, case: Case, *, preset: Preset, setting: Setting) -> None:
        self._worker = worker
        self._limit_seconds = preset.limit_seconds
        began = seconds()
        self.built = self.ask(Build(setting), Built)
        self.import_seconds = seconds() - began
        """What starting the process and importing the framework and the workload took."""
        request = Prepare(role=case.role, round_seconds=preset.round_seconds, warm_up=preset.warm_up)
        self.prepared = self.ask(request, Prepared)
        self._rounds = RoleRounds(case.role, self._ask, worker.held_up_seconds)

    def ask(self, request: Request, expected: type[ReplyType]) -> ReplyType:
        reply = self._ask(request, expected)
        self._worker.freeze()
        return reply

    def take_round(self, steps: int) -> float:
        """Take one round, and return its seconds a step."""
        seconds_per_step = self._rounds.take(steps)
        self._worker.freeze()
        return seconds_per_step

    def _ask(self, request: Request, expected: type[ReplyType]) -> ReplyType:
        return ask(self._worker, request, expected, limit_seconds=self._limit_seconds)


class _PairedCase:
    """One side of the pair, for one test."""

    def __init__(
        self,
        case: Case,
        *,
        preset: Preset,
        clock: VirtualClock,
        benchmark: BenchmarkFixture,
        start_worker: WorkerFactory,
    ) -> None:
        self._case = case
        self._preset = preset
        self._clock = clock
        self._benchmark = benchmark
        self._start_worker = start_worker

    def measure_rounds(self, pairing: Pairing) -> None:
        """Rounds of one worker, as many as the gate asks for."""
        with self._worker(process=0) as worker:
            self._tell(worker)
            steps = pairing.agree(_offer(pairing.known or worker.prepared.steps_per_round, pairing))
            steps_with_extra_work = steps + round(steps * pairing.extra_work)

            def run_round() -> None:
                seconds_per_step = worker.take_round(steps_with_extra_work)
                # The steps that a canary adds pass as part of the others: that is the slowdown.
                self._clock.advance(seconds_per_step * steps_with_extra_work / steps)

            self._benchmark.pedantic(run_round, rounds=MOST_ROUNDS, iterations=1)

    def measure_compilation(self) -> None:
        """One compilation in a worker that is started for it, from empty caches or from those of a worker before it."""
        is_warm = PHASES[self._case.phase].is_warm
        if is_warm:
            with self._worker(process=0):
                pass  # it fills the caches

        def compile_once() -> None:
            with self._worker(process=1 if is_warm else 0) as worker:
                if is_warm and worker.prepared.from_cache is False:
                    raise WorkerError(NOTHING_FROM_CACHES)
                if is_warm and worker.prepared.compiles and worker.prepared.from_cache is None:
                    pytest.skip(CACHES_UNTOLD)
                self._tell(worker)
                # It is what a round is made of here.
                self._benchmark.extra_info["speedscore_round_stages_seconds"] = _stages_seconds(worker)
            self._clock.advance(worker.prepared.time_to_first_step_seconds)

        self._benchmark.pedantic(compile_once, rounds=1, iterations=1)

    @contextmanager
    def _worker(self, *, process: int) -> Iterator[_PreparedWorker]:
        worker, setting = self._start_worker(self._case.cell, process=process)
        try:
            yield _PreparedWorker(worker, self._case, preset=self._preset, setting=setting)
        finally:
            worker.close()

    def _tell(self, worker: _PreparedWorker) -> None:
        """What the gate compares beside the time, and what must be the same on both sides for that to mean anything."""
        case, prepared = self._case, worker.prepared
        program = worker.ask(Describe(case.role), Described).program
        identity: dict[str, Scalar] = {
            **{f"workload.{name}": value for name, value in worker.built.workload.items()},
            "preset": self._preset.name,
            "precision": case.precision,
            "platform": program.platform,
            "threads": program.threads,
            "certificate": prepared.certificate.reference,
        }
        extra_info: dict[str, Any] = {"speedscore_identity": identity, "speedscore_counts": prepared.counts}
        declared = FRAMEWORKS[case.framework].metrics
        higher = [name for name in prepared.counts if find_metric(name, declared).better == "higher"]
        if higher:
            extra_info["speedscore_higher_is_better"] = higher
        extra_info["speedscore_stages_seconds"] = {"import": worker.import_seconds} | _stages_seconds(worker)
        main_memory = "peak_rss_running_bytes" if case.device == "cpu" else "allocator_peak_bytes"
        if main_memory in prepared.memory_bytes:
            extra_info["speedscore_memory_bytes"] = prepared.memory_bytes[main_memory]
        self._benchmark.extra_info.update(extra_info)


def _stages_seconds(worker: _PreparedWorker) -> dict[str, float]:
    """From the worker's own account, by the names that a gate has for the stages."""
    prepared = worker.prepared
    named = {_STAGES.get(name, name): amount for name, amount in prepared.stages_seconds.items()}
    return named | {"first step": prepared.first_step_seconds}


def _offer(steps: int, pairing: Pairing) -> int:
    """The steps a round that this side offers: so many that the additional work is whole steps."""
    if pairing.extra_work:
        steps = max(steps, math.ceil(1 / pairing.extra_work))
    return steps if steps < STEPS_TOGETHER else STEPS_TOGETHER * math.ceil(steps / STEPS_TOGETHER)
