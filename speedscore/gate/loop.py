"""The gate's loop: a pilot finds out what there is to compare, then pairs of fresh sides, until all is decided.

What a pair means for a case is decided in ``gated_case``, what all of them mean in ``report``; nothing is printed here.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from typing import Protocol

import msgspec

from speedscore.gate.claims import claims_by_case
from speedscore.gate.errors import BudgetSpentError
from speedscore.gate.gated_case import GatedCase
from speedscore.gate.matching import Collections, Matching, match_cases, may_be_unstable
from speedscore.gate.observing import find_reasons
from speedscore.gate.outcome import INTERRUPTED, GateOutcome, outcome_of
from speedscore.gate.pairs import PairRunner, StartedPair
from speedscore.gate.plan import GatePlan
from speedscore.gate.sides import StartSide
from speedscore.host.clock import Clock
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.verdict import looks

_PILOT = 0.2
"""Share of a pair's time that the pilot's rounds take: it only looks how many processors are at work."""


class GateListener(Protocol):
    """What is called as the gate gets on."""

    def collected(self, cases: int) -> None:
        """So many cases are on both sides."""

    def pair_done(self, pairs: int, *, open_cases: int, cases: int) -> None:
        """So many pairs have been, and so many of the cases are still open."""


class _Schedule(msgspec.Struct, frozen=True):
    """When a case is looked at: known once the pilot has been."""

    looks: tuple[int, ...] = ()
    """Numbers of pairs."""
    figure_count: int = 1
    """Of all cases together: they share the error of a false alarm."""


class Gate:
    """One run."""

    def __init__(
        self,
        plan: GatePlan,
        settings: Settings,
        *,
        start_side: StartSide,
        clock: Clock,
        order: random.Random,
        listener: GateListener,
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._pair_runner = PairRunner(plan, start_side=start_side, clock=clock, order=order)
        self._listener = listener
        self._matching = Matching()
        self._cases: list[GatedCase] = []
        self._schedule = _Schedule()
        self._pairs = 0

    def hash_seed(self) -> int:
        """As a pair of this gate has it."""
        return self._pair_runner.hash_seed()

    def run(self) -> GateOutcome:
        """Gate all cases. Raises GateError. Ctrl-C and the deadline end it early, with the verdicts so far."""
        cut_off = ""
        try:
            self._run_pilot()
            self._run_pairs()
        except KeyboardInterrupt:
            cut_off = INTERRUPTED
        except BudgetSpentError as error:
            cut_off = f"the time budget was spent{f': {error}' if str(error) else ''}"
        self._look(self._cases, cut_off=cut_off)
        outcome = outcome_of(
            self._matching,
            self._cases,
            self._settings,
            looks=self._schedule.looks,
            pairs=self._pairs,
            cut_off=cut_off,
        )
        if cut_off or not self._plan.why:
            return outcome
        # The verdicts stand: what follows may be broken off, and fail.
        with contextlib.suppress(KeyboardInterrupt):
            outcome = msgspec.structs.replace(outcome, reasons=find_reasons(self._cases, self._pair_runner))
        return outcome

    def _run_pilot(self) -> None:
        """One pair, or more where a side dies in a case; its rounds count for nothing."""
        waiting: list[GatedCase] = []
        seconds = _PILOT * self._settings.pair_seconds
        while True:
            with self._pair_runner.started(waiting) as pair:
                if not waiting:
                    waiting = self._match(pair)
                done = self._pair_runner.run(pair, waiting, seconds=seconds, note=GatedCase.pilot)
            waiting = waiting[done:]
            if not waiting:
                break
        figure_count = max(1, sum(case.figure_count for case in self._cases))
        self._schedule = _Schedule(
            looks=looks(self._settings.for_case("", "").time, figure_count=figure_count), figure_count=figure_count
        )

    def _run_pairs(self) -> None:
        while open_cases := [case for case in self._cases if case.open]:
            self._pair_runner.check_budget()
            with self._pair_runner.started(open_cases) as pair:
                self._pair_runner.run(pair, open_cases, seconds=self._settings.pair_seconds, note=GatedCase.add)
            self._pairs += 1
            self._look(open_cases)
            still_open = sum(case.open for case in open_cases)
            self._listener.pair_done(self._pairs, open_cases=still_open, cases=len(self._cases))

    def _match(self, pair: StartedPair) -> list[GatedCase]:
        self._matching = match_cases(pair.collections, self._plan, self._settings, again=self._again(pair))
        claims = claims_by_case(self._plan.claims, {case.id: case.group for case in self._matching.both})
        self._cases = [
            GatedCase(
                case.id,
                self._settings.for_case(case.id, case.group),
                notes=case.notes,
                other_environment=self._plan.other_environment,
                claims=claims[case.id],
            )
            for case in self._matching.both
        ]
        self._listener.collected(len(self._cases))
        return list(self._cases)

    def _again(self, pair: StartedPair) -> Collections | None:
        """What another pair collects, where the ids of some cases may be others in each process."""
        if not may_be_unstable(pair.collections, self._plan):
            return None
        with self._pair_runner.started(()) as another:
            return another.collections

    def _look(self, cases: Sequence[GatedCase], *, cut_off: str = "") -> None:
        for case in cases:
            case.look(self._schedule.looks, figure_count=self._schedule.figure_count, cut_off=cut_off)
