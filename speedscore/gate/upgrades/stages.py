"""Which stage of a test takes longer on head: import, trace, lower, compile, first step, run.

Evidence from processes that ran for nothing else: it says where to look and never changes a verdict. It starts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

STAGES = ("import", "optimizer", "trace", "trace and lower", "lower", "compile", "first step", "run")
"""In the order in which they come."""
_CHANGED_FROM = 1.25
"""Of medians: smaller changes of a stage that runs once a process are within what processes differ by."""
_FEWEST_SECONDS = 0.005


class StageSample(msgspec.Struct, frozen=True):
    """What one process says of one test, in seconds by stage."""

    set_up: Mapping[str, float]
    """Before the rounds."""
    rounds: Mapping[str, float]
    """Of an iteration of a round."""


class StageTimes(msgspec.Struct, frozen=True):
    """Seconds of a stage, each side's median over its processes."""

    stage: str
    base: float
    head: float
    is_timed: bool
    """True for a part of what the benchmark times, where it is of one iteration; False for what comes before it."""
    has_changed: bool
    """Whether every process of one side took longer than every one of the other, and by enough to be told."""


def stage_times(base: Sequence[StageSample], head: Sequence[StageSample]) -> tuple[StageTimes, ...]:
    """All stages that any process knows, those before the rounds first."""
    found = []
    for is_timed in (False, True):
        sides = [[each.rounds if is_timed else each.set_up for each in side] for side in (base, head)]
        names = {name for side in sides for sample in side for name in sample}
        for stage in sorted(names, key=_place):
            before, after = ([sample.get(stage, 0.0) for sample in side] for side in sides)
            if before and after:
                found.append(_times(stage, before, after, is_timed=is_timed))
    return tuple(found)


def slower_stage(times: Sequence[StageTimes], *, ratio: float) -> StageTimes | None:
    """The stage whose seconds in a round differ most, in the direction that the verdict has; None where none does.

    Where a round has but one stage it is that, whatever a few untimed rounds say.
    """
    sign = 1 if ratio >= 1 else -1
    timed = [each for each in times if each.is_timed]
    if len(timed) == 1:
        return timed[0]
    timed = [each for each in timed if sign * (each.head - each.base) > 0]
    return max(timed, key=lambda each: abs(each.head - each.base), default=None)


def _times(stage: str, before: Sequence[float], after: Sequence[float], *, is_timed: bool) -> StageTimes:
    base, head = median(before), median(after)
    apart = min(after) > max(before) or min(before) > max(after)
    enough = max(base, head) >= _CHANGED_FROM * min(base, head) and abs(head - base) >= _FEWEST_SECONDS
    return StageTimes(stage=stage, base=base, head=head, is_timed=is_timed, has_changed=apart and enough)


def _place(stage: str) -> tuple[int, str]:
    return (STAGES.index(stage) if stage in STAGES else len(STAGES), stage)
