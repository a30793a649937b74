"""A block lets its cases take turns, ends each when it is narrow or out of time, and keeps failures apart."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from bench_suite import block
from bench_suite.block import CaseFailed, CaseMeasured, CaseUnavailable, Outcome, measure_block
from bench_suite.cases import Case
from bench_suite.frameworks.program import DeviceUnavailable, Phase
from bench_suite.frameworks.table import Framework
from bench_suite.measuring import timing
from bench_suite.measuring.stopping import MINIMUM_ROUNDS
from bench_suite.presets import Preset
from bench_suite.record import Certificate, Check
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

PRESET = Preset("smoke", rounds_seconds=10.0, round_seconds=0.1, compile_seconds=10.0, limit_seconds=1.0)
CERTIFICATE = Certificate(reference="made up", checks=(Check("loss", "", 0.0, 1.0),))


class Clock:
    """Time that only passes when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timing, "seconds", clock)
    monkeypatch.setattr(block, "seconds", clock)
    return clock


class Quiet:
    """A listener that does not."""

    def preparing(self, case: Case) -> None: ...

    def prepared(self, case: Case, prepared: Prepared) -> None: ...

    def round_done(self, case: Case, rounds_seconds: list[float], *, spent_seconds: float) -> None: ...

    def case_done(self, case: Case, outcome: Outcome) -> None: ...


class Bench:
    """Starts fake workers and writes down who ran when, and who was awake then."""

    def __init__(self, clock: Clock, rounds: dict[str, Iterator[float | Exception]]) -> None:
        self.clock = clock
        self.rounds = rounds
        self.ran: list[str] = []
        self.open: set[FakeWorker] = set()
        self.starts = 0

    def __call__(self, case: Case) -> tuple[FakeWorker, Setting]:
        self.starts += 1
        worker = FakeWorker(self, case)
        self.open.add(worker)
        framework = Framework(case.framework, builder="a.b:c", ecosystem="", extra="", packages=())
        return worker, Setting(case, framework, "workload", PRESET.name, (0,), "")


class FakeWorker:
    def __init__(self, bench: Bench, case: Case) -> None:
        self.bench = bench
        self.case = case
        self.frozen = True

    def ask(self, request: Request, *, limit_seconds: float) -> Reply:
        assert limit_seconds == PRESET.limit_seconds
        self.frozen = False
        awake = [worker.case.framework for worker in self.bench.open if not worker.frozen]
        assert awake == [self.case.framework]
        match request:
            case Build():
                return Built(workload={})
            case Prepare(certify=certify):
                seconds = self._next_seconds() if self.case.phase == "compilation" else 0.0
                return Prepared(
                    stages_seconds={"trace_seconds": seconds},
                    first_step_seconds=0.0,
                    time_to_first_step_seconds=seconds,
                    memory_bytes={},
                    certificate=CERTIFICATE if certify else None,
                    steps_per_round=3,
                )
            case Measure(steps=steps):
                assert steps == 3
                return Measured(seconds=self._next_seconds())
            case Describe():
                return Described(program={}, worker={})

    def _next_seconds(self) -> float:
        self.bench.ran.append(self.case.framework)
        seconds = next(self.bench.rounds[self.case.framework])
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


def wild(seconds: float) -> Iterator[float]:
    source = random.Random(7)
    while True:
        yield seconds * source.lognormvariate(0.0, 1.0)


def run(
    clock: Clock, rounds: dict[str, Iterator[float | Exception]], *, phase: Phase = "training", seed: int = 1
) -> tuple[dict[str, Outcome], Bench]:
    bench = Bench(clock, rounds)
    cases = [Case(framework=name, model="mlp", device="cpu", phase=phase) for name in rounds]
    outcomes: dict[Case, Outcome] = {}
    measure_block(
        cases, start_worker=bench, preset=PRESET, order=random.Random(seed), listener=Quiet(), outcomes=outcomes
    )
    return {case.framework: outcome for case, outcome in outcomes.items()}, bench


def test_rounds_alternate_and_end_when_narrow(clock: Clock) -> None:
    outcomes, bench = run(clock, {"a": steady(0.1), "b": steady(0.2)})
    for outcome in outcomes.values():
        assert isinstance(outcome, CaseMeasured)
        assert outcome.stopped == "narrow"
        assert len(outcome.rounds_seconds) == MINIMUM_ROUNDS
        assert outcome.turns == tuple(range(1, MINIMUM_ROUNDS + 1))
    for turn in range(MINIMUM_ROUNDS):
        assert sorted(bench.ran[2 * turn : 2 * turn + 2]) == ["a", "b"]
    assert not bench.open


def test_the_order_of_a_turn_is_shuffled_by_the_seed(clock: Clock) -> None:
    first = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=1)[1].ran
    again = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=1)[1].ran
    other = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=2)[1].ran
    assert first == again != other
    assert {"".join(first[i : i + 2]) for i in range(0, len(first), 2)} == {"ab", "ba"}


def test_who_is_narrow_goes_on_as_long_as_another_is_not(clock: Clock) -> None:
    outcomes, bench = run(clock, {"quick": steady(0.05), "wild": wild(0.5)})
    quick, slow = outcomes["quick"], outcomes["wild"]
    assert isinstance(quick, CaseMeasured)
    assert isinstance(slow, CaseMeasured)
    assert (quick.stopped, slow.stopped) == ("narrow", "budget")
    assert set(slow.turns) <= set(quick.turns)
    assert not bench.open


def test_a_case_that_stays_wide_ends_with_its_budget_and_says_so(clock: Clock) -> None:
    outcomes, _ = run(clock, {"wild": wild(0.5)})
    outcome = outcomes["wild"]
    assert isinstance(outcome, CaseMeasured)
    assert outcome.stopped == "budget"
    assert sum(outcome.rounds_seconds) >= PRESET.rounds_seconds > sum(outcome.rounds_seconds[:-1])


def test_a_failure_is_one_case_s_own(clock: Clock) -> None:
    error = RuntimeError("fell over")
    outcomes, bench = run(clock, {"ill": iter([0.1, 0.1, error]), "well": steady(0.1)})
    assert outcomes["ill"] == CaseFailed(error=error)
    assert isinstance(outcomes["well"], CaseMeasured)
    assert not bench.open


def test_a_device_that_cannot_be_used_is_unavailable(clock: Clock) -> None:
    outcomes, _ = run(clock, {"a": iter([DeviceUnavailable("none here")])})
    assert outcomes["a"] == CaseUnavailable(reason="none here")


def test_an_interrupt_closes_every_worker_and_costs_only_what_was_being_measured(clock: Clock) -> None:
    rounds = {"ill": iter([RuntimeError("fell over")]), "b": iter([0.1, 0.1, KeyboardInterrupt()])}
    bench = Bench(clock, rounds)  # type: ignore[arg-type]
    cases = [Case(framework=name, model="mlp", device="cpu", phase="training") for name in rounds]
    outcomes: dict[Case, Outcome] = {}
    with pytest.raises(KeyboardInterrupt):
        measure_block(
            cases, start_worker=bench, preset=PRESET, order=random.Random(1), listener=Quiet(), outcomes=outcomes
        )
    assert not bench.open
    assert [case.framework for case in outcomes] == ["ill"]


def test_every_cold_compilation_has_a_fresh_process(clock: Clock) -> None:
    outcomes, bench = run(clock, {"a": steady(3.0)}, phase="compilation")
    outcome = outcomes["a"]
    assert isinstance(outcome, CaseMeasured)
    assert outcome.rounds_seconds == (3.0, 3.0, 3.0)
    assert bench.starts == 3
    assert [prepared.certificate for prepared in outcome.prepared] == [CERTIFICATE, None, None]


def test_a_compilation_longer_than_the_budget_is_measured_once(clock: Clock) -> None:
    outcomes, _ = run(clock, {"slow": steady(60.0)}, phase="compilation")
    assert isinstance(outcomes["slow"], CaseMeasured)
    assert outcomes["slow"].rounds_seconds == (60.0,)


def test_a_shared_process_compiles_cold_only_once(clock: Clock) -> None:
    bench = Bench(clock, {"a": steady(0.1)})
    case = Case(framework="a", model="mlp", device="cpu", phase="compilation")
    outcomes: dict[Case, Outcome] = {}
    measure_block(
        [case],
        start_worker=bench,
        preset=PRESET,
        order=random.Random(1),
        listener=Quiet(),
        outcomes=outcomes,
        fresh_processes=False,
    )
    assert isinstance(outcomes[case], CaseMeasured)
    assert bench.starts == 1
