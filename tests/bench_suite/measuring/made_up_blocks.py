"""Blocks of made-up workers, measured whole, and what came of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.block import BlockPlan, measure_block
from speedscore.bench_suite.measuring.load_watch import OthersSeconds, unknown_load
from speedscore.bench_suite.measuring.outcomes import (
    CaseMeasured,
    CaseOutcome,
)
from speedscore.bench_suite.workers.protocol import (
    Profile,
    Profiled,
)
from speedscore.record.phases import Phase, Role
from tests.bench_suite.measuring.fakes import (
    PRESET,
    FakeWorkers,
    Heard,
    Sample,
)
from tests.clocks import FakeClock


def run(
    clock: FakeClock,
    rounds: Mapping[str, Iterator[Sample]],
    *,
    phases: Sequence[Phase] = ("training",),
    processes: int = 1,
    deadline_seconds: float | None = None,
    seed: int = 1,
    from_cache: bool | None = True,
    compiles: bool = True,
    process_ended: Callable[[Mapping[Case, CaseOutcome]], None] | None = None,
    others: OthersSeconds = unknown_load,
    profiles: dict[Case, Profiled] | None = None,
    profile_error: BaseException | None = None,
    flops: Mapping[Role, int] | None = None,
) -> tuple[dict[str, CaseOutcome], FakeWorkers]:
    """Outcomes under ``framework`` for one phase, under ``framework phase`` for several.

    ``profiles`` is given what became of each profile; without it nothing is profiled.
    """
    workers = FakeWorkers(clock, rounds)
    if flops is not None:
        workers.flops = flops
    if profile_error is not None:
        workers.errors[Profile] = profile_error
    workers.from_cache = from_cache
    workers.compiles = compiles
    frameworks = dict.fromkeys(name.partition(" ")[0] for name in rounds)
    cases = [Case(framework=name, model="mlp", device="cpu", phase=phase) for name in frameworks for phase in phases]
    heard = Heard()
    try:
        outcomes = measure_block(
            cases,
            start_worker=workers,
            plan=BlockPlan(preset=PRESET, processes=processes, deadline_seconds=deadline_seconds),
            order=random.Random(seed),
            listener=heard,
            clock=clock,
            process_ended=process_ended,
            others_seconds=others,
            keep_profile=None if profiles is None else profiles.__setitem__,
        )
    finally:
        assert not workers.alive
    assert outcomes == heard.outcomes
    assert set(outcomes) == set(cases)
    several = len(phases) > 1
    return {
        f"{case.framework} {case.phase}" if several else case.framework: outcome for case, outcome in outcomes.items()
    }, workers


def measured(outcome: CaseOutcome) -> CaseMeasured:
    assert isinstance(outcome, CaseMeasured), outcome
    return outcome
