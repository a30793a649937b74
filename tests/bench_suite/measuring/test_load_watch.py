"""Others' load, and nothing else, says that a process was disturbed; it is measured again where there is time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from speedscore.bench_suite.matrix.cases import Case, Cell
from speedscore.bench_suite.measuring.block import BlockInterrupted, BlockPlan, measure_block
from speedscore.bench_suite.measuring.load_watch import DISTURBED_FROM
from speedscore.bench_suite.measuring.stopping import MINIMUM_ROUNDS
from speedscore.bench_suite.workers.protocol import Setting
from speedscore.record.phases import Phase
from tests.bench_suite.measuring.fakes import (
    PREPARING_SECONDS,
    PRESET,
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


class Others:
    """What others use of the processors, as long as so many workers have been started."""

    def __init__(self, clock: FakeClock, processors: Sequence[float]) -> None:
        """``processors`` by attempt and by the product after it, in turn; in all later ones the last of them."""
        self._clock = clock
        self._processors = processors
        self._asked = 0
        self._seconds = 0.0
        self._began = 0.0

    def __call__(self) -> float:
        attempt, ending = divmod(self._asked, 2)
        self._asked += 1
        if ending:
            passed = self._clock() - self._began
            self._seconds += passed * self._processors[min(attempt, len(self._processors) - 1)]
        self._began = self._clock()
        return self._seconds


QUIET, BUSY = 0.5 * DISTURBED_FROM, 2 * DISTURBED_FROM
"""Of one processor, which is what a fake worker uses."""


def test_a_process_that_others_disturbed_is_measured_again_and_the_first_attempt_is_no_figure(
    clock: FakeClock,
) -> None:
    def slow_at_first() -> Iterator[Sample]:
        yield from [0.4] * MINIMUM_ROUNDS
        yield from steady(0.1)

    outcomes, workers = run(clock, {"jax": slow_at_first()}, processes=2, others=Others(clock, [BUSY, QUIET]))
    case = measured(outcomes["jax"])
    assert [worker.process for worker in workers.started] == [0, 0, 1]
    assert {(round_.process, round_.seconds) for round_ in case.rounds} == {(0, 0.1), (1, 0.1)}
    assert case.worker.processes_measured_again == 1
    assert case.worker.processors_busy_during == pytest.approx(QUIET, abs=0.01)


def test_a_compilation_is_made_again_with_its_process(clock: FakeClock) -> None:
    phases: tuple[Phase, ...] = ("training", "compilation", "warm_compilation")
    outcomes, workers = run(
        clock, {"jax": steady(0.1)}, phases=phases, processes=2, others=Others(clock, [QUIET, QUIET, BUSY, QUIET])
    )
    assert [process for _, process, _ in workers.prepared] == [0, 1, 1]
    for phase, process in (("compilation", 0), ("warm_compilation", 1)):
        assert [round_.process for round_ in measured(outcomes[f"jax {phase}"]).rounds] == [process]


def test_slow_rounds_alone_disturb_nobody(clock: FakeClock) -> None:
    """To measure again what looks slow would choose the figures."""
    _, workers = run(clock, {"jax": wild(0.1)}, processes=2, others=Others(clock, [QUIET]))
    assert [worker.process for worker in workers.started] == [0, 1]


def test_on_a_machine_that_is_always_busy_one_process_is_tried_again_and_no_more(clock: FakeClock) -> None:
    outcomes, workers = run(clock, {"jax": steady(0.1)}, processes=3, others=Others(clock, [BUSY]))
    assert [worker.process for worker in workers.started] == [0, 0, 1, 2]
    assert measured(outcomes["jax"]).worker.processors_busy_during == pytest.approx(BUSY, abs=0.01)


def test_nothing_is_measured_again_where_that_would_cost_a_later_process(clock: FakeClock) -> None:
    _, workers = run(
        clock,
        {"jax": wild(0.1)},
        processes=2,
        deadline_seconds=2.5 * PREPARING_SECONDS,
        others=Others(clock, [BUSY, QUIET]),
    )
    assert [worker.process for worker in workers.started] == [0, 1]


def test_rounds_of_a_disturbed_process_are_kept_until_there_are_others(clock: FakeClock) -> None:
    workers = FakeWorkers(clock, {"jax": steady(0.1)})
    workers_started = workers.started
    case = Case("jax", "mlp", "cpu", phase="training")

    def start(cell: Cell, *, process: int) -> tuple[FakeWorker, Setting]:
        if workers_started:
            raise KeyboardInterrupt
        return workers(cell, process=process)

    with pytest.raises(BlockInterrupted) as caught:
        measure_block(
            [case],
            start_worker=start,
            plan=BlockPlan(preset=PRESET, processes=1),
            order=random.Random(1),
            listener=Heard(),
            clock=clock,
            others_seconds=Others(clock, [BUSY]),
        )
    assert len(measured(caught.value.outcomes[case]).rounds) == MINIMUM_ROUNDS
