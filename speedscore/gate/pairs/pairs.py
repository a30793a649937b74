"""Pairs of fresh sides: both are started and collect, then they run some cases, and both are ended whatever happens.

What a pair says of a case goes to whoever asked; nothing is decided here.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from speedscore.gate.cases.gated_case import GatedCase
from speedscore.gate.errors import BudgetSpentError, GateError, SideGoneError
from speedscore.gate.pairs.hash_seeds import HashSeeds
from speedscore.gate.pairs.plan import GatePlan
from speedscore.gate.rounds.lockstep import PairResult, PairTask, SideLostError, run_tasks
from speedscore.gate.sides.own_code import why_not_own_code, why_unlike_builds
from speedscore.gate.sides.side import CaseRequest, Ended, Finished, Side, SideCollection, SideSpec, StartSide, Trace
from speedscore.gate.sides.side_endings import why_it_ended
from speedscore.gate.sides.untimed import run_untimed
from speedscore.host.clock import Clock
from speedscore.host.piped import ProcessLostError
from speedscore.host.processors import allowed_processors

Processors = tuple[int, ...] | None

_LAYOUT = "SPEEDSCORE_GATE_LAYOUT"
"""A variable of drawn length, which moves what a process lays out in memory, on its stack and on its heap.

Without it a side's layout would be one in all pairs, and another than the other side's, whose paths have other lengths:
an array that begins elsewhere in a line of the cache is a difference that no number of pairs averages out (Mytkowicz
and others, Producing Wrong Data Without Doing Anything Obviously Wrong!, ASPLOS 2009)."""
_LAYOUT_LENGTHS = range(1024, 1024 + 4096)
"""Beyond what Python puts into pools of its own, and a page of different ones."""


class StartedPair(msgspec.Struct, frozen=True):
    """Two living sides that have collected."""

    base: Side
    head: Side
    collections: tuple[SideCollection, SideCollection]
    """Of base and of head."""


class PairRun(msgspec.Struct, frozen=True):
    """What came of the cases that a pair was to run, beside their results."""

    done: int
    """How many were reached. One in which a side died counts as such, and ends the pair."""
    ended: tuple[Ended, Ended] | None
    """What base and head told when all were run; None where a side died."""
    lost: SideLostError | None = None
    """How it died, where one did."""


class PairRunner:
    """The pairs of one gate."""

    def __init__(self, plan: GatePlan, *, start_side: StartSide, clock: Clock, order: random.Random) -> None:
        """``order`` draws whatever is drawn anew for each pair: who begins, the processor, hash seed and layouts."""
        self._plan = plan
        self._start_side = start_side
        self._clock = clock
        self._order = order
        self._hash_seeds = HashSeeds(order)
        self.start_seconds = math.inf
        """What it takes to start both sides and let them collect, nobody else being started: the least so far."""

    def beside_others(self, start_side: Callable[[StartSide], StartSide]) -> PairRunner:
        """The same for another thread, with draws of its own; ``start_side`` says how sides are started there, given
        how they are here."""
        other = copy.copy(self)
        other._order = random.Random(self._order.getrandbits(64))
        other._start_side = start_side(self._start_side)
        return other

    def hash_seed(self) -> int:
        """That of the first pair, with which the ids of the cases were collected."""
        return self._hash_seeds.first

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know of how pairs were drawn."""
        return tuple(filter(None, (self._hash_seeds.warning,)))

    def check_budget(self) -> None:
        """Raises BudgetSpentError. Asked between cases, for one pair may take longer than the whole budget."""
        if self._plan.deadline.is_over:
            raise BudgetSpentError

    @contextlib.contextmanager
    def started(
        self,
        cases: Sequence[GatedCase],
        *,
        variables: Mapping[str, Mapping[str, str]] | None = None,
        trace: Trace | None = None,
        among: int = 0,
    ) -> Iterator[StartedPair]:
        """A fresh pair. Starting it is charged to the cases that it is started for, each its share as one of them, or
        as one of ``among``, where pairs are started for others as well. Raises GateError.

        It has a hash seed of its own, where the conditions of all its cases are known: until then, and where it is to
        find out which cases there are, it has that of the first pair.

        ``variables`` are those of each side's environment beside what it inherits, by its label; ``trace`` is what both
        sides are asked about what their tests depend on.
        """
        began = self._clock()
        specs = tuple(
            msgspec.structs.replace(
                spec, variables={**spec.variables, **(variables or {}).get(spec.label, {})}, trace=trace
            )
            for spec in (self._plan.base.spec, self._plan.head.spec)
        )
        seeds, are_known = self._hash_seeds, bool(cases) and all(case.conditions_are_known for case in cases)
        with contextlib.ExitStack() as stack:
            seed = seeds.for_pair(self._order) if are_known else seeds.first
            pair = self._start(specs, seed, stack)
            # By its own seed, and not by what another pair, which was starting meanwhile, has found out.
            if seed != seeds.first and (lacking := _lacking(pair, cases)):
                seeds.keep_first(lacking)
                stack.close()
                pair = self._start(specs, seeds.first, stack)
            seconds = self._clock() - began
            self.start_seconds = min(self.start_seconds, seconds)
            for case in cases:
                case.seconds += seconds / (among or len(cases))
            yield pair

    def _start(self, specs: Sequence[SideSpec], hash_seed: int, stack: contextlib.ExitStack) -> StartedPair:
        """Both sides, which ``stack`` closes."""
        sides: dict[str, Side] = {}
        for spec, other_spec in self._order.sample([specs, specs[::-1]], k=2):
            layout = {_LAYOUT: "." * self._order.choice(_LAYOUT_LENGTHS)}
            drawn = msgspec.structs.replace(spec, variables={**spec.variables, **layout})
            sides[spec.label] = self._start_side(
                drawn, other=other_spec, hash_seed=hash_seed, most_seconds=self._plan.deadline.left_seconds
            )
            stack.callback(sides[spec.label].close)
        base, head = sides["base"], sides["head"]
        return StartedPair(base, head, (_heard(base, base.collected), _heard(head, head.collected)))

    def task_of(self, case: GatedCase, *, seconds: float) -> PairTask:
        """As one pair is to run it alone."""
        one_processor, all_processors = _draw_processors(self._order)
        return case.task(one_processor=one_processor, all_processors=all_processors, seconds=seconds)

    def run_untimed(self, side: Side, request: CaseRequest) -> Finished:
        """One side alone; nothing of it is compared. Raises ProcessLostError, BudgetSpentError."""
        return run_untimed(side, request, clock=self._clock)

    def run(
        self,
        pair: StartedPair,
        cases: Sequence[GatedCase],
        *,
        seconds: Mapping[str, float],
        note: Callable[[GatedCase, PairResult], None],
        lost: Callable[[GatedCase, str, str], None] = GatedCase.lost,
        processor: int | None = None,
        among: int = 0,
    ) -> PairRun:
        """Run the cases; each result is noted as it comes. ``seconds`` are those of a case's rounds, by its id;
        ``lost`` hears in which case which side died, and how; ``processor`` is for what keeps one busy, drawn where it
        is None; ``among`` is as of ``started``, for what fixtures cost that cases share.

        Raises GateError where a side ran code that is not its own, BudgetSpentError between two cases.
        """
        by_id = {case.id: case for case in cases}
        drawn, all_processors = _draw_processors(self._order)
        one_processor = drawn if processor is None else (processor,)
        tasks = [
            case.task(one_processor=one_processor, all_processors=all_processors, seconds=seconds[case.id])
            for case in cases
        ]
        done = 0
        try:
            for result in run_tasks(
                pair.base,
                pair.head,
                tasks,
                extra_work=self._plan.extra_work,
                order=self._order,
                clock=self._clock,
            ):
                done += 1
                note(by_id[result.case], result)
                for case in cases:  # whoever was the first to ask for what all of them use
                    case.seconds += result.shared_seconds / (among or len(cases))
                if done < len(tasks):
                    self.check_budget()
            return PairRun(done, _end(pair))
        except SideLostError as error:
            lost(by_id[error.case], error.label, str(error))
            return PairRun(done + 1, None, lost=error)


Answer = TypeVar("Answer")


def _draw_processors(order: random.Random) -> tuple[Processors, Processors]:
    """One processor drawn for a pair, and all that there are; None where the system pins nothing."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    return (order.choice(allowed_processors()),), tuple(sorted(os.sched_getaffinity(0)))


def _lacking(pair: StartedPair, cases: Sequence[GatedCase]) -> str:
    """The first of the cases that a side has not collected; empty where both have all."""
    base, head = ({case.id for case in side.cases} for side in pair.collections)
    return next((case.id for case in cases if case.id not in base & head), "")


def _end(pair: StartedPair) -> tuple[Ended, Ended]:
    """Let both sides end, and hear what they tell.

    Raises GateError where a side ran code that is not its own: a comparison with itself would always pass.
    """
    base, head = _heard(pair.base, pair.base.end), _heard(pair.head, pair.head.end)
    if why := why_not_own_code(pair.base.spec, base) or why_not_own_code(pair.head.spec, head):
        raise GateError(why)
    if why := why_unlike_builds(base, head):
        raise GateError(why)
    return base, head


def _heard(side: Side, ask: Callable[[], Answer]) -> Answer:
    """Raises SideGoneError where the side is lost, and BudgetSpentError where it takes too long."""
    try:
        return ask()
    except BudgetSpentError as error:
        raise BudgetSpentError(f"{error} of {side.spec.label}, which collects" if str(error) else "") from None
    except ProcessLostError as error:
        why = why_it_ended(str(error), root=side.spec.root)
        raise SideGoneError(f"pytest on {side.spec.label} ({side.spec.description}) {why}") from None
