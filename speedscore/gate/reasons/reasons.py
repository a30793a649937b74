"""Where a regression comes from: what was seen of both sides in a pair of its own, put side by side.

The functions whose time a call grew, in the user's own files first; operators of a framework's profiler, operations of
XLA, counts. It is evidence and no verdict: it never changes one, and comes from no round that was timed for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from speedscore.gate.hlo import OperationChange
from speedscore.gate.sides.side import Observed, SampledFunction
from speedscore.verdicts.verdict import Verdict

MOST_FUNCTIONS = 5
MOST_OPERATIONS = 8
MOST_STACKS = 60
_LEAST_SHARE = 0.05
"""Of the slowdown, from which a function or an operator is told."""


class GrownFunction(msgspec.Struct, frozen=True):
    """A function that takes more of a call of the benchmark than it did."""

    name: str
    file: str
    line: int
    """On head."""
    own: bool
    """Whether it is of the user's own code. What it calls of others' code counts as its own time."""
    base_seconds: float
    head_seconds: float
    """Of one call of the benchmark, without what other own functions take that it calls."""
    base_share: float
    head_share: float
    """Of the benchmark's time."""
    of_slowdown: float
    """Its growth, as a share of that of a call."""
    through: str = ""
    """The function of others' code, called from here, in which the most of the growth lies; empty for its own lines."""


class GrownOperator(msgspec.Struct, frozen=True):
    """An operator of a framework that takes more of a call than it did."""

    name: str
    base_calls: float
    head_calls: float
    base_seconds: float
    head_seconds: float
    """Of one call of the benchmark, the operator itself alone."""


class StackTimes(msgspec.Struct, frozen=True):
    """Functions that called one another, and the seconds of a call of the benchmark that they were found in."""

    frames: tuple[str, ...]
    """From the outermost, as ``parse (pkg/parser.py)``."""
    base_seconds: float
    head_seconds: float


class CaseReasons(msgspec.Struct, frozen=True):
    """What is known of where a case's regression comes from."""

    case: str
    note: str = ""
    """What could not be found out, and why; empty where all could."""
    profiler: str = ""
    functions: tuple[GrownFunction, ...] = ()
    operators: tuple[GrownOperator, ...] = ()
    operations: tuple[OperationChange, ...] = ()
    """Of the optimised HLO of both sides, those that came first."""
    counts: tuple[str, ...] = ()
    """What was counted and not measured, and moved."""
    stacks: tuple[StackTimes, ...] = ()
    """For a flame graph, the heaviest."""


def reasons_of(
    case: str,
    base: Observed,
    head: Observed,
    *,
    profiler: str,
    operations: Sequence[OperationChange] = (),
    verdicts: Sequence[Verdict] = (),
) -> CaseReasons:
    """Put side by side what was seen of both sides; ``verdicts`` are the case's own, whose counts may have moved.

    The sides ran one after the other here, slowed by a profiler, and others may have disturbed one of them. So where
    the time has a verdict, a call takes on base what that says, and on head the verdict's ratio of it: a profile says
    how seconds are shared, timed rounds how many they are.
    """
    timed = next((each for each in verdicts if each.metric == "time" and each.outcome == "regressed"), None)
    ratio = timed.ratio if timed else None
    before = _Profile(base, seconds=timed.base_amount if timed else None)
    after = _Profile(head, seconds=before.seconds * ratio if ratio and before.seconds else None)
    notes = [each for each in dict.fromkeys((base.failed, head.failed)) if each]
    if not before.seconds or not after.seconds:
        notes.append("the profiler found the benchmark in no function of Python")
    elif after.seconds <= before.seconds:
        notes.append("under the profiler head was not slower")
    return CaseReasons(
        case=case,
        note="; ".join(notes),
        profiler=profiler,
        functions=_grown_functions(before, after),
        operators=_grown_operators(base.operators, head.operators, ratio=ratio),
        operations=tuple(operations[:MOST_OPERATIONS]),
        counts=moved_counts(verdicts),
        stacks=_stacks(before, after),
    )


def moved_counts(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    return tuple(
        each.reason
        for each in verdicts
        if each.metric not in ("time", "memory") and each.outcome in ("regressed", "improved")
    )


class _Profile:
    """The seconds of one call of the benchmark, as they were found."""

    def __init__(self, observed: Observed, *, seconds: float | None = None) -> None:
        """``seconds`` are those of a call, where they are known better."""
        sampled = sum(seconds for _, seconds in observed.stacks)
        # What falls between two samples is like the samples.
        of_call = seconds or (observed.seconds / observed.calls if observed.calls else 0.0)
        scale = of_call / sampled if sampled else 0.0
        self.seconds = sampled * scale
        self.stacks = [
            (tuple(observed.functions[place] for place in stack), found * scale) for stack, found in observed.stacks
        ]
        self.seconds_of: defaultdict[_Key, float] = defaultdict(float)
        self.through: defaultdict[_Key, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        self.functions: dict[_Key, SampledFunction] = {}
        for stack, found in self.stacks:
            self._add(stack, found)

    def _add(self, stack: Sequence[SampledFunction], seconds: float) -> None:
        """To the innermost own function, or the outermost of all where none is."""
        depth = max((place for place, function in enumerate(stack) if function.own), default=0)
        function = stack[depth]
        key = (function.file, function.name)
        self.functions[key] = function
        self.seconds_of[key] += seconds
        if depth + 1 < len(stack):
            self.through[key][_called(stack[depth + 1])] += seconds


_Key = tuple[str, str]
"""File and qualified name: lines move."""


def _called(function: SampledFunction) -> str:
    return f"{function.name} ({function.file})" if function.file else function.name


def _grown_functions(before: _Profile, after: _Profile) -> tuple[GrownFunction, ...]:
    slowdown = after.seconds - before.seconds
    if slowdown <= 0 or not before.seconds:
        return ()
    grown = []
    for key, function in after.functions.items():
        growth = after.seconds_of[key] - before.seconds_of[key]
        if growth < _LEAST_SHARE * slowdown:
            continue
        grown.append(
            GrownFunction(
                name=function.name,
                file=function.file,
                line=function.line,
                own=function.own,
                base_seconds=before.seconds_of[key],
                head_seconds=after.seconds_of[key],
                base_share=before.seconds_of[key] / before.seconds,
                head_share=after.seconds_of[key] / after.seconds,
                of_slowdown=growth / slowdown,
                through=_through(key, before, after, growth=growth),
            )
        )
    grown.sort(key=lambda each: (not each.own, -each.of_slowdown))
    return tuple(grown[:MOST_FUNCTIONS])


def _through(key: _Key, before: _Profile, after: _Profile, *, growth: float) -> str:
    """What of others' code has most of the growth, if it has half of it."""
    more = {name: seconds - before.through[key][name] for name, seconds in after.through[key].items()}
    name = max(more, key=more.__getitem__, default="")
    return name if name and more[name] >= growth / 2 else ""


def _grown_operators(
    base: Mapping[str, tuple[float, float]], head: Mapping[str, tuple[float, float]], *, ratio: float | None
) -> tuple[GrownOperator, ...]:
    """Those that run more often first, then by their growth. ``ratio`` is that of all of them together, if known."""
    none = (0.0, 0.0)
    before, after = (sum(seconds for _, seconds in side.values()) for side in (base, head))
    scale = before * ratio / after if ratio and before and after else 1.0
    grown = [
        GrownOperator(name, base.get(name, none)[0], calls, base.get(name, none)[1], seconds * scale)
        for name, (calls, seconds) in head.items()
        if seconds * scale - base.get(name, none)[1] > max(0.0, _LEAST_SHARE * (after * scale - before))
    ]
    grown.sort(key=lambda each: (each.head_calls <= each.base_calls, each.base_seconds - each.head_seconds))
    return tuple(grown[:MOST_OPERATIONS])


def _stacks(before: _Profile, after: _Profile) -> tuple[StackTimes, ...]:
    both: dict[tuple[str, ...], list[float]] = {}
    for place, profile in enumerate((before, after)):
        for stack, seconds in profile.stacks:
            frames = tuple(map(_called, stack))
            both.setdefault(frames, [0.0, 0.0])[place] += seconds
    times = [StackTimes(frames, *seconds) for frames, seconds in both.items()]
    times.sort(key=lambda each: -max(each.base_seconds, each.head_seconds))
    return tuple(times[:MOST_STACKS])
