"""Which steps stall and what accounts for them, by made-up steps; no clock and no process."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.probes.steady.stalls import OWN_CAUSES, Step, find_stalls

ONE = 0.005
"""Seconds of an ordinary step."""
SEEDS = st.integers(0, 10**6)


def ordinary(count: int, *, seed: int = 0, noise: float = 0.02) -> list[Step]:
    """Steps with normal noise, of which ``noise`` is the standard deviation in parts of a step."""
    chance = random.Random(seed)
    return [Step(max(ONE / 10, chance.gauss(ONE, noise * ONE))) for _ in range(count)]


def with_one(step: Step, *, steps: list[Step] | None = None) -> list[Step]:
    around = ordinary(100) if steps is None else steps
    return [*around[:50], step, *around[50:]]


def cause_of(step: Step) -> str | None:
    """Of one step among ordinary ones; None where it is no stall."""
    stalls = find_stalls(with_one(step))
    assert len(stalls) <= 1
    assert all(stall.number == 50 and stall.seconds == step.seconds for stall in stalls)
    return stalls[0].cause if stalls else None


@given(seed=SEEDS, noise=st.floats(0.0, 0.1), count=st.integers(20, 400))
def test_a_run_with_ordinary_noise_is_steady(seed: int, noise: float, count: int) -> None:
    assert find_stalls(ordinary(count, seed=seed, noise=noise)) == ()


@given(seed=SEEDS, excess=st.floats(0.02, 10.0), share=st.floats(0.5, 1.0))
def test_a_stall_has_the_cause_that_accounts_for_most_of_it(seed: int, excess: float, share: float) -> None:
    long = ONE + excess
    part = share * excess
    for step, cause in (
        (Step(long, collection_seconds=part), "garbage collection"),
        (Step(long, compile_seconds=part, compilations=1), "recompilation"),
        (Step(long, compile_seconds=None, compilations=1), "recompilation"),
        (Step(long, withheld_seconds=part), "host"),
        (Step(long, steal_seconds=part), "host"),
    ):
        (stall,) = find_stalls(with_one(step, steps=ordinary(100, seed=seed, noise=0.0)))
        assert (stall.number, stall.cause) == (50, cause)
        assert stall.excess_seconds == pytest.approx(excess)


@given(excess=st.floats(0.02, 10.0), share=st.floats(0.0, 0.49))
def test_less_than_half_accounts_for_nothing(excess: float, share: float) -> None:
    part = share * excess
    for step in (
        Step(ONE + excess, collection_seconds=part),
        Step(ONE + excess, compile_seconds=part, compilations=1),
        Step(ONE + excess, withheld_seconds=part, compile_seconds=None),
        Step(ONE + excess),
    ):
        assert cause_of(step) == "unknown"


@given(own=st.floats(0.02, 1.0), withheld=st.floats(0.0, 10.0))
def test_a_collection_is_named_however_long_others_had_the_processor_meanwhile(own: float, withheld: float) -> None:
    step = Step(ONE + own + withheld, withheld_seconds=withheld, collection_seconds=own)
    assert cause_of(step) == "garbage collection"


@given(seed=SEEDS, own=st.floats(0.02, 0.1))
def test_a_busy_machine_hides_no_collection(seed: int, own: float) -> None:
    chance = random.Random(seed)
    busy = [Step(ONE + waited, withheld_seconds=waited) for waited in (chance.uniform(0.2, 1.0) for _ in range(100))]
    assert [stall for stall in find_stalls(busy) if stall.cause != "host"] == []
    stalls = find_stalls(with_one(Step(ONE + own, collection_seconds=own), steps=busy))
    assert [(stall.number, stall.cause) for stall in stalls if stall.cause != "host"] == [(50, "garbage collection")]
    stalls = find_stalls(with_one(Step(ONE + own), steps=busy))
    assert [(stall.number, stall.cause) for stall in stalls if stall.cause != "host"] == [(50, "unknown")]


@given(withheld=st.floats(0.02, 10.0), part=st.floats(0.0, 0.0005))
def test_a_collection_too_short_to_be_a_stall_does_not_answer_for_the_host(withheld: float, part: float) -> None:
    step = Step(ONE + withheld + part, withheld_seconds=withheld, collection_seconds=part, compile_seconds=None)
    assert cause_of(step) == "host"


@given(
    steps=st.lists(
        st.builds(
            Step,
            st.floats(1e-6, 10.0),
            withheld_seconds=st.floats(0.0, 10.0),
            steal_seconds=st.floats(0.0, 1.0),
            collection_seconds=st.just(0.0),
            compile_seconds=st.sampled_from([0.0, None]),
            compilations=st.just(0),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_without_a_collection_and_a_compilation_nothing_is_laid_to_the_program(steps: list[Step]) -> None:
    assert not {stall.cause for stall in find_stalls(steps)} & {*OWN_CAUSES}


@given(seed=SEEDS, scale=st.floats(2.0, 1000.0))
def test_the_unit_of_a_long_step_does_not_matter(seed: int, scale: float) -> None:
    steps = with_one(Step(20 * ONE, collection_seconds=19 * ONE), steps=ordinary(100, seed=seed))
    scaled = [
        step._replace(seconds=scale * step.seconds, collection_seconds=scale * step.collection_seconds)
        for step in steps
    ]
    told = [[(stall.number, stall.cause) for stall in find_stalls(each)] for each in (steps, scaled)]
    assert told == [[(50, "garbage collection")]] * 2


def test_a_step_needs_twice_the_median_ten_deviations_and_a_millisecond() -> None:
    assert cause_of(Step(1.9 * ONE)) is None
    assert cause_of(Step(2.5 * ONE)) == "unknown"
    noisy = [Step(ONE * (1 + part)) for part in (0.0, 0.2, 0.4, 0.6, 0.8) * 20]
    assert find_stalls([*noisy, Step(2.9 * ONE)]) == ()
    short = [Step(1e-5)] * 100
    assert find_stalls([*short, Step(1e-3)]) == ()
    assert len(find_stalls([*short, Step(1.1e-3)])) == 1


def test_a_run_without_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="without steps"):
        find_stalls([])
