"""One cell while its block is measured: its present worker, and what all its processes have given so far.

A cell has one worker at a time and one program a role in it. Whose round is next, and what an error means for the other
cases, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

import msgspec

from speedscore.bench_suite.matrix.cases import Case, Cell
from speedscore.bench_suite.measuring.audit import RoundAudit
from speedscore.bench_suite.measuring.outcomes import (
    CACHES_UNTOLD,
    NEEDS_TWO,
    NOTHING_FROM_CACHES,
    OUT_OF_TIME,
    CaseFailed,
    CaseMeasured,
    CaseOutcome,
    CaseUnavailable,
)
from speedscore.bench_suite.measuring.plausibility import flops_rate, most_of_gemm, why_impossible
from speedscore.bench_suite.measuring.product_peak import ProductPeak
from speedscore.bench_suite.measuring.role_rounds import ReplyType, RoleRounds
from speedscore.bench_suite.measuring.stopping import FEWEST_TURNS, all_narrow, interval_fraction
from speedscore.bench_suite.workers.handle import Worker
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    CertifiedAgain,
    CertifyAgain,
    Describe,
    Described,
    Gauge,
    Gauged,
    Prepare,
    Prepared,
    Profile,
    Profiled,
    Request,
    Setting,
)
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.bench_suite.workloads.table import load_task, load_workload
from speedscore.host.peaks import peak_flops_per_second
from speedscore.record.descriptions import ProgramDescription
from speedscore.record.phases import PHASES, ROLES, TIMED_PHASE, Role
from speedscore.record.rounds import rounds_by_process
from speedscore.record.run_record import Check, Round

if TYPE_CHECKING:
    from speedscore.bench_suite.workloads.task import TaskWorkload
    from speedscore.bench_suite.workloads.workload import Workload


class WorkerFactory(Protocol):
    """Starts a worker and says which setting it is to be built with."""

    def __call__(self, cell: Cell, *, process: int) -> tuple[Worker, Setting]:
        """An even ``process`` starts from empty caches, an odd one from those of the process before it."""
        ...


def ask(worker: Worker, request: Request, expected: type[ReplyType], *, limit_seconds: float) -> ReplyType:
    """The worker's reply. Raises TypeError for one of another kind than ``expected``."""
    worker.send(request)
    return receive(worker, expected, to=request, limit_seconds=limit_seconds)


def receive(worker: Worker, expected: type[ReplyType], *, to: Request, limit_seconds: float) -> ReplyType:
    """The worker's reply to what it was sent. Raises TypeError for one of another kind than ``expected``."""
    reply = worker.receive(limit_seconds=limit_seconds)
    if not isinstance(reply, expected):
        raise TypeError(f"the worker answered {type(to).__name__} with {type(reply).__name__}")
    return reply


class RoleSamples:
    """What the program of one role has given, over all processes of its cell."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.prepared: dict[int, Prepared] = {}
        """By process."""
        self.rounds: list[Round] = []
        self.described: Described | None = None
        self.spent_seconds = 0.0
        """In rounds of the newest process, settling included."""
        self._first_round = 0
        """Index of the newest process's first round."""
        self._replaced: list[Round] = []
        """Of the attempt that the newest process takes the place of."""

    def begin_process(self, process: int, prepared: Prepared) -> None:
        """From now on rounds are those of a process that was prepared so; it takes the place of one with its number."""
        self._replaced = [round_ for round_ in self.rounds if round_.process == process]
        self.rounds = [round_ for round_ in self.rounds if round_.process != process]
        self.prepared[process] = prepared
        self.spent_seconds = 0.0
        self._first_round = len(self.rounds)

    def add_checks(self, process: int, checks: tuple[Check, ...]) -> None:
        """What was compared after the rounds of a process stands in its certificate."""
        prepared = self.prepared[process]
        certificate = msgspec.structs.replace(prepared.certificate, checks=(*prepared.certificate.checks, *checks))
        self.prepared[process] = msgspec.structs.replace(prepared, certificate=certificate)

    @property
    def kept_rounds(self) -> tuple[Round, ...]:
        """All that there are; those of a disturbed process until what takes its place has enough for a figure."""
        if self._replaced and len(self.process_rounds_seconds) < FEWEST_TURNS:
            return (*self.rounds[: self._first_round], *self._replaced)
        return tuple(self.rounds)

    @property
    def process_rounds_seconds(self) -> list[float]:
        """Rounds of the newest process, in seconds a step."""
        return [round_.seconds for round_ in self.rounds[self._first_round :]]

    @property
    def interval_width(self) -> float:
        """How far the interval of the newest process's rounds reaches, as a fraction; infinite while there is none."""
        fraction = interval_fraction(self.process_rounds_seconds)
        return float("inf") if fraction is None else fraction


class CellRun:
    """The cases of one cell, and the worker that measures them. A role that fails is taken out of ``roles``."""

    def __init__(self, cell: Cell, cases: Sequence[Case], *, preset: Preset, product_peak: ProductPeak) -> None:
        self.cell = cell
        self.product_peak = product_peak
        """That of the whole block."""
        self.cases = {case.phase: case for case in cases}
        wanted = {case.role for case in cases}
        self.roles = {role: RoleSamples(role) for role in ROLES if role in wanted}
        self.gauged: Gauged | None = None
        self.processors = 1
        """How many the worker uses."""
        self.processors_busy: dict[int, float] = {}
        """Process → how many processors others kept busy during its rounds, where that is known."""
        self.measured_again = 0
        """How many processes took the place of a disturbed one."""
        self._preset = preset
        self._process = 0
        self._worker: Worker | None = None
        self._rounds: dict[Role, RoleRounds] = {}
        """Of the present worker."""
        self._audits: dict[Role, RoundAudit] = {}
        self._built = Built(workload={}, flops={})

    def is_timed(self, role: Role) -> bool:
        """True where rounds of the role are wanted, and not only its compilation."""
        return role in self.roles and TIMED_PHASE[role] in self.cases

    def cases_of(self, role: Role) -> list[Case]:
        return [case for case in self.cases.values() if case.role == role]

    def start(self, start_worker: WorkerFactory, *, process: int) -> None:
        """Start a worker and let it import its framework; ``wait_until_built`` says when it has."""
        self._process = process
        self._worker, setting = start_worker(self.cell, process=process)
        self.processors = len(setting.affinity)
        self._setting = setting
        self._worker.send(Build(setting))

    def wait_until_built(self) -> None:
        build = Build(self._setting)
        self._built = receive(self._live_worker(), Built, to=build, limit_seconds=self._preset.limit_seconds)

    def prepare(self, role: Role) -> None:
        """Build, compile, warm up and certify the role's program in the present worker."""
        preset = self._preset
        request = Prepare(role=role, round_seconds=preset.round_seconds, warm_up=preset.warm_up)
        self.roles[role].begin_process(self._process, self._ask(request, Prepared))
        rounds = self._rounds[role] = RoleRounds(role, self._ask, self._held_up_seconds)
        self._audits.pop(role, None)
        if preset.audited:
            self._audits[role] = RoundAudit(rounds, self._ask, partial(_load, self._setting))

    def time_round(self, role: Role, *, turn: int, process: int, batch: int) -> None:
        """One round over the batch of that number, or over another where it must be taken again."""
        samples = self.roles[role]
        # Of the first process, for all: a figure over other numbers of steps would be another figure.
        first = samples.prepared[min(samples.prepared)]
        seconds = self._rounds[role].take(first.steps_per_round, batch=batch)
        samples.rounds.append(Round(seconds, turn=turn, process=process))

    def look_at_round(self, role: Role) -> None:
        """Certify the round just taken, by chance, and let the worker rest."""
        if role in self._audits:
            self._audits[role].after_round()
        self.freeze()

    def certify_again(self, role: Role) -> None:
        """After the last round of the present worker, where it had any."""
        samples = self.roles[role]
        if samples.process_rounds_seconds:
            if role in self._audits:
                self._audits[role].after_last_round()
            request = CertifyAgain(role=role, limit_seconds=self._preset.rounds_seconds)
            samples.add_checks(self._process, self._ask(request, CertifiedAgain).checks)

    def describe(self, role: Role) -> None:
        """Ask what ran. What was told last holds for all processes."""
        self.roles[role].described = self._ask(Describe(role), Described)

    @property
    def has_rate(self) -> bool:
        """Whether operations are counted of any of its programs, and so a rate that is held against others."""
        return any(self._built.flops[role] for role in self.roles)

    def gauge(self) -> None:
        """Measure what the figures are held against, once for all processes."""
        if self.gauged is None and self.has_rate:
            self.gauged = self._ask(Gauge(self._preset.gauging), Gauged)

    def profile(self, role: Role) -> Profiled:
        """A few more steps in the present worker under its framework's profiler; it takes no round afterwards."""
        return self._ask(Profile(role), Profiled)

    def freeze(self) -> None:
        if self._worker is not None:
            self._worker.freeze()

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def outcome(self, case: Case, *, interrupted: bool = False) -> CaseOutcome:
        """What came of a case of which nothing failed; ``interrupted`` says that more was to be measured."""
        samples = self.roles[case.role]
        phase = PHASES[case.phase]
        is_warm = phase.is_warm
        prepared = {process: each for process, each in samples.prepared.items() if process % 2 == int(is_warm)}
        if is_warm and not prepared:
            return CaseUnavailable(NEEDS_TWO)
        if is_warm and any(process.from_cache is False for process in prepared.values()):
            return CaseFailed(RuntimeError(NOTHING_FROM_CACHES))
        if is_warm and any(process.compiles and process.from_cache is None for process in prepared.values()):
            return CaseUnavailable(CACHES_UNTOLD)
        if samples.described is None:
            return CaseUnavailable(OUT_OF_TIME)
        rounds = _compilations(prepared) if phase.compiles else samples.kept_rounds
        if interrupted and not phase.compiles:
            rounds = _of_enough_turns(rounds)
        if not rounds:
            return CaseUnavailable(OUT_OF_TIME)
        peak = peak_flops_per_second(str(samples.described.program.device_kind), case.precision)
        flops = 0 if phase.compiles else self._built.flops[case.role]
        rounds_seconds = [round_.seconds for round_ in rounds]
        most = most_of_gemm(case.precision, busy=False)
        product = self.product_peak.at_least(flops_rate(flops, rounds_seconds) / most)
        if product is None and self.gauged is not None:
            product = self.gauged.gemm_flops_per_second
        impossible = why_impossible(
            flops,
            rounds_seconds,
            gemm_flops_per_second=product,
            peak_flops_per_second=peak.flops_per_second if peak else None,
            precision=case.precision,
            busy=self.product_peak.others_were_busy,
        )
        if impossible:
            return CaseFailed(RuntimeError(impossible))
        return CaseMeasured(
            rounds=rounds,
            stopped="interrupted" if interrupted else "narrow" if all_narrow(rounds) else "budget",
            prepared=tuple(prepared.values()),
            certificate=max(
                (process.certificate for process in samples.prepared.values()), key=attrgetter("worst_ratio")
            ),
            flops=self._built.flops[case.role],
            gauged=self.gauged,
            workload=self._built.workload,
            program=_told_of(prepared.values(), samples.described.program)
            if phase.compiles
            else samples.described.program,
            worker=msgspec.structs.replace(
                samples.described.worker,
                processors_busy_during=max(self.processors_busy.values(), default=None),
                processes_measured_again=self.measured_again or None,
            ),
        )

    def _held_up_seconds(self) -> float:
        return 0.0 if self._worker is None else self._worker.held_up_seconds()

    def _ask(self, request: Request, expected: type[ReplyType]) -> ReplyType:
        return ask(self._live_worker(), request, expected, limit_seconds=self._preset.limit_seconds)

    def _live_worker(self) -> Worker:
        if self._worker is None:
            raise RuntimeError(f"{self.cell.id} has no worker to ask")
        return self._worker


def _load(setting: Setting) -> Workload | TaskWorkload:
    """What the worker of a setting computes, on pytest's side."""
    if setting.task_options is None:
        return load_workload(setting.workload_module, setting.preset, setting.cell.precision)
    return load_task(setting.workload_module, setting.preset, setting.task_options, name=setting.cell.model)


def _of_enough_turns(rounds: Sequence[Round]) -> tuple[Round, ...]:
    """Without those of a process that was ended before it had as many as a figure needs."""
    kept = (own for own in rounds_by_process(rounds).values() if len(own) >= FEWEST_TURNS)
    return tuple(round_ for own in kept for round_ in own)


def _told_of(prepared: Collection[Prepared], program: ProgramDescription) -> ProgramDescription:
    """What a program says of itself is asked in the first process, and of its caches in those whose figure it is."""
    told = [each.from_cache for each in prepared]
    from_cache = None if None in told else all(told)
    return msgspec.structs.replace(program, compiled_from_cache=from_cache)


def _compilations(prepared: Mapping[int, Prepared]) -> tuple[Round, ...]:
    """One round a process."""
    return tuple(
        Round(each.time_to_first_step_seconds, turn=0, process=process) for process, each in sorted(prepared.items())
    )
