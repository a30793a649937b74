"""The cases of a pair, on several processors at the same time: each runs a portion of them, in a pair of its own.

Work that keeps one processor busy leaves the others idle. So where there are many such cases they are portioned out,
and each portion has fresh sides, whose tests run on a processor of their own. Inside a portion nothing changes: its
rounds alternate, and what the other portions do to them they do to both of its sides. Tests that cannot run beside
others, as where they write to one file of their checkout, are run alone. It draws no verdict.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import psutil

from speedscore.gate.cases.exclusions import exclusion_of
from speedscore.gate.cases.gated_case import GatedCase
from speedscore.gate.errors import SideGoneError
from speedscore.gate.pairs.pairs import PairRunner
from speedscore.gate.rounds.lockstep import PairResult
from speedscore.gate.sides.side import Ended, Side, SideSpec, StartSide
from speedscore.host.control_groups import memory_limit_bytes

MOST_AT_ONCE = 4
"""Beyond that nobody has measured what benchmarks do to each other through the memory that they share."""
_SHARE_OF_MEMORY = 0.5
"""That all sides together may take of what is free."""

Note = Callable[[GatedCase, PairResult], None]


class ConcurrentPairs:
    """The pairs of one gate, several at a time where that is of use and harms nobody."""

    def __init__(self, runner: PairRunner, *, processors: Sequence[int], order: random.Random) -> None:
        """``processors`` are those that portions may be given, one each; with one of them or none all cases share a
        pair. ``order`` draws who gets which."""
        self._runner = runner
        self._processors = tuple(processors)
        self._order = order

    def pilot_ended(self, ended: tuple[Ended, Ended] | None) -> None:
        """Hear what both sides of a pilot told. With an accelerator that they would share there is one pair at a time,
        and also where one died, of which nobody knows: then ``ended`` is None."""
        if ended is None or any(side.accelerators for side in ended):
            self._processors = ()

    def run(self, cases: Sequence[GatedCase], *, seconds: Mapping[str, float], note: Note) -> None:
        """One pair for each case. Each result is noted as it comes, a case's by one thread.

        Raises as ``PairRunner.run``, and what is raised first ends the pairs beside it.
        """
        # At least as many as its rounds are given, and what its latest pair took: a call, fixtures, more rounds.
        expected = {case.id: max(seconds[case.id], case.latest_seconds) for case in cases}
        portions = self._portions([case for case in cases if case.is_on_one_processor], expected)
        rest: Sequence[GatedCase] = cases
        if len(portions) > 1:
            done = self._run_at_once(portions, seconds=seconds, note=note, among=len(cases))
            rest = [case for case in cases if case.id not in done]
            if any(case.is_on_one_processor for case in rest):
                # It went wrong beside the others; what comes of it alone counts, and nothing runs beside others again.
                self._processors = ()
            if rest:
                self._runner.check_budget()
        if rest:
            with self._runner.started(rest, among=len(cases)) as pair:
                self._runner.run(pair, rest, seconds=seconds, note=note, among=len(cases))

    def _portions(self, cases: Sequence[GatedCase], seconds: Mapping[str, float]) -> list[list[GatedCase]]:
        """Stretches, for tests that follow each other have fixtures in common, of about as many seconds each."""
        total, before = sum(seconds[case.id] for case in cases), 0.0
        count = self._count(cases, total)
        portions: list[list[GatedCase]] = [[]]
        for case in cases:
            middle = before + seconds[case.id] / 2
            if portions[-1] and len(portions) < count and middle * count >= total * len(portions):
                portions.append([])
            portions[-1].append(case)
            before += seconds[case.id]
        return portions

    def _count(self, cases: Sequence[GatedCase], seconds: float) -> int:
        """How many portions of cases that take so many seconds one after the other."""
        count = min(len(self._processors), MOST_AT_ONCE, len(cases))
        # Each processor has two processes to start then, and not one: starting takes as long once more.
        if count < 2 or seconds * (1 - 1 / count) <= self._runner.start_seconds:
            return 1
        return min(count, _pairs_in_memory(max(case.peak_bytes for case in cases)))

    def _run_at_once(
        self, portions: Sequence[list[GatedCase]], *, seconds: Mapping[str, float], note: Note, among: int
    ) -> Collection[str]:
        """Ids of the cases in which nothing went wrong; those alone are noted."""
        done: set[str] = set()

        def note_if_well(case: GatedCase, result: PairResult) -> None:
            if exclusion_of(result.base, result.head) is None:
                note(case, result)
                done.add(case.id)

        def run(cases: list[GatedCase], processor: int) -> None:
            runner = runners[processor]
            with runner.started(cases, among=among) as pair:
                runner.run(
                    pair,
                    cases,
                    seconds=seconds,
                    note=note_if_well,
                    lost=_is_not_known,
                    processor=processor,
                    among=among,
                )

        sides = _StartedSides()
        processors = self._order.sample(self._processors, k=len(portions))
        runners = {processor: self._runner.beside_others(sides.starting) for processor in processors}
        with ThreadPoolExecutor(len(portions)) as pool:
            try:
                running = {
                    pool.submit(run, cases, processor): cases
                    for cases, processor in zip(portions, processors, strict=True)
                }
                # The first that fails ends the others.
                failed = next((each for each in as_completed(running) if each.exception()), None)
                if failed:
                    sides.kill()
            except BaseException:
                # Ctrl-C comes to this thread alone: the others hear of it by the loss of their sides.
                sides.kill()
                raise
        errors = [error for each in running if (error := each.exception())]
        if worst := next((error for error in errors if not isinstance(error, SideGoneError)), None):
            raise worst
        if failed and all(case.id in done for case in running[failed]):
            # It died as it was to tell whose code it ran.
            failed.result()
        return done


def _is_not_known(case: GatedCase, label: str, how: str) -> None:
    """Whether a side died of its own test or of what ran beside it; alone it will be seen."""


class _StartedSides:
    """Those that several threads have started, so that one can end all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sides: list[Side] = []
        self._are_killed = False

    def starting(self, start_side: StartSide) -> StartSide:
        """The same, of which it is known what was started."""

        def start(spec: SideSpec, *, other: SideSpec, hash_seed: int, most_seconds: float | None) -> Side:
            side = start_side(spec, other=other, hash_seed=hash_seed, most_seconds=most_seconds)
            with self._lock:
                self._sides.append(side)
                if self._are_killed:
                    side.kill()
            return side

        return start

    def kill(self) -> None:
        """All of them, and what is started from now on."""
        try:
            self._kill()
        except KeyboardInterrupt:  # the first; a second is not heard
            self._kill()
            raise

    def _kill(self) -> None:
        with self._lock:
            self._are_killed = True
            for side in self._sides:
                side.kill()


def _pairs_in_memory(side_bytes: int) -> int:
    """How many pairs of sides of such a size fit at once."""
    free_bytes = min(psutil.virtual_memory().available, memory_limit_bytes() or math.inf)
    return int(_SHARE_OF_MEMORY * free_bytes // (2 * side_bytes)) if side_bytes else 1
