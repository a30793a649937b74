"""The gate's loop: a pilot finds out what there is to compare, then pairs of fresh sides, until all is decided.

What a pair means for a case is decided in ``cases``, what all of them mean in ``reporting``; nothing is printed here.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Sequence
from typing import Protocol

import msgspec

from speedscore.gate.cases.claims import claims_by_case
from speedscore.gate.cases.gated_case import GatedCase
from speedscore.gate.cases.paired_metric import Schedule
from speedscore.gate.checkouts.changed_files import ChangedFiles
from speedscore.gate.errors import BudgetSpentError
from speedscore.gate.loop.affected import affected, likely_first
from speedscore.gate.loop.matching import Collections, Matching, match_cases, may_be_unstable
from speedscore.gate.loop.outcome import INTERRUPTED, UNFINISHED, GateOutcome, outcome_of
from speedscore.gate.pairs.concurrent_pairs import ConcurrentPairs
from speedscore.gate.pairs.pairs import PairRunner, StartedPair
from speedscore.gate.pairs.plan import GatePlan
from speedscore.gate.reasons.observing import find_reasons, looked_into
from speedscore.gate.rounds.lockstep import SideLostError
from speedscore.gate.sides.side import Ended, StartSide, Trace
from speedscore.host.clock import Clock
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.verdict import early_looks, looks

_PILOT = 0.2
"""Share of a pair's time that the pilot's rounds take: it only looks how many processors are at work."""

_SHORT = 0.5
"""So large a share of a pair's seconds a case has until the first early look has left it open: most cases have not
changed, and so few rounds of so many pairs tell that as surely in less time."""

_WITH_FULL_SECONDS = 4
"""Where more cases than that are open, each has fewer seconds in a pair, with the root of their number: what differs
from process to process needs pairs, not rounds, and the more cases share the start of two processes, the cheaper is one
more pair. 16 benchmarks took 16 % more pairs and 35 % less time with 0.25 s than with 0.5 s, and with 0.12 s 49 % more
and 41 % less (a gate of each, docs/gate-error-rates.md); calls that differ more among themselves ask for more rounds
than those did."""

_SHORTEST = 0.25
"""No case has a smaller share of a pair's seconds than that."""


class GateListener(Protocol):
    """What is called as the gate gets on."""

    def collected(self, cases: int) -> None:
        """So many cases are on both sides."""

    def tracing(self, test_file: str, *, number: int, of: int) -> None:
        """It is looked at what this test file depends on, one after the other."""

    def left_out(self, cases: int, *, all_because: str) -> None:
        """So many cases are left out as not affected; or none, for a reason that holds for all."""

    def pair_done(self, pairs: int, *, open_cases: int, cases: int) -> None:
        """So many pairs have been, and so many of the cases are still open."""

    def looking_for_reasons(self, cases: int) -> None:
        """So many cases that regressed are run once more."""

    def so_far(self, outcome: GateOutcome) -> None:
        """What would come of a part if it were cut off now, before and after each pair: its machine may be lost with
        it."""


class Gate:
    """One gate, from its pilot to the last verdict."""

    def __init__(
        self,
        plan: GatePlan,
        settings: Settings,
        *,
        start_side: StartSide,
        clock: Clock,
        order: random.Random,
        listener: GateListener,
        processors: Sequence[int] = (),
    ) -> None:
        """``processors`` are those on which pairs may run at the same time; without any, one pair does."""
        self._plan = plan
        self._settings = settings
        self._pair_runner = PairRunner(plan, start_side=start_side, clock=clock, order=order)
        self._concurrent_pairs = ConcurrentPairs(self._pair_runner, processors=processors, order=order)
        self._listener = listener
        self._collections: Collections | None = None
        self._matching = Matching()
        self._cases: list[GatedCase] = []
        self._schedule = Schedule()
        self._pairs = 0
        self._likely_changed: frozenset[str] = frozenset()
        """Test files."""
        self._left_out: dict[str, str] = {}
        self._all_because = plan.all_because
        self._all_cases: tuple[str, ...] = ()

    def hash_seed(self) -> int:
        """As the first pair of this gate has it."""
        return self._pair_runner.hash_seed()

    def run(self) -> GateOutcome:
        """Gate all cases. Raises GateError. Ctrl-C and the deadline end it early, with the verdicts so far."""
        cut_off = detail = ""
        try:
            self._run_pilot()
            if not self._plan.instructions.only_looks:
                self._run_pairs()
        except KeyboardInterrupt:
            cut_off = INTERRUPTED
        except BudgetSpentError as error:
            cut_off, detail = "the time budget was spent", f": {error}" if str(error) else ""
        # Every case that is still open says why; what did not answer is told once, at the end.
        self._look(self._cases, cut_off=cut_off)
        outcome = self._outcome(self._cases, cut_off=f"{cut_off}{detail}")
        if cut_off or not self._plan.why:
            return outcome
        # The verdicts stand: what follows may be broken off, and fail.
        try:
            if run_again := looked_into(self._cases):
                self._listener.looking_for_reasons(len(run_again))
            return msgspec.structs.replace(outcome, reasons=find_reasons(self._cases, self._pair_runner))
        except KeyboardInterrupt:
            warnings = (*outcome.warnings, f"{INTERRUPTED} while it looked where the regressions come from")
            return msgspec.structs.replace(outcome, warnings=warnings, is_interrupted=True)

    def _outcome(self, cases: Sequence[GatedCase], *, cut_off: str) -> GateOutcome:
        outcome = outcome_of(
            self._matching,
            cases,
            self._settings,
            schedule=self._schedule,
            left_out=self._left_out,
            all_because=self._all_because,
            pairs=self._pairs,
            cut_off=cut_off,
            all_cases=self._all_cases,
        )
        return msgspec.structs.replace(outcome, warnings=(*outcome.warnings, *self._pair_runner.warnings))

    def _tell_so_far(self) -> None:
        """Copies are looked at as if no pair came any more; the cases themselves stay as they are."""
        if self._plan.part is not None:
            cases = copy.deepcopy(self._cases)
            self._look(cases, cut_off=UNFINISHED)
            self._listener.so_far(self._outcome(cases, cut_off=UNFINISHED))

    def _run_pilot(self) -> None:
        changed = self._plan.changed
        if changed is not None and self._plan.only_affected:
            self._leave_out_unaffected(changed)
        else:
            self._pilot(None, trace=None if changed is None else Trace())
        figure_count = max(1, self._figure_count())
        policy = self._settings.for_case("", "").time
        self._schedule = Schedule(
            looks=looks(policy, figure_count=figure_count),
            early_looks=early_looks(policy, figure_count=figure_count),
            figure_count=figure_count,
        )

    def _figure_count(self) -> int:
        """Of all cases that are gated, also where only a part of them is gated here; those that other parts leave out
        are known here only where the gate that leads has told."""
        own = [case.figure_count for case in self._cases]
        part = self._plan.part
        if part is None:
            return sum(own)
        return part.figure_count(own, cases=sum(case not in self._left_out for case in self._all_cases))

    def _pilot(self, waiting: list[GatedCase] | None, *, trace: Trace | None) -> tuple[Ended, Ended] | None:
        """One pair, or more where a side dies in a case; its rounds count for nothing. Where it waits in a fixture for
        what does not come, it would as long in every case that uses it: none of them is tried.

        ``waiting`` are the cases, None for all that both sides turn out to have. Returns what the sides told at their
        end, where one pair ran all of them.
        """
        seconds = _PILOT * self._settings.pair_seconds
        began_with = waiting
        while True:
            with self._pair_runner.started(waiting or (), trace=trace) as pair:
                if waiting is None:
                    waiting = began_with = self._match(pair)
                each = dict.fromkeys((case.id for case in waiting), seconds)
                run = self._pair_runner.run(pair, waiting, seconds=each, note=GatedCase.pilot)
            self._concurrent_pairs.pilot_ended(run.ended)
            if run.lost is not None and run.lost.fixture:
                self._exclude_users(run.lost)
            is_first, waiting = waiting is began_with, [case for case in waiting[run.done :] if not case.exclusion]
            if not waiting:
                return run.ended if is_first else None

    def _exclude_users(self, lost: SideLostError) -> None:
        """Of the fixture in which a side waited, whatever test file they are of; not those that came through."""
        assert self._collections is not None
        collection = self._collections[lost.label == "head"]
        users = {collection.cases[place].id for place in collection.fixture_users.get(lost.fixture, ())}
        for case in self._cases:
            if case.id in users and not case.exclusion and not case.has_been_piloted:
                how = str(lost).partition("\n")[0]
                case.lost(lost.label, f"{how}; seen in {lost.case}, and not tried here, which uses that fixture, too")

    def _leave_out_unaffected(self, changed: ChangedFiles) -> None:
        """The pilot, with a pair of processes for each test file: it depends on what such a process has read."""
        with self._pair_runner.started((), trace=Trace()) as pair:
            by_file: dict[str, list[GatedCase]] = {}
            for case in self._match(pair):
                by_file.setdefault(case.test_file, []).append(case)
        traced = {}
        for number, (test_file, cases) in enumerate(by_file.items(), start=1):
            self._pair_runner.check_budget()
            self._listener.tracing(test_file, number=number, of=len(by_file))
            tried = [case for case in cases if not case.exclusion]
            ended = (self._pilot(tried, trace=Trace(only=test_file)) if tried else None) or (None, None)
            traced[test_file] = [None if side is None else side.dependencies for side in ended]
        judged = affected(traced, changed, unaffecting=self._settings.unaffecting)
        unaffected = [case for case in self._cases if case.test_file in judged.left_out]
        left_out = [case for case in unaffected if not case.exclusion and not case.claims]
        self._left_out = {case.id: judged.left_out[case.test_file] for case in left_out}
        self._cases = [case for case in self._cases if case.id not in self._left_out]
        self._all_because = judged.all_because
        self._tell_so_far()
        self._listener.left_out(len(left_out), all_because=judged.all_because)

    def _run_pairs(self) -> None:
        for batch in self._batches():
            pairs = 0
            while open_cases := [case for case in batch if case.open]:
                self._pair_runner.check_budget()
                seconds = {case.id: self._seconds(case, pairs, open_cases=len(open_cases)) for case in open_cases}
                self._concurrent_pairs.run(open_cases, seconds=seconds, note=GatedCase.add)
                pairs += 1
                self._pairs += 1
                self._look(open_cases)
                still_open = sum(case.open for case in self._cases)
                self._tell_so_far()
                self._listener.pair_done(self._pairs, open_cases=still_open, cases=len(self._cases))

    def _batches(self) -> list[list[GatedCase]]:
        """Where time may run out those that are most likely changed come first, and alone; else all share the pairs."""
        if self._plan.deadline.end_seconds is None:
            return [self._cases]
        likely = [case for case in self._cases if case.test_file in self._likely_changed]
        return [likely, [case for case in self._cases if case not in likely]]

    def _seconds(self, case: GatedCase, pairs: int, *, open_cases: int) -> float:
        """For the rounds of a case in the pair after so many.

        All of a pair's seconds on several processors, where rounds differ so much that a pair with fewer says less.
        What was measured of the case itself never decides it. What was measured of others does, by ending them, and a
        pair is common to all; with fewer seconds its ratio is noisier around the same middle, whichever sign it has.
        """
        if not case.is_on_one_processor:
            return self._settings.pair_seconds
        share = _SHORT if pairs < min(self._schedule.early_looks, default=0) else 1.0
        share *= min(1.0, math.sqrt(_WITH_FULL_SECONDS / open_cases))
        return self._settings.pair_seconds * max(_SHORTEST, share)

    def _match(self, pair: StartedPair) -> list[GatedCase]:
        self._collections = pair.collections
        self._matching = match_cases(pair.collections, self._plan, self._settings, again=self._again(pair))
        both = self._matching.both
        left_out = self._plan.instructions.left_out
        self._left_out = {case.id: left_out[case.id] for case in both if case.id in left_out}
        own = tuple(case for case in both if case.id not in left_out)
        if (part := self._plan.part) is not None:
            names = [case.id for case in own]
            self._all_cases, own_names = tuple(sorted(names)), part.own(names)
            own = tuple(case for case in own if case.id in own_names)
        claims = claims_by_case(self._plan.claims, {case.id: case.group for case in both})
        self._cases = [
            GatedCase(
                case.id,
                self._settings.for_case(case.id, case.group),
                notes=case.notes,
                other_environment=self._plan.other_environment,
                claims=claims[case.id],
            )
            for case in own
        ]
        if self._plan.changed is not None:
            self._likely_changed = likely_first((side.reaches for side in pair.collections), self._plan.changed)
            self._cases.sort(key=lambda case: case.test_file not in self._likely_changed)
        self._tell_so_far()
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
            case.look(self._schedule, cut_off=cut_off)
