"""Which steps of a long run stalled, and what of each the counters account for. It reads no counter and no clock.

A step is a stall when it took more than each of: twice the median; the median and ten deviations, where a deviation is
1.4826 times the median absolute deviation, which for normal noise is the standard deviation; the median and a
millisecond. So is one that is a stall by the same rule among all steps less what was withheld from each, which a busy
machine would hide. The cause is what accounts for at least half of its excess over the median, and else unknown. Where
it is a stall less what was withheld, garbage collection or recompilation may account for half of that excess.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

DEVIATIONS = 10.0
NORMAL_DEVIATION = 1.4826
"""Standard deviation over median absolute deviation, of a normal distribution."""
TIMES_MEDIAN = 2.0
FLOOR_SECONDS = 1e-3
COVERED = 0.5
"""Of an excess, by what is to be called its cause."""

Cause = Literal["garbage collection", "recompilation", "host", "unknown"]
MOST_WITHHELD = 0.2
"""Of a run, before nothing is said of what it would have been alone."""
OWN_CAUSES: tuple[Cause, ...] = ("garbage collection", "recompilation")
"""Those that lie in the program's own process."""
CAUSES: tuple[Cause, ...] = (*OWN_CAUSES, "host", "unknown")


class Step(NamedTuple):
    """One step of a run, and what the counters say of it."""

    seconds: float
    """From its call until everything that it updates was there."""
    withheld_seconds: float = 0.0
    """In which the process was not let run, by the run queue, a quota or a stop."""
    steal_seconds: float = 0.0
    """That a hypervisor took; counted in hundredths of a second, so that a short step may answer for its neighbours."""
    collection_seconds: float = 0.0
    """Of processor time in Python's garbage collector."""
    compile_seconds: float | None = 0.0
    """Of tracing and compiling; None where the framework counts them and does not tell their time."""
    compilations: int = 0


class Stall(NamedTuple):
    """A step that stalled."""

    number: int
    """Of the step, the first being 0."""
    seconds: float
    """Of the whole step."""
    excess_seconds: float
    """Over the median."""
    cause: Cause


class _Typical(NamedTuple):
    median_seconds: float
    limit_seconds: float
    """A step that takes longer is a stall."""


def find_stalls(steps: Sequence[Step]) -> tuple[Stall, ...]:
    """The stalls of a run in their order. Raises ValueError for a run without steps."""
    whole = _typical([step.seconds for step in steps])
    own = _typical([_own_seconds(step) for step in steps])
    return tuple(
        Stall(number, step.seconds, _excess_seconds(step, whole=whole, own=own), _cause(step, whole=whole, own=own))
        for number, step in enumerate(steps)
        if step.seconds > whole.limit_seconds or _own_seconds(step) > own.limit_seconds
    )


def _excess_seconds(step: Step, *, whole: _Typical, own: _Typical) -> float:
    return max(step.seconds - whole.median_seconds, _own_seconds(step) - own.median_seconds)


def _own_seconds(step: Step) -> float:
    return max(0.0, step.seconds - step.withheld_seconds)


def _typical(seconds: Sequence[float]) -> _Typical:
    if not seconds:
        raise ValueError("a run without steps has no stalls and is not steady")
    middle = median(seconds)
    deviation = NORMAL_DEVIATION * median(abs(each - middle) for each in seconds)
    limit_seconds = max(TIMES_MEDIAN * middle, middle + DEVIATIONS * deviation, middle + FLOOR_SECONDS)
    return _Typical(middle, limit_seconds)


def _cause(step: Step, *, whole: _Typical, own: _Typical) -> Cause:
    if _own_seconds(step) > own.limit_seconds:
        needed_seconds = COVERED * (_own_seconds(step) - own.median_seconds)
        covered = {
            "garbage collection": step.collection_seconds,
            # Where its time is not told, that it happened in this step and nothing else accounts for it has to do.
            "recompilation": step.compile_seconds
            if step.compile_seconds is not None
            else (needed_seconds if step.compilations else 0.0),
        }
        cause = max(OWN_CAUSES, key=lambda each: covered[each])
        if covered[cause] >= needed_seconds:
            return cause
        if step.seconds <= whole.limit_seconds:
            # It stalled by what is left without the host.
            return "host" if step.steal_seconds >= needed_seconds else "unknown"
    if step.withheld_seconds + step.steal_seconds >= COVERED * (step.seconds - whole.median_seconds):
        return "host"
    return "unknown"
