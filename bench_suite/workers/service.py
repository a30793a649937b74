"""What a worker can do: build the programs of one cell, prepare them, time their rounds. One request at a time.

It knows programs by their verbs and imports a framework only through the table, on the first request. It talks to
nobody: the worker's main loop, or pytest itself under ``--in-process``, hands it requests and takes its replies.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import msgspec

from speedscore.bench_suite.frameworks.program import Program, Runnable, TaskProgram
from speedscore.bench_suite.workers import memory
from speedscore.bench_suite.workers.after_rounds import FEWEST_STEPS, check_after_rounds
from speedscore.bench_suite.workers.certificate import certify, require_passed
from speedscore.bench_suite.workers.gauges import call_seconds, gemm_flops_per_second
from speedscore.bench_suite.workers.own_code import OwnCode
from speedscore.bench_suite.workers.profiled_steps import profile_steps
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    CertifiedAgain,
    CertifyAgain,
    Describe,
    Described,
    Done,
    DrawBatch,
    Gauge,
    Gauged,
    LoadWeights,
    Prepare,
    Prepared,
    Profile,
    Profiled,
    Repeat,
    Reply,
    Request,
    Setting,
    Settle,
    Settled,
    Show,
    TimedRound,
    TimeRound,
)
from speedscore.bench_suite.workers.rounds import settle, time_round, warm_up
from speedscore.bench_suite.workers.second_batch import own_batch
from speedscore.bench_suite.workers.showing import repeat, show
from speedscore.bench_suite.workers.task_certificate import certify_task, check_task_after_rounds
from speedscore.bench_suite.workloads.batches import Batches
from speedscore.bench_suite.workloads.presets import Gauging
from speedscore.bench_suite.workloads.reference import read_reference
from speedscore.bench_suite.workloads.table import load_task, load_workload
from speedscore.bench_suite.workloads.task import TaskWorkload
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar
from speedscore.host.processors import allowed_processors
from speedscore.host.variables import recorded_variables
from speedscore.record.descriptions import COMPILES_NOTHING, ProgramDescription, WorkerDescription
from speedscore.record.metrics import WARM, find_metric
from speedscore.record.phases import Role
from speedscore.record.run_record import Certificate

_STATIC = "static_plan_bytes"
"""The one memory figure that a plan gives and not a process: it holds whatever else the process has built."""


class MeasurementInvalid(RuntimeError):
    """What was timed was not what the figure says. The message names the rule and what was seen."""


FeedDrawn = Callable[[], None]
"""Gives a program the batch, or the arguments, that were drawn for it."""


class _Cell(msgspec.Struct, frozen=True):
    """What the first request settles."""

    setting: Setting
    workload: Workload | TaskWorkload
    import_rss_bytes: int | None

    @property
    def model(self) -> Workload:
        """The workload of a cell that holds a model."""
        return cast("Workload", self.workload)

    @property
    def task(self) -> TaskWorkload:
        """That of one that holds a task."""
        return cast("TaskWorkload", self.workload)


class Service:
    """Holds the programs between requests. ``isolated`` False says that the process was not set up for the cell."""

    def __init__(self, *, isolated: bool = True) -> None:
        self._isolated = isolated
        self._cell: _Cell | None = None
        self._programs: dict[Role, Runnable] = {}
        self._steps_from_start = 0
        self._last_loss: float | None = None
        self._batches: dict[Role, Batches] = {}
        self._drawn: dict[Role, FeedDrawn] = {}
        """What the next round is over, and its program has not been given."""
        # Before any framework, and whatever comes with it, is imported.
        self._own_code = OwnCode()
        self._was_profiled = False

    def handle(self, request: Request) -> Reply:
        """Do what is asked. Raises whatever goes wrong; DeviceUnavailable where the device cannot be used."""
        match request:
            case Build(setting):
                return self._build(setting)
            case Prepare():
                return self._prepare(request)
            case LoadWeights(role=role):
                return self._load_weights(role)
            case DrawBatch(role=role, batch=batch):
                # Here, before what a round's batch and its settling take is timed from outside.
                self._require_own_code()
                self._drawn[role] = self._draw(role, batch)
                return Done()
            case Settle(role=role, steps=steps):
                return self._settle(role, steps)
            case TimeRound(role=role, steps=steps):
                return self._measure(role, steps)
            case Show(role=role, draw=draw):
                self._require_own_code()
                return show(self._prepared(role), role, draw=draw)
            case Repeat():
                return repeat(self._prepared(request.role), partial(self._feed, request.role), request)
            case CertifyAgain(role=role, limit_seconds=limit_seconds):
                return self._certify_again(role, limit_seconds=limit_seconds)
            case Gauge(gauging):
                return self._gauge(gauging)
            case Profile(role):
                return self._profile(role)
            case Describe(role):
                return self._describe(role)

    def _build(self, setting: Setting) -> Built:
        # Imported here, before memory is read: what importing takes is no part of what running takes.
        options = setting.task_options
        setting.framework.import_framework(task=options is not None, device=setting.cell.device)
        import_rss_bytes = memory.rss_bytes()
        if options is not None:
            task = load_task(setting.workload_module, setting.preset, options, name=setting.cell.model)
            self._cell = _Cell(setting, task, import_rss_bytes)
            return Built(workload=task.describe() | {"preset": setting.preset}, flops={"capability": task.flops()})
        workload = load_workload(setting.workload_module, setting.preset, setting.cell.precision)
        self._cell = _Cell(setting, workload, import_rss_bytes)
        return Built(
            workload=workload.describe() | {"preset": setting.preset},
            flops={
                "training": workload.training_flops(),
                "inference": workload.inference_flops(),
                "throughput": workload.throughput_flops(),
            },
        )

    def _prepare(self, request: Prepare) -> Prepared:
        cell, role = self._built(), request.role
        # A peak cannot be told apart from what the programs before left behind.
        alone = not self._programs
        memory.reset_peak()
        program = self._programs[role] = self._build_program(role)
        stages_seconds = program.compile()
        started = seconds()
        settle(program, role=role, steps=1)
        first_step_seconds = seconds() - started
        # Now, when whatever compiles in its first call has done so, and the certificate has compiled nothing yet.
        described = program.describe()
        from_cache = described.get("compiled_from_cache")
        with_compile_bytes = memory.peak_rss_bytes()
        fresh_peak = memory.reset_peak()
        program.reset_peak()
        step_seconds = warm_up(program, role=role, until=request.warm_up)
        self._read_loss(program, role=role)
        running_bytes = memory.peak_rss_bytes() if fresh_peak else None
        memory_bytes = program.memory()
        if alone:
            peaks = {"peak_rss_with_compile_bytes": with_compile_bytes, "peak_rss_running_bytes": running_bytes}
            memory_bytes |= _above(cell.import_rss_bytes, peaks)
        else:
            memory_bytes = {name: value for name, value in memory_bytes.items() if name == _STATIC}
        certificate = (
            certify_task(cast("TaskProgram", program), cell.task)
            if role == "capability"
            else certify(cast("Program", program), cell.model, role)
        )
        require_passed(f"{role} {cell.setting.cell.id}", certificate)
        counts = program.counts()
        # Here, where the case fails with the reason, and not when its figures are saved.
        for name in (*stages_seconds, *(f"{WARM}{stage}" for stage in stages_seconds), *memory_bytes, *counts):
            find_metric(name, cell.setting.framework.metrics)
        return Prepared(
            stages_seconds=stages_seconds,
            first_step_seconds=first_step_seconds,
            time_to_first_step_seconds=sum(stages_seconds.values()) + first_step_seconds,
            memory_bytes=memory_bytes,
            certificate=certificate,
            counts=counts,
            steps_per_round=max(1, math.ceil(request.round_seconds / step_seconds)),
            from_cache=from_cache if isinstance(from_cache, bool) else None,
            compiles=described.get("compiled") != COMPILES_NOTHING,
        )

    def _build_program(self, role: Role) -> Runnable:
        cell = self._built()
        setting, threads = cell.setting, len(cell.setting.affinity)
        where = {"implementation": setting.implementation, "variant": setting.framework.variant}
        program: Runnable
        if role == "capability":
            build_task = setting.framework.load_task_builder()
            program = build_task(cell.task, device=setting.cell.device, threads=threads, **where)
        else:
            build = setting.framework.load()
            program = build(cell.model, role=role, device=setting.cell.device, threads=threads, **where)
        self._check_where_it_runs(program, setting)
        return program

    def _check_where_it_runs(self, program: Runnable, setting: Setting) -> None:
        described = program.describe()
        if described["platform"] != setting.cell.device:
            raise MeasurementInvalid(
                f"asked to run on {setting.cell.device}, but the program sits on {described['platform']}"
            )
        # Where the system does not tell how many threads there are, the count is None and nothing can be checked.
        wrong_count = described["threads"] not in (None, len(setting.affinity))
        if setting.cell.device == "cpu" and self._isolated and wrong_count:
            raise MeasurementInvalid(
                f"asked for {len(setting.affinity)} computing threads, one for each processor of the affinity, "
                f"but {setting.cell.framework} uses {described['threads']}"
            )

    def _load_weights(self, role: Role) -> Done:
        self._prepared(role).load()
        self._steps_from_start = 0
        return Done()

    def _settle(self, role: Role, steps: int) -> Settled:
        program = self._prepared(role)
        if role not in self._drawn:
            raise RuntimeError(f"a batch for {role} must be drawn before each round")
        self._drawn.pop(role)()
        settle(program, role=role, steps=steps)
        self._steps_from_start += steps
        return Settled(self._read_loss(program, role=role))

    def _measure(self, role: Role, steps: int) -> TimedRound:
        if self._was_profiled:
            raise MeasurementInvalid("this process has run under a profiler, and no round of it would be a figure")
        program = self._prepared(role)
        round_seconds = time_round(program, role=role, steps=steps)
        if program.pending():
            raise MeasurementInvalid("work was still pending after the wait: the round's time would be too short")
        self._steps_from_start += steps
        return TimedRound(seconds=round_seconds / steps, loss=self._read_loss(program, role=role))

    def _certify_again(self, role: Role, *, limit_seconds: float) -> CertifiedAgain:
        cell, program = self._built(), self._prepared(role)
        self._require_own_code()
        if role == "capability":
            cast("TaskProgram", program).feed(cell.task.arguments())
        else:
            cast("Program", program).feed(*own_batch(cell.model, role))
        started = seconds()
        while role == "training" and self._steps_from_start < FEWEST_STEPS and seconds() - started < limit_seconds:
            settle(program, role=role, steps=1)
            self._steps_from_start += 1
        if role == "capability":
            checks = check_task_after_rounds(cast("TaskProgram", program), cell.task)
            reference = cell.task.made_by
        else:
            checks = check_after_rounds(cast("Program", program), cell.model, role)
            reference = read_reference(cell.model).made_by
        self._steps_from_start += 1
        require_passed(f"{role} {cell.setting.cell.id}", Certificate(reference, checks))
        return CertifiedAgain(checks)

    def _feed(self, role: Role, number: int) -> None:
        self._draw(role, number)()

    def _draw(self, role: Role, number: int) -> FeedDrawn:
        """Makes the batch or the arguments of a number by the workload's own code, which no program is asked for."""
        cell, program = self._built(), self._prepared(role)
        if role == "capability":
            return partial(cast("TaskProgram", program).feed, cell.task.arguments(number))
        if role not in self._batches:
            self._batches[role] = Batches(cell.model, role)
        return partial(cast("Program", program).feed, *self._batches[role].draw(number))

    def _require_own_code(self) -> None:
        if changed := self._own_code.first_change():
            raise MeasurementInvalid(f"{changed} is another than before the framework was imported: a program must not")

    def _read_loss(self, program: Runnable, *, role: Role) -> float | None:
        if role != "training":
            return None
        loss = cast("Program", program).loss()
        if not math.isfinite(loss):
            raise MeasurementInvalid(f"the loss is {loss} after steps that were timed; it must stay finite")
        self._last_loss = loss
        return loss

    def _gauge(self, gauging: Gauging) -> Gauged:
        training = self._programs.get("training")
        empty_step = cast("Program", training).dispatch() if training is not None else None
        on_host = self._built().setting.cell.device == "cpu"
        return Gauged(
            gemm_flops_per_second=gemm_flops_per_second(gauging) if on_host else None,
            dispatch_seconds=call_seconds(empty_step, gauging) if empty_step is not None else (),
        )

    def _profile(self, role: Role) -> Profiled:
        setting, program = self._built().setting, self._prepared(role)
        self._was_profiled = True
        folder = Path(setting.scratch) / f"profile-{role}"
        names = profile_steps(program, role=role, folder=folder)
        reason = "" if names else f"{setting.cell.framework} has no profiler that it could be run under"
        return Profiled(tuple(str(folder / name) for name in names), reason)

    def _describe(self, role: Role) -> Described:
        described = self._prepared(role).describe()
        if role == "training":
            described |= {"last_loss": self._last_loss}
        worker: dict[str, Scalar] = {
            "python": platform.python_version(),
            "affinity": ",".join(map(str, allowed_processors())),
            "process_threads": _thread_count(),
        }
        worker |= recorded_variables()
        return Described(
            program=ProgramDescription.from_fields(described), worker=WorkerDescription.from_fields(worker)
        )

    def _built(self) -> _Cell:
        if self._cell is None:
            raise RuntimeError("the first request to a worker must be Build")
        return self._cell

    def _prepared(self, role: Role) -> Runnable:
        if role not in self._programs:
            raise RuntimeError(f"the program for {role} must be prepared before it is used")
        return self._programs[role]


def _above(import_rss_bytes: int | None, peaks: dict[str, int | None]) -> dict[str, int]:
    """Each peak less what was resident after importing; those that the system does not tell are left out."""
    if import_rss_bytes is None:
        return {}
    return {name: max(0, peak - import_rss_bytes) for name, peak in peaks.items() if peak is not None}


def _thread_count() -> int | None:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return None
