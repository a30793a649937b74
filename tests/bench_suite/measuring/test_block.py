"""A block lets its cases take turns, ends each when it is narrow or out of time, and keeps failures apart."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import pytest

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.matrix.cases import Case, Cell
from speedscore.bench_suite.measuring.block import BlockInterrupted, BlockPlan, measure_block
from speedscore.bench_suite.measuring.outcomes import (
    NEEDS_TWO,
    OUT_OF_TIME,
    CaseFailed,
    CaseMeasured,
    CaseOutcome,
    CaseUnavailable,
)
from speedscore.bench_suite.measuring.stopping import FEWEST_TURNS, MINIMUM_ROUNDS
from speedscore.bench_suite.workers.handle import WorkerLost
from speedscore.bench_suite.workers.protocol import (
    Build,
    CertifyAgain,
    Gauge,
    Prepare,
    Profile,
    Profiled,
    Setting,
    TimeRound,
)
from speedscore.record.phases import MODEL_PHASES, MODEL_ROLES, Phase
from tests.bench_suite.measuring.fakes import (
    PREPARING_SECONDS,
    PRESET,
    STEPS,
    FakeWorker,
    FakeWorkers,
    Heard,
    Sample,
    steady,
    wild,
)
from tests.bench_suite.measuring.made_up_blocks import measured, run
from tests.clocks import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def turns(outcome: CaseOutcome) -> list[int | None]:
    return [round_.turn for round_ in measured(outcome).rounds]


def test_rounds_alternate_and_end_when_narrow(clock: FakeClock) -> None:
    outcomes, workers = run(clock, {"a": steady(0.1), "b": steady(0.2)})
    for outcome in outcomes.values():
        assert measured(outcome).stopped == "narrow"
        assert turns(outcome) == list(range(1, MINIMUM_ROUNDS + 1))
    for turn in range(MINIMUM_ROUNDS):
        assert sorted(workers.ran[2 * turn : 2 * turn + 2]) == ["a", "b"]


def test_the_order_of_a_turn_is_shuffled_by_the_seed(clock: FakeClock) -> None:
    first = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=1)[1].ran
    again = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=1)[1].ran
    other = run(clock, {"a": steady(0.1), "b": steady(0.1)}, seed=2)[1].ran
    assert first == again != other
    assert {"".join(first[i : i + 2]) for i in range(0, len(first), 2)} == {"ab", "ba"}


def test_who_is_narrow_goes_on_as_long_as_another_is_not(clock: FakeClock) -> None:
    outcomes, _ = run(clock, {"quick": steady(0.05), "wild": wild(0.5)})
    assert (measured(outcomes["quick"]).stopped, measured(outcomes["wild"]).stopped) == ("narrow", "budget")
    assert set(turns(outcomes["wild"])) <= set(turns(outcomes["quick"]))


def test_a_case_that_stays_wide_ends_with_its_budget_and_says_so(clock: FakeClock) -> None:
    outcome = measured(run(clock, {"wild": wild(0.5)})[0]["wild"])
    assert outcome.stopped == "budget"
    assert sum(outcome.rounds_seconds) >= PRESET.rounds_seconds > sum(outcome.rounds_seconds[:-1])


def test_one_worker_serves_all_phases_of_a_cell(clock: FakeClock) -> None:
    rounds = {"a": steady(0.1), "a inference": steady(0.01), "a throughput": steady(0.05)}
    outcomes, workers = run(clock, rounds, phases=MODEL_PHASES, processes=2)
    assert workers.prepared == [("a", process, role) for process in (0, 1) for role in MODEL_ROLES]
    for phase, flops in (("training", 6), ("inference", 1), ("throughput", 2)):
        outcome = measured(outcomes[f"a {phase}"])
        assert outcome.flops == flops
        assert [round_.process for round_ in outcome.rounds] == [0] * MINIMUM_ROUNDS + [1] * MINIMUM_ROUNDS
        assert len(outcome.prepared) == 1, "figures of a warm start never stand beside those of a cold one"
        assert outcome.certificate.worst_ratio == 0.1, "the worse of the two processes"


def test_what_the_rounds_left_is_compared_in_every_process(clock: FakeClock) -> None:
    outcomes, workers = run(clock, {"a": steady(0.1)}, phases=("training", "compilation"), processes=2)
    assert [request for request in workers.asked if isinstance(request, CertifyAgain)] == [
        CertifyAgain("training", limit_seconds=PRESET.rounds_seconds)
    ] * 2
    for outcome in outcomes.values():
        assert [check.quantity for check in measured(outcome).certificate.checks] == ["loss", "after the rounds"]


def test_nothing_is_compared_again_where_there_was_no_round(clock: FakeClock) -> None:
    _, workers = run(clock, {"a": iter([])}, phases=("compilation",))
    assert not any(isinstance(request, CertifyAgain) for request in workers.asked)


def test_cold_and_warm_compilations_take_turns_over_processes(clock: FakeClock) -> None:
    outcomes, workers = run(clock, {"a": iter([])}, phases=("compilation", "warm_compilation"), processes=4)
    cold, warm = (measured(outcomes[f"a {phase}"]) for phase in ("compilation", "warm_compilation"))
    assert [round_.process for round_ in cold.rounds] == [0, 2]
    assert [round_.process for round_ in warm.rounds] == [1, 3]
    assert cold.rounds_seconds == (PREPARING_SECONDS, PREPARING_SECONDS / 3)
    assert warm.rounds_seconds == (PREPARING_SECONDS / 2, PREPARING_SECONDS / 4)
    assert not workers.ran, "nothing is stepped for a figure that nobody asked for"


@pytest.mark.parametrize(
    ("from_cache", "compiles", "kind"),
    [
        (False, True, CaseFailed),
        (True, True, CaseMeasured),
        (None, True, CaseUnavailable),
        (None, False, CaseMeasured),
    ],
)
def test_a_warm_compilation_that_is_not_known_to_have_come_from_its_caches_is_none(
    clock: FakeClock, from_cache: bool | None, compiles: bool, kind: type[CaseOutcome]
) -> None:
    phases: tuple[Phase, ...] = ("compilation", "warm_compilation")
    outcomes, _ = run(clock, {"a": iter([])}, phases=phases, processes=2, from_cache=from_cache, compiles=compiles)
    assert isinstance(outcomes["a warm_compilation"], kind)
    assert isinstance(outcomes["a compilation"], CaseMeasured), "the cold one stands in any case"


def test_what_was_compiled_from_caches_is_told_of_the_processes_whose_figure_it_is(clock: FakeClock) -> None:
    phases: tuple[Phase, ...] = ("compilation", "warm_compilation")
    outcomes, _ = run(clock, {"a": iter([])}, phases=phases, processes=2)
    cold, warm = (measured(outcomes[f"a {phase}"]).program.compiled_from_cache for phase in phases)
    assert (cold, warm) == (None, True)


def test_one_process_has_no_warm_compilation(clock: FakeClock) -> None:
    outcomes, _ = run(clock, {"a": iter([])}, phases=("compilation", "warm_compilation"))
    assert isinstance(outcomes["a compilation"], CaseMeasured)
    assert outcomes["a warm_compilation"] == CaseUnavailable(NEEDS_TWO)


def test_a_budget_is_kept_and_shared_by_the_processes(clock: FakeClock) -> None:
    outcomes, _ = run(clock, {"a": wild(0.1), "b": wild(0.1)}, processes=2, deadline_seconds=60.0)
    # Two cells and two processes take 20 s to prepare, which leaves 40 s for rounds.
    assert 55.0 < clock.now < 65.0
    rounds = [round_.process for round_ in measured(outcomes["a"]).rounds]
    assert 0.5 < rounds.count(0) / rounds.count(1) < 2


def test_the_widest_interval_is_narrowed_first(clock: FakeClock) -> None:
    rounds = {"a": wild(0.1), "a inference": steady(0.1)}
    outcomes, workers = run(clock, rounds, phases=("training", "inference"), deadline_seconds=30.0)
    # Six equal rounds have an interval already, of no width: from then on the other's is always the wider one.
    assert 6 <= len(measured(outcomes["a inference"]).rounds) <= MINIMUM_ROUNDS
    assert len(measured(outcomes["a training"]).rounds) > 3 * MINIMUM_ROUNDS
    assert workers.ran[-1] == "a"


def test_of_two_that_stay_wide_the_wider_one_gets_the_rounds(clock: FakeClock) -> None:
    rounds = {"a": wild(0.1), "a inference": wild(0.1, spread=0.2)}
    outcomes, _ = run(clock, rounds, phases=("training", "inference"), deadline_seconds=60.0)
    wider, narrower = (measured(outcomes[f"a {phase}"]) for phase in ("training", "inference"))
    assert (wider.stopped, narrower.stopped) == ("budget", "budget")
    assert len(wider.rounds) > 3 * len(narrower.rounds)


def test_who_was_prepared_is_measured_even_when_time_is_up(clock: FakeClock) -> None:
    outcomes, workers = run(clock, {"a": steady(0.1), "b": steady(0.1)}, processes=2, deadline_seconds=3.0)
    first = workers.prepared[0][0]
    second = "b" if first == "a" else "a"
    assert len(measured(outcomes[first]).rounds) == FEWEST_TURNS
    assert outcomes[second] == CaseUnavailable(OUT_OF_TIME)
    assert workers.prepared == [(first, 0, "training")], "there is no time for a second process"


def test_a_failure_is_one_case_s_own(clock: FakeClock) -> None:
    error = RuntimeError("fell over")
    outcomes, _ = run(clock, {"ill": iter([0.1, 0.1, error]), "well": steady(0.1)})
    assert outcomes["ill"] == CaseFailed(error=error)
    assert isinstance(outcomes["well"], CaseMeasured)


def test_a_role_that_fails_leaves_the_others_of_its_cell(clock: FakeClock) -> None:
    rounds: dict[str, Iterator[Sample]] = {"a": iter([RuntimeError("nan")]), "a inference": steady(0.1)}
    outcomes, _ = run(clock, rounds, phases=("training", "inference", "compilation"))
    assert isinstance(outcomes["a training"], CaseFailed)
    assert isinstance(outcomes["a compilation"], CaseFailed)
    assert isinstance(outcomes["a inference"], CaseMeasured)


def test_a_worker_that_is_lost_takes_all_roles_of_its_cell(clock: FakeClock) -> None:
    rounds: dict[str, Iterator[Sample]] = {
        "a": iter([WorkerLost("killed")]),
        "a inference": steady(0.1),
        "b": steady(0.1),
        "b inference": steady(1.0),
    }
    outcomes, _ = run(clock, rounds, phases=("training", "inference"))
    assert {name for name, each in outcomes.items() if isinstance(each, CaseFailed)} == {"a training", "a inference"}
    assert {name for name, each in outcomes.items() if isinstance(each, CaseMeasured)} == {"b training", "b inference"}


def test_a_device_that_cannot_be_used_is_unavailable(clock: FakeClock) -> None:
    outcomes, _ = run(clock, {"a": iter([DeviceUnavailable("none here")])})
    assert outcomes["a"] == CaseUnavailable(reason="none here")


def test_an_interrupt_closes_every_worker_and_costs_only_what_was_being_measured(clock: FakeClock) -> None:
    interrupt = KeyboardInterrupt()
    with pytest.raises(BlockInterrupted) as caught:
        run(clock, {"ill": iter([RuntimeError("ill")]), "b": iter([0.1, interrupt])})
    assert caught.value.cause is interrupt
    assert [case.framework for case in caught.value.outcomes] == ["ill"]
    assert not isinstance(caught.value, Exception), "nobody who catches failures swallows a Ctrl-C"


@pytest.mark.parametrize("more", [FEWEST_TURNS - 1, FEWEST_TURNS])
def test_an_interrupt_in_a_later_process_keeps_what_makes_a_figure(clock: FakeClock, more: int) -> None:
    rounds: list[Sample] = [*[0.1] * MINIMUM_ROUNDS, *[0.1] * more, KeyboardInterrupt()]
    with pytest.raises(BlockInterrupted) as caught:
        run(clock, {"a": iter(rounds)}, processes=2)
    (outcome,) = map(measured, caught.value.outcomes.values())
    kept = [1] * more if more >= FEWEST_TURNS else []
    assert [round_.process for round_ in outcome.rounds] == [0] * MINIMUM_ROUNDS + kept
    assert outcome.stopped == "interrupted"


@pytest.mark.parametrize("number", [FEWEST_TURNS - 1, FEWEST_TURNS])
def test_an_interrupt_in_the_first_process_keeps_its_rounds_where_they_make_a_figure(
    clock: FakeClock, number: int
) -> None:
    rounds: list[Sample] = [*[0.1] * number, KeyboardInterrupt()]
    with pytest.raises(BlockInterrupted) as caught:
        run(clock, {"a": iter(rounds)})
    outcomes = [measured(outcome) for outcome in caught.value.outcomes.values()]
    assert [len(outcome.rounds) for outcome in outcomes] == ([number] if number >= FEWEST_TURNS else [])
    assert {(outcome.stopped, outcome.program.variant) for outcome in outcomes} <= {("interrupted", "x")}


def test_what_has_a_figure_is_told_after_each_process_but_the_last(clock: FakeClock) -> None:
    heard: list[Mapping[Case, CaseOutcome]] = []
    rounds = {"ill": iter([RuntimeError("ill")]), "well": steady(0.1)}
    outcomes, _ = run(clock, rounds, processes=3, process_ended=heard.append)
    so_far = [{case.framework: measured(outcome) for case, outcome in told.items()} for told in heard]
    assert [sorted(told) for told in so_far] == [["well"], ["well"]]
    assert [{each.process for each in told["well"].rounds} for told in so_far] == [{0}, {0, 1}]
    assert {told["well"].stopped for told in so_far} == {"interrupted"}
    assert measured(outcomes["well"]).stopped == "narrow"


def test_cases_are_told_of_in_the_order_in_which_they_were_asked_for(clock: FakeClock) -> None:
    phases: tuple[Phase, ...] = ("throughput", "compilation", "inference", "training")
    outcomes, _ = run(clock, {"b": steady(0.1), "a": steady(0.1)}, phases=phases)
    assert list(outcomes) == [f"{name} {phase}" for name in ("b", "a") for phase in phases]


def test_all_workers_import_at_once_and_do_nothing_else_so(clock: FakeClock) -> None:
    _, workers = run(clock, {name: steady(0.1) for name in "abc"})
    assert max(workers.at_work.pop(Build)) == 3
    assert all(at_work == {1} for at_work in workers.at_work.values())


def test_one_that_dies_while_it_imports_has_failed_and_is_gone(clock: FakeClock) -> None:
    workers = FakeWorkers(clock)
    workers.errors[Build] = WorkerLost("died while it imported")
    outcomes = measure_block(
        [Case(framework="a", model="mlp", device="cpu", phase="training")],
        start_worker=workers,
        plan=BlockPlan(PRESET, processes=1),
        order=random.Random(1),
        listener=Heard(),
        clock=clock,
    )
    (outcome,) = outcomes.values()
    assert isinstance(outcome, CaseFailed)
    assert not workers.alive


def test_without_operations_to_count_nothing_is_gauged(clock: FakeClock) -> None:
    _, workers = run(clock, {"a": steady(0.1)}, phases=("training",), flops={"training": 0})
    assert not [request for request in workers.asked if isinstance(request, Gauge)]


def test_a_worker_is_asked_for_what_the_preset_says(clock: FakeClock) -> None:
    _, workers = run(clock, {"a": steady(0.1)})
    (worker,) = workers.started
    (prepare,) = (request for request in worker.asked if isinstance(request, Prepare))
    assert prepare == Prepare("training", round_seconds=PRESET.round_seconds, warm_up=PRESET.warm_up)
    assert [request for request in worker.asked if isinstance(request, Gauge)] == [Gauge(PRESET.gauging)]


def test_all_rounds_have_the_steps_of_the_first_process(clock: FakeClock) -> None:
    workers = FakeWorkers(clock)

    def start(cell: Cell, *, process: int) -> tuple[FakeWorker, Setting]:
        workers.steps_per_round = STEPS + process
        return workers(cell, process=process)

    measure_block(
        [Case("a", "mlp", "cpu", "training")],
        start_worker=start,
        plan=BlockPlan(preset=PRESET, processes=2),
        order=random.Random(1),
        listener=Heard(),
        clock=clock,
    )
    assert [worker.process for worker in workers.started] == [0, 1]
    assert {request.steps for request in workers.asked if isinstance(request, TimeRound)} == {STEPS}


def test_where_a_device_serves_one_process_one_worker_lives_at_a_time(clock: FakeClock) -> None:
    workers = FakeWorkers(clock, {"a": steady(0.1), "b": steady(0.2)})
    alive: list[int] = []

    def start_and_count(cell: Cell, *, process: int) -> tuple[FakeWorker, Setting]:
        alive.append(len(workers.alive))
        return workers(cell, process=process)

    cases = [Case(framework=name, model="mlp", device="tpu", phase="training") for name in ("a", "b")]
    outcomes = measure_block(
        cases,
        start_worker=start_and_count,
        plan=BlockPlan(preset=PRESET, processes=2),
        order=random.Random(1),
        listener=Heard(),
        clock=clock,
    )
    assert alive == [0, 0, 0, 0]
    assert [name for name, _, _ in workers.prepared] == ["a", "b", "a", "b"]
    one, other = (measured(outcomes[case]) for case in cases)
    assert len(one.rounds) == len(other.rounds) == 2 * MINIMUM_ROUNDS
    assert not {round_.turn for round_ in one.rounds} & {round_.turn for round_ in other.rounds}


ALL_ROUNDS = {"a": 0.1, "a inference": 0.01, "b": 0.2, "b inference": 0.02}


def run_profiled(
    clock: FakeClock, *, profiles: dict[Case, Profiled] | None, error: BaseException | None = None
) -> tuple[dict[str, CaseOutcome], FakeWorkers]:
    return run(
        clock,
        {name: steady(seconds) for name, seconds in ALL_ROUNDS.items()},
        phases=("training", "inference", "compilation"),
        processes=2,
        profiles=profiles,
        profile_error=error,
    )


def test_no_round_is_taken_under_a_profiler() -> None:
    profiles: dict[Case, Profiled] = {}
    outcomes, workers = run_profiled(FakeClock(), profiles=profiles)
    assert {(case.framework, case.phase) for case in profiles} == {
        (framework, phase) for framework in "ab" for phase in ("training", "inference")
    }, "a compilation is no step that could be profiled"
    for worker in workers.started:
        kinds = [type(request) for request in worker.asked]
        assert kinds.count(Profile) == 2 * worker.process, "in the last of its processes, and in no other"
        if Profile in kinds:
            assert set(kinds[kinds.index(Profile) :]) == {Profile}, "after all that is measured there"
    unprofiled, others = run_profiled(FakeClock(), profiles=None)
    assert outcomes == unprofiled, "the figures of a session that profiles are those of one that does not"
    assert Profile not in {type(request) for request in others.asked}


def test_a_profiler_that_fails_costs_its_profile_and_no_figure() -> None:
    profiles: dict[Case, Profiled] = {}
    outcomes, _ = run_profiled(FakeClock(), profiles=profiles, error=WorkerLost("the profiler crashed\nits last lines"))
    assert outcomes == run_profiled(FakeClock(), profiles=None)[0]
    assert set(profiles.values()) == {Profiled(reason="the profiler crashed")}
