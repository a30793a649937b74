"""Workers that are made up, on a clock that only passes when one of them works: blocks and sessions in milliseconds.

A fake worker answers every request as the protocol wants it. How long its rounds take, and what goes wrong, is said by
the test. It checks on its own that it is alone awake, and that it is asked with the preset's limits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.matrix.cases import Block, Case, Cell
from speedscore.bench_suite.measuring.cell_run import WorkerFactory
from speedscore.bench_suite.measuring.outcomes import CaseOutcome
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
from speedscore.bench_suite.workloads.presets import Gauging, Preset, WarmUp
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.phases import Role
from speedscore.record.run_record import Certificate, Check
from tests.clocks import FakeClock

PRESET = Preset(
    "smoke",
    rounds_seconds=10.0,
    round_seconds=0.1,
    limit_seconds=1.0,
    warm_up=WarmUp(limit_seconds=0.25),
    gauging=Gauging(gemm_size=8),
    busy_look_seconds=0.125,
    audited=False,
)
"""No number of it is the standard one, so that each is seen to arrive."""
PREPARING_SECONDS = 5.0
STEPS = 3

Sample = float | BaseException
"""What a fake worker's round comes to: seconds, or an error."""


def steady(seconds: float) -> Iterator[Sample]:
    while True:
        yield seconds


def wild(seconds: float, *, spread: float = 1.0) -> Iterator[Sample]:
    source = random.Random(7)
    while True:
        yield seconds * source.lognormvariate(0.0, spread)


class FakeWorkers:
    """Starts fake workers, and writes down who was asked what and who is alive."""

    def __init__(self, clock: FakeClock, rounds: Mapping[str, Iterator[Sample]] | None = None) -> None:
        """``rounds`` by framework for training, by "framework role" for the others; without any, all take 0.1 s."""
        self.clock = clock
        self.rounds = dict(rounds or {})
        self.started: list[FakeWorker] = []
        self.alive: set[FakeWorker] = set()
        self.ran: list[str] = []
        """Whose round it was, round by round."""
        self.prepared: list[tuple[str, int, Role]] = []
        """Framework, process and role, in order."""
        self.at_work: dict[type[Request], set[int]] = {}
        """How many workers were at work while a reply to such a request was waited for."""
        self.flops: Mapping[Role, int] = {"training": 6, "inference": 1, "throughput": 2, "capability": 3}
        self.steps_per_round = STEPS
        self.from_cache: bool | None = True
        """What a worker with caches says of them."""
        self.compiles = True
        self.profiled = Profiled(reason="made up, without a profiler")
        self.errors: dict[type[Request], BaseException] = {}
        """Raised in place of a reply to such a request."""
        self.limit_seconds = PRESET.limit_seconds
        self.opened = 0

    def __call__(self, cell: Cell, *, process: int) -> tuple[FakeWorker, Setting]:
        worker = FakeWorker(self, cell, process=process)
        self.started.append(worker)
        self.alive.add(worker)
        framework = Framework(cell.framework, builder="a.b:c", ecosystem="", extra="", packages=())
        return worker, Setting(cell, framework, "a.mlp", "workload", PRESET.name, (0,), "", "")

    @contextmanager
    def open(self) -> Iterator[WorkerFactory]:
        """As a session opens the workers of one block. All must be closed at its end, however it comes."""
        self.opened += 1
        try:
            yield self
        finally:
            assert not self.alive

    @property
    def asked(self) -> list[Request]:
        """Of all workers, one worker after the other."""
        return [request for worker in self.started for request in worker.asked]


class FakeWorker:
    """One of them."""

    def __init__(self, workers: FakeWorkers, cell: Cell, *, process: int) -> None:
        self.cell = cell
        self.process = process
        self.frozen = True
        self.asked: list[Request] = []
        self._workers = workers

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        self.send(request)
        return self.receive(limit_seconds=limit_seconds)

    def send(self, request: Request) -> None:
        self.frozen = False
        if not isinstance(request, Build):
            assert [worker for worker in self._workers.alive if not worker.frozen] == [self]
        self.asked.append(request)

    def receive(self, *, limit_seconds: float) -> Reply:
        assert limit_seconds == self._workers.limit_seconds
        request = self.asked[-1]
        self._workers.at_work.setdefault(type(request), set()).add(
            sum(not worker.frozen for worker in self._workers.alive)
        )
        if (error := self._workers.errors.get(type(request))) is not None:
            raise error
        match request:
            case Build():
                return Built(workload={"batch": 4}, flops=dict(self._workers.flops))
            case Prepare(role=role):
                return self._prepare(role)
            case LoadWeights() | DrawBatch():
                return Done()
            case Settle():
                return Settled(loss=None)
            case TimeRound(role=role):
                return TimedRound(seconds=self._next_seconds(role))
            case CertifyAgain():
                return CertifiedAgain((Check("after the rounds", "loss", 0.0, 1.0),))
            case Gauge():
                return Gauged(gemm_flops_per_second=1e9, dispatch_seconds=(1e-5,))
            case Show() | Repeat():
                raise AssertionError("the preset of the fakes audits nothing")
            case Profile():
                return self._workers.profiled
            case Describe():
                program = ProgramDescription(platform=self.cell.device, threads=2, variant="x")
                return Described(program=program, worker=WorkerDescription())

    def _prepare(self, role: Role) -> Prepared:
        workers = self._workers
        workers.prepared.append((self.cell.framework, self.process, role))
        workers.clock.now += PREPARING_SECONDS
        return Prepared(
            stages_seconds={"trace_seconds": 1.0},
            first_step_seconds=1.0,
            time_to_first_step_seconds=PREPARING_SECONDS / (1 + self.process),
            memory_bytes={"static_plan_bytes": 1, "peak_rss_running_bytes": 7, "allocator_peak_bytes": 9},
            certificate=Certificate("made up", (Check("loss", "", 0.1 * self.process, 1.0),)),
            counts={"xla_flops": 12},
            steps_per_round=workers.steps_per_round,
            from_cache=workers.from_cache if self.process % 2 else None,
            compiles=workers.compiles,
        )

    def _next_seconds(self, role: Role) -> float:
        workers = self._workers
        name = self.cell.framework if role == "training" else f"{self.cell.framework} {role}"
        workers.ran.append(name)
        seconds = next(workers.rounds.setdefault(name, steady(0.1)))
        if isinstance(seconds, BaseException):
            raise seconds
        workers.clock.now += seconds
        return seconds

    def held_up_seconds(self) -> float:
        return 0.0

    def freeze(self) -> None:
        self.frozen = True

    def close(self) -> None:
        self._workers.alive.discard(self)


class Heard:
    """A listener that writes down what it is told of blocks and cases."""

    def __init__(self) -> None:
        self.blocks: list[tuple[Block, list[Case]]] = []
        self.busy: list[float] = []
        self.disturbances: list[tuple[int, float]] = []
        """Process, and how many processors others used during its rounds."""
        self.outcomes: dict[Case, CaseOutcome] = {}

    def block_begins(self, block: Block, cases: Sequence[Case]) -> None:
        self.blocks.append((block, list(cases)))

    def machine_is_busy(self, processors: float) -> None:
        self.busy.append(processors)

    def preparing(self, cell: Cell, *, process: int) -> None: ...

    def round_done(self, case: Case, rounds_seconds: Sequence[float]) -> None: ...

    def disturbed(self, *, process: int, processors: float) -> None:
        self.disturbances.append((process, processors))

    def case_done(self, case: Case, outcome: CaseOutcome) -> None:
        assert case not in self.outcomes, "said once of each case"
        self.outcomes[case] = outcome
