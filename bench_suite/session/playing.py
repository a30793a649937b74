"""Our own cases in a gate: the rounds of one case played live, while the other side of the pair waits for its turn.

In a session of its own a case is measured with its whole block and then replayed. Here one worker serves one test, from
its start to its end, and is stopped whenever it is not asked, because it is not the gate that started it. Nothing is
saved, and no framework is measured beside another.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.matrix.devices import PROBES
from speedscore.bench_suite.measuring.block import NOTHING_FROM_CACHES, ONE_PROCESS_AT_A_TIME, ReplyType, ask
from speedscore.bench_suite.session.session import absence_of, make_setting
from speedscore.bench_suite.session.virtual_clock import VirtualClock
from speedscore.bench_suite.workers.handle import ProcessWorker, Worker, WorkerError, new_scratch
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Request,
    Setting,
)
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.host.fields import Scalar
from speedscore.record.phases import PHASES

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

MOST_ROUNDS = 1_000_000
"""More than a gate will ever ask for: when there are enough is its decision."""

STEPS_TOGETHER = 20
"""Larger rounds have a multiple of so many steps, so that 5 or 10 % more work is a whole number of them."""

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


def play_case(case: Case, *, preset: Preset, clock: VirtualClock, benchmark: BenchmarkFixture) -> None:
    """Measure the case whenever the gate says so. Skips or fails the test as a session of its own would."""
    pairing: Pairing = benchmark.pairing  # type: ignore[attr-defined]  # put there by the gate's plugin
    if reason := _why_not(case, pairing):
        pytest.skip(reason)
    stage = _Stage(case, preset=preset, clock=clock, benchmark=benchmark)
    try:
        if PHASES[case.phase].compiles:
            stage.play_compilation()
        else:
            stage.play_rounds(pairing)
    except DeviceUnavailable as error:
        raise pytest.skip.Exception(str(error)) from None
    except WorkerError as error:
        raise pytest.fail.Exception(f"{case.id}: {error}", pytrace=False) from None


def _why_not(case: Case, pairing: Pairing) -> str:
    """Why the case cannot be measured here, known without starting a worker; empty when it can be tried."""
    if case.device in ONE_PROCESS_AT_A_TIME:
        return (
            f"two processes cannot share a {case.device.upper()}, so base and head cannot take turns on it; "
            "compare saved runs instead"
        )
    if absence := absence_of(case, PROBES[case.device]()):
        return absence
    if pairing.extra_work and PHASES[case.phase].compiles:
        return NO_EXTRA_COMPILATION
    return ""


class _Live:
    """A worker with the program of the case prepared and certified, stopped whenever it is not asked."""

    def __init__(self, worker: Worker, case: Case, *, preset: Preset, setting: Setting) -> None:
        self._worker = worker
        self._limit_seconds = preset.limit_seconds
        self.built = self.ask(Build(setting), Built)
        self.prepared = self.ask(Prepare(role=case.role, round_seconds=preset.round_seconds), Prepared)

    def ask(self, request: Request, expected: type[ReplyType]) -> ReplyType:
        reply = ask(self._worker, request, expected, limit_seconds=self._limit_seconds)
        self._worker.freeze()
        return reply


class _Stage:
    """What one test plays on."""

    def __init__(self, case: Case, *, preset: Preset, clock: VirtualClock, benchmark: BenchmarkFixture) -> None:
        self._case = case
        self._preset = preset
        self._clock = clock
        self._benchmark = benchmark

    def play_rounds(self, pairing: Pairing) -> None:
        """Rounds of one worker, as many as the gate asks for."""
        role = self._case.role
        with _new_folder() as caches, self._worker(caches) as live:
            self._tell(live)
            steps = pairing.agree(_offer(pairing.known or live.prepared.steps_per_round, pairing))
            played = steps + round(steps * pairing.extra_work)

            def play_round() -> None:
                seconds_per_step = live.ask(Measure(role, played), Measured).seconds
                # The steps that a canary adds pass as part of the others: that is the slowdown.
                self._clock.advance(seconds_per_step * played / steps)

            self._benchmark.pedantic(play_round, rounds=MOST_ROUNDS, iterations=1)

    def play_compilation(self) -> None:
        """One compilation in a worker that is started for it, from empty caches or from those of a worker before it."""
        warm = PHASES[self._case.phase].is_warm
        with _new_folder() as caches:
            if warm:
                with self._worker(caches):
                    pass  # it fills the caches

            def compile_once() -> None:
                with self._worker(caches) as live:
                    if warm and live.prepared.from_cache is False:
                        raise WorkerError(NOTHING_FROM_CACHES)
                    self._tell(live)
                self._clock.advance(live.prepared.time_to_first_step_seconds)

            self._benchmark.pedantic(compile_once, rounds=1, iterations=1)

    @contextmanager
    def _worker(self, caches: Path) -> Iterator[_Live]:
        scratch = new_scratch()
        setting = make_setting(self._case.cell, preset=self._preset, scratch=scratch, caches=caches)
        worker = ProcessWorker(scratch)
        try:
            yield _Live(worker, self._case, preset=self._preset, setting=setting)
        finally:
            worker.close()

    def _tell(self, live: _Live) -> None:
        """What the gate compares beside the time, and what must be the same on both sides for that to mean anything."""
        case, prepared = self._case, live.prepared
        program = live.ask(Describe(case.role), Described).program
        identity: dict[str, Scalar] = {
            **{f"workload.{name}": value for name, value in live.built.workload.items()},
            "preset": self._preset.name,
            "precision": case.precision,
            "platform": program.platform,
            "threads": program.threads,
            "certificate": prepared.certificate.reference,
        }
        told: dict[str, Any] = {"speedscore_identity": identity, "speedscore_counts": prepared.counts}
        main_memory = "peak_rss_running_bytes" if case.device == "cpu" else "allocator_peak_bytes"
        if main_memory in prepared.memory_bytes:
            told["speedscore_memory_bytes"] = prepared.memory_bytes[main_memory]
        self._benchmark.extra_info.update(told)


def _offer(steps: int, pairing: Pairing) -> int:
    """The steps a round that this side offers: so many that the additional work is whole steps."""
    if pairing.extra_work:
        steps = max(steps, math.ceil(1 / pairing.extra_work))
    return steps if steps < STEPS_TOGETHER else STEPS_TOGETHER * math.ceil(steps / STEPS_TOGETHER)


@contextmanager
def _new_folder() -> Iterator[Path]:
    folder = new_scratch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
