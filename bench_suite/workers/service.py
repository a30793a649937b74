"""What a worker can do: build one program, prepare it, time its rounds, describe it. One request at a time.

It knows programs by their verbs and imports a framework only through the table, on the first request. It talks to
nobody: the worker's main loop, or pytest itself under ``--in-process``, hands it requests and takes its replies.
"""

from __future__ import annotations

import math
import platform
from pathlib import Path

from bench_suite.certificate import certify, require_passed
from bench_suite.frameworks.program import Phase, Program
from bench_suite.measuring import memory
from bench_suite.measuring.rounds import settle, time_round, warm_up
from bench_suite.measuring.timing import seconds
from bench_suite.record import Certificate, Scalar
from bench_suite.workers.isolation import allowed_processors, recorded_variables
from bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Reply,
    Request,
    Setting,
)
from bench_suite.workloads.table import load_workload
from bench_suite.workloads.workload import Workload

FARTHEST_STEP = 100
"""Training goes back to the canonical weights before it passes this step, unless one round alone is longer."""


class MeasurementInvalid(RuntimeError):
    """What was timed was not what the figure says. The message names the rule and what was seen."""


class Service:
    """Holds the program between requests. ``isolated`` False says that the process was not set up for the case."""

    def __init__(self, *, isolated: bool = True) -> None:
        self._isolated = isolated
        self._setting: Setting | None = None
        self._workload: Workload | None = None
        self._program: Program | None = None
        self._import_rss_bytes: int | None = None
        self._steps_from_start = 0
        self._last_loss: float | None = None

    def handle(self, request: Request) -> Reply:
        """Do what is asked. Raises whatever goes wrong; DeviceUnavailable where the device cannot be used."""
        match request:
            case Build(setting):
                return self._build(setting)
            case Prepare(certify=certify_first, round_seconds=round_seconds):
                return self._prepare(certify_first=certify_first, round_seconds=round_seconds)
            case Measure(steps):
                return self._measure(steps)
            case Describe():
                return self._describe()

    def _build(self, setting: Setting) -> Built:
        case, framework = setting.case, setting.framework
        builder = framework.load()
        self._import_rss_bytes = memory.rss_bytes()
        memory.reset_peak()
        self._workload = load_workload(setting.workload_module, setting.preset)
        self._program = builder(
            self._workload,
            phase=case.phase,
            device=case.device,
            variant=framework.variant,
            threads=len(setting.affinity),
        )
        self._setting = setting
        self._check_where_it_runs()
        return Built(workload=self._workload.describe() | {"preset": setting.preset})

    def _check_where_it_runs(self) -> None:
        setting, program, _ = self._built()
        described = program.describe()
        if described["platform"] != setting.case.device:
            raise MeasurementInvalid(
                f"asked to run on {setting.case.device}, but the program sits on {described['platform']}"
            )
        # Where the system does not tell how many threads there are, the count is None and nothing can be checked.
        wrong_count = described["threads"] not in (None, len(setting.affinity))
        if setting.case.device == "cpu" and self._isolated and wrong_count:
            raise MeasurementInvalid(
                f"asked for {len(setting.affinity)} computing threads, one for each processor of the affinity, "
                f"but {setting.case.framework} uses {described['threads']}"
            )

    def _prepare(self, *, certify_first: bool, round_seconds: float) -> Prepared:
        setting, program, workload = self._built()
        phase = setting.case.phase
        stages_seconds = program.compile()
        started = seconds()
        settle(program, phase=phase, steps=1)
        first_step_seconds = seconds() - started
        memory_bytes = {}
        with_compile = self._above_import(memory.peak_rss_bytes())
        if with_compile is not None:
            memory_bytes["peak_rss_with_compile_bytes"] = with_compile
        fresh_peak = memory.reset_peak()
        step_seconds = warm_up(program, phase=phase)
        self._note_loss(program, phase=phase)
        running = self._above_import(memory.peak_rss_bytes()) if fresh_peak else None
        if running is not None:
            memory_bytes["peak_rss_running_bytes"] = running
        certificate: Certificate | None = None
        memory_bytes |= program.memory()
        if certify_first:
            certificate = certify(program, workload, phase)
            require_passed(setting.case.id, certificate)
        return Prepared(
            stages_seconds=stages_seconds,
            first_step_seconds=first_step_seconds,
            time_to_first_step_seconds=sum(stages_seconds.values()) + first_step_seconds,
            memory_bytes=memory_bytes,
            certificate=certificate,
            steps_per_round=max(1, math.ceil(round_seconds / step_seconds)),
        )

    def _above_import(self, rss_bytes: int | None) -> int | None:
        if rss_bytes is None or self._import_rss_bytes is None:
            return None
        return max(0, rss_bytes - self._import_rss_bytes)

    def _measure(self, steps: int) -> Measured:
        setting, program, _ = self._built()
        phase = setting.case.phase
        settling_steps = max(1, steps // 4)
        self._stay_near_the_start(program, phase=phase, steps=steps + settling_steps)
        settle(program, phase=phase, steps=settling_steps)
        round_seconds = time_round(program, phase=phase, steps=steps)
        if program.pending():
            raise MeasurementInvalid("work was still pending after the wait: the round's time would be too short")
        self._note_loss(program, phase=phase)
        return Measured(seconds=round_seconds / steps)

    def _note_loss(self, program: Program, *, phase: Phase) -> None:
        if phase == "inference":
            return
        loss = program.loss()
        if not math.isfinite(loss):
            raise MeasurementInvalid(f"the loss is {loss} after steps that were timed; it must stay finite")
        self._last_loss = loss

    def _stay_near_the_start(self, program: Program, *, phase: Phase, steps: int) -> None:
        """What a step costs must not depend on how far training has come, so it never comes far."""
        if phase == "inference":
            return
        self._steps_from_start += steps
        if self._steps_from_start > FARTHEST_STEP:
            program.load()
            self._steps_from_start = steps

    def _describe(self) -> Described:
        setting, program, _ = self._built()
        described = program.describe()
        if setting.case.phase != "inference":
            described |= {"last_loss": self._last_loss}
        worker: dict[str, Scalar] = {
            "python": platform.python_version(),
            "affinity": ",".join(map(str, allowed_processors())),
            "process_threads": _thread_count(),
        }
        worker |= recorded_variables()
        return Described(program=described, worker=worker)

    def _built(self) -> tuple[Setting, Program, Workload]:
        if self._setting is None or self._program is None or self._workload is None:
            raise RuntimeError("the first request to a worker must be Build")
        return self._setting, self._program, self._workload


def _thread_count() -> int | None:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return None
