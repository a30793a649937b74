"""A block lets its cases take turns, ends each when it is narrow or out of time, and keeps failures apart."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.matrix.cases import Case, Cell
from speedscore.bench_suite.measuring import block
from speedscore.bench_suite.measuring.block import (
    FEWEST_TURNS,
    NEEDS_TWO,
    OUT_OF_TIME,
    CaseFailed,
    CaseMeasured,
    CaseUnavailable,
    Outcome,
    Plan,
    measure_block,
)
from speedscore.bench_suite.measuring.stopping import MINIMUM_ROUNDS
from speedscore.bench_suite.workers.handle import WorkerLost
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Gauge,
    Gauged,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Reply,
    Request,
    Setting,
)
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.phases import Phase, Role
from speedscore.record.run_record import Certificate, Check

PRESET = Preset("smoke", rounds_seconds=10.0, round_seconds=0.1, limit_seconds=1.0)
PREPARING_SECONDS = 5.0

Sample = float | BaseException
"""What a fake worker's round comes to: seconds, or an error."""


class Clock:
    """Time that only passes when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(block, "seconds", clock)
    return clock


class Quiet:
    """A listener that does not."""

    def preparing(self, cell: Cell, *, process: int) -> None: ...

    def round_done(self, case: Case, rounds_seconds: Sequence[float]) -> None: ...

    def case_done(self, case: Case, outcome: Outcome) -> None: ...


class Bench:
    """Starts fake workers and writes down who ran when, and who was awake then."""

    def __init__(self, clock: Clock, rounds: Mapping[str, Iterator[Sample]]) -> None:
        self.clock = clock
        self.rounds = rounds
        self.ran: list[str] = []
        self.prepared: list[tuple[str, int, Role]] = []
        self.open: set[FakeWorker] = set()
        self.from_cache: bool | None = None

    def __call__(self, cell: Cell, *, process: int) -> tuple[FakeWorker, Setting]:
        worker = FakeWorker(self, cell, process)
        self.open.add(worker)
        framework = Framework(cell.framework, builder="a.b:c", ecosystem="", extra="", packages=())
        return worker, Setting(cell, framework, "a.mlp", "workload", PRESET.name, (0,), "", "")


class FakeWorker:
    def __init__(self, bench: Bench, cell: Cell, process: int) -> None:
        self.bench = bench
        self.cell = cell
        self.process = process
        self.frozen = True

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        assert limit_seconds == PRESET.limit_seconds
        self.frozen = False
        assert [worker for worker in self.bench.open if not worker.frozen] == [self]
        match request:
            case Build():
                return Built(workload={}, flops={"training": 6, "inference": 1, "throughput": 2})
            case Prepare(role=role):
                self.bench.prepared.append((self.cell.framework, self.process, role))
                self.bench.clock.now += PREPARING_SECONDS
                return Prepared(
                    stages_seconds={"trace_seconds": 1.0},
                    first_step_seconds=1.0,
                    time_to_first_step_seconds=PREPARING_SECONDS / (1 + self.process),
                    memory_bytes={},
                    certificate=Certificate("made up", (Check("loss", "", 0.1 * self.process, 1.0),)),
                    counts={},
                    steps_per_round=3,
                    from_cache=self.bench.from_cache if self.process % 2 else None,
                )
            case Measure(role=role, steps=steps):
                assert steps == 3
                return Measured(seconds=self._next_seconds(role))
            case Gauge():
                return Gauged(gemm_flops_per_second=1e9, dispatch_seconds=(1e-5,))
            case Describe():
                return Described(program=ProgramDescription(), worker=WorkerDescription())

    def _next_seconds(self, role: Role) -> float:
        name = self.cell.framework if role == "training" else f"{self.cell.framework} {role}"
        self.bench.ran.append(name)
        seconds = next(self.bench.rounds[name])
        if isinstance(seconds, BaseException):
            raise seconds
        self.bench.clock.now += seconds
        return seconds

    def freeze(self) -> None:
        self.frozen = True

    def close(self) -> None:
        self.bench.open.discard(self)


def steady(seconds: float) -> Iterator[float]:
    while True:
        yield seconds


def wild(seconds: float, *, spread: float = 1.0) -> Iterator[float]:
    source = random.Random(7)
    while True:
        yield seconds * source.lognormvariate(0.0, spread)


def run(
    clock: Clock,
    rounds: Mapping[str, Iterator[Sample]],
    *,
    phases: Sequence[Phase] = ("training",),
    processes: int = 1,
    deadline_seconds: float | None = None,
    seed: int = 1,
    from_cache: bool | None = None,
    outcomes: dict[Case, Outcome] | None = None,
) -> tuple[dict[str, Outcome], Bench]:
    """Outcomes under ``framework`` for one phase, under ``framework phase`` for several."""
    bench = Bench(clock, rounds)
    bench.from_cache = from_cache
    frameworks = dict.fromkeys(name.partition(" ")[0] for name in rounds)
    cases = [Case(framework=name, model="mlp", device="cpu", phase=phase) for name in frameworks for phase in phases]
    found = {} if outcomes is None else outcomes
    measure_block(
        cases,
        start_worker=bench,
        plan=Plan(preset=PRESET, processes=processes, deadline_seconds=deadline_seconds),
        order=random.Random(seed),
        listener=Quiet(),
        outcomes=found,
    )
    assert not bench.open
    several = len(phases) > 1
    return {
        f"{case.framework} {case.phase}" if several else case.framework: each for case, each in found.items()
    }, bench


def measured(outcome: Outcome) -> CaseMeasured:
    assert isinstance(outcome, CaseMeasured), outcome
    return outcome


def turns(outcome: Outcome) -> list[int | None]:
    return [each.turn for each in measured(outcome).rounds]


def test_rounds_alternate_and_end_when_narrow(clock: Clock) -> None:
    outcomes, bench = run(clock, {"a": steady(0.1), "b": steady(0.2)})
    for outcome in outcomes.values():
        assert measured(outcome).stopped == "narrow"
        assert turns(outcome) == list(range(1, MINIMUM_ROUNDS + 1))
    for turn in range(MINIMUM_ROUNDS):
        assert sorted(bench.ran[2 * turn : 2 * turn + 2]) == ["a", "b"]


def test_the_order_of_a_turn_is_shuffled_by_the_seed(clock: Clock) -> None:
    first = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=1)[1].ran
    again = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=1)[1].ran
    other = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=2)[1].ran
    assert first == again != other
    assert {"".join(first[i : i + 2]) for i in range(0, len(first), 2)} == {"ab", "ba"}


def test_who_is_narrow_goes_on_as_long_as_another_is_not(clock: Clock) -> None:
    outcomes, _ = run(clock, {"quick": steady(0.05), "wild": wild(0.5)})
    assert (measured(outcomes["quick"]).stopped, measured(outcomes["wild"]).stopped) == ("narrow", "budget")
    assert set(turns(outcomes["wild"])) <= set(turns(outcomes["quick"]))


def test_a_case_that_stays_wide_ends_with_its_budget_and_says_so(clock: Clock) -> None:
    outcome = measured(run(clock, {"wild": wild(0.5)})[0]["wild"])
    assert outcome.stopped == "budget"
    assert sum(outcome.rounds_seconds) >= PRESET.rounds_seconds > sum(outcome.rounds_seconds[:-1])


def test_one_worker_serves_all_phases_of_a_cell(clock: Clock) -> None:
    rounds = {"a": steady(0.1), "a inference": steady(0.01), "a throughput": steady(0.05)}
    outcomes, bench = run(clock, rounds, phases=get_args(Phase), processes=2)
    assert bench.prepared == [("a", process, role) for process in (0, 1) for role in get_args(Role)]
    for phase, flops in (("training", 6), ("inference", 1), ("throughput", 2)):
        outcome = measured(outcomes[f"a {phase}"])
        assert outcome.flops == flops
        assert [each.process for each in outcome.rounds] == [0] * MINIMUM_ROUNDS + [1] * MINIMUM_ROUNDS
        assert len(outcome.prepared) == 1, "figures of a warm start never stand beside those of a cold one"
        assert outcome.certificate.worst_ratio == 0.1, "the worse of the two processes"


def test_cold_and_warm_compilations_take_turns_over_processes(clock: Clock) -> None:
    outcomes, bench = run(clock, {"a": iter([])}, phases=("compilation", "warm_compilation"), processes=4)
    cold, warm = (measured(outcomes[f"a {phase}"]) for phase in ("compilation", "warm_compilation"))
    assert [each.process for each in cold.rounds] == [0, 2]
    assert [each.process for each in warm.rounds] == [1, 3]
    assert cold.rounds_seconds == (PREPARING_SECONDS, PREPARING_SECONDS / 3)
    assert warm.rounds_seconds == (PREPARING_SECONDS / 2, PREPARING_SECONDS / 4)
    assert not bench.ran, "nothing is stepped for a figure that nobody asked for"


@pytest.mark.parametrize(("from_cache", "kind"), [(False, CaseFailed), (True, CaseMeasured), (None, CaseMeasured)])
def test_a_warm_compilation_that_took_nothing_from_its_caches_is_none(
    clock: Clock, from_cache: bool | None, kind: type[Outcome]
) -> None:
    phases: tuple[Phase, ...] = ("compilation", "warm_compilation")
    outcomes, _ = run(clock, {"a": iter([])}, phases=phases, processes=2, from_cache=from_cache)
    assert isinstance(outcomes["a warm_compilation"], kind)
    assert isinstance(outcomes["a compilation"], CaseMeasured), "the cold one stands in any case"


def test_one_process_has_no_warm_compilation(clock: Clock) -> None:
    outcomes, _ = run(clock, {"a": iter([])}, phases=("compilation", "warm_compilation"))
    assert isinstance(outcomes["a compilation"], CaseMeasured)
    assert outcomes["a warm_compilation"] == CaseUnavailable(NEEDS_TWO)


def test_a_budget_is_kept_and_shared_by_the_processes(clock: Clock) -> None:
    outcomes, _ = run(clock, {"a": wild(0.1), "b": wild(0.1)}, processes=2, deadline_seconds=60.0)
    # Two cells and two processes take 20 s to prepare, which leaves 40 s for rounds.
    assert 55.0 < clock.now < 65.0
    rounds = [each.process for each in measured(outcomes["a"]).rounds]
    assert 0.5 < rounds.count(0) / rounds.count(1) < 2


def test_the_widest_interval_is_narrowed_first(clock: Clock) -> None:
    rounds = {"a": wild(0.1), "a inference": steady(0.1)}
    outcomes, bench = run(clock, rounds, phases=("training", "inference"), deadline_seconds=30.0)
    # Six equal rounds have an interval already, of no width: from then on the other's is always the wider one.
    assert 6 <= len(measured(outcomes["a inference"]).rounds) <= MINIMUM_ROUNDS
    assert len(measured(outcomes["a training"]).rounds) > 3 * MINIMUM_ROUNDS
    assert bench.ran[-1] == "a"


def test_of_two_that_stay_wide_the_wider_one_gets_the_rounds(clock: Clock) -> None:
    rounds = {"a": wild(0.1), "a inference": wild(0.1, spread=0.2)}
    outcomes, _ = run(clock, rounds, phases=("training", "inference"), deadline_seconds=60.0)
    wider, narrower = (measured(outcomes[f"a {phase}"]) for phase in ("training", "inference"))
    assert (wider.stopped, narrower.stopped) == ("budget", "budget")
    assert len(wider.rounds) > 3 * len(narrower.rounds)


def test_who_was_prepared_is_measured_even_when_time_is_up(clock: Clock) -> None:
    outcomes, bench = run(clock, {"a": steady(0.1), "b": steady(0.1)}, processes=2, deadline_seconds=3.0)
    first = bench.prepared[0][0]
    second = "b" if first == "a" else "a"
    assert len(measured(outcomes[first]).rounds) == FEWEST_TURNS
    assert outcomes[second] == CaseUnavailable(OUT_OF_TIME)
    assert bench.prepared == [(first, 0, "training")], "there is no time for a second process"


def test_a_failure_is_one_case_s_own(clock: Clock) -> None:
    error = RuntimeError("fell over")
    outcomes, _ = run(clock, {"ill": iter([0.1, 0.1, error]), "well": steady(0.1)})
    assert outcomes["ill"] == CaseFailed(error=error)
    assert isinstance(outcomes["well"], CaseMeasured)


def test_a_role_that_fails_leaves_the_others_of_its_cell(clock: Clock) -> None:
    rounds: dict[str, Iterator[Sample]] = {"a": iter([RuntimeError("nan")]), "a inference": steady(0.1)}
    outcomes, _ = run(clock, rounds, phases=("training", "inference", "compilation"))
    assert isinstance(outcomes["a training"], CaseFailed)
    assert isinstance(outcomes["a compilation"], CaseFailed)
    assert isinstance(outcomes["a inference"], CaseMeasured)


def test_a_worker_that_is_lost_takes_all_roles_of_its_cell(clock: Clock) -> None:
    rounds: dict[str, Iterator[Sample]] = {
        "a": iter([WorkerLost("killed")]),
        "a inference": steady(0.1),
        "b": steady(0.1),
        "b inference": steady(1.0),
    }
    outcomes, _ = run(clock, rounds, phases=("training", "inference"))
    assert {name for name, each in outcomes.items() if isinstance(each, CaseFailed)} == {"a training", "a inference"}
    assert {name for name, each in outcomes.items() if isinstance(each, CaseMeasured)} == {"b training", "b inference"}


def test_a_device_that_cannot_be_used_is_unavailable(clock: Clock) -> None:
    outcomes, _ = run(clock, {"a": iter([DeviceUnavailable("none here")])})
    assert outcomes["a"] == CaseUnavailable(reason="none here")


def test_an_interrupt_closes_every_worker_and_costs_only_what_was_being_measured(clock: Clock) -> None:
    outcomes: dict[Case, Outcome] = {}
    with pytest.raises(KeyboardInterrupt):
        run(clock, {"ill": iter([RuntimeError("ill")]), "b": iter([0.1, KeyboardInterrupt()])}, outcomes=outcomes)
    assert [case.framework for case in outcomes] == ["ill"]


def test_an_interrupt_in_a_later_process_keeps_what_the_earlier_ones_measured(clock: Clock) -> None:
    outcomes: dict[Case, Outcome] = {}
    rounds: list[Sample] = [*[0.1] * MINIMUM_ROUNDS, 0.1, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        run(clock, {"a": iter(rounds)}, processes=2, outcomes=outcomes)
    (outcome,) = outcomes.values()
    assert [each.process for each in measured(outcome).rounds] == [0] * MINIMUM_ROUNDS + [1]


def test_where_a_device_serves_one_process_one_worker_lives_at_a_time(clock: Clock) -> None:
    bench = Bench(clock, {"a": steady(0.1), "b": steady(0.2)})
    alive: list[int] = []
    start = bench.__call__

    def start_and_count(cell: Cell, *, process: int) -> tuple[FakeWorker, Setting]:
        alive.append(len(bench.open))
        return start(cell, process=process)

    cases = [Case(framework=name, model="mlp", device="tpu", phase="training") for name in ("a", "b")]
    outcomes: dict[Case, Outcome] = {}
    measure_block(
        cases,
        start_worker=start_and_count,
        plan=Plan(preset=PRESET, processes=2),
        order=random.Random(1),
        listener=Quiet(),
        outcomes=outcomes,
    )
    assert alive == [0, 0, 0, 0]
    assert [name for name, _, _ in bench.prepared] == ["a", "b", "a", "b"]
    one, other = (measured(outcomes[case]) for case in cases)
    assert len(one.rounds) == len(other.rounds) == 2 * MINIMUM_ROUNDS
    assert not {each.turn for each in one.rounds} & {each.turn for each in other.rounds}
