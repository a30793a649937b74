"""The gate's loop: a pilot finds out what there is to compare, then pairs of fresh processes, until all is decided.

It owns the processes and ends them whatever happens. What a pair means is the cases' affair, what is said of it all
the report's; nothing is printed here.
"""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from speedscore.gate.gated_case import GatedCase
from speedscore.gate.invocation import Selection
from speedscore.gate.pairs import SideLostError, Walked, walk
from speedscore.gate.sides import Checkout, Collected, CollectedCase, Side
from speedscore.host.clock import seconds as now
from speedscore.host.piped import ProcessLostError
from speedscore.host.processors import allowed_processors
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.verdict import Verdict, looks

_PILOT = 0.2
"""Share of a pair's time that the pilot's rounds take: it only looks how many processors are at work."""


class GateError(RuntimeError):
    """The gate cannot run. The message says why and what to do."""


class _BudgetSpentError(Exception):
    """The time budget of the whole gate is spent: no further case is begun."""


class Listener(Protocol):
    """Who is told how far the gate is."""

    def collected(self, cases: int) -> None: ...

    def pair_done(self, pairs: int, *, open_cases: int, cases: int) -> None: ...


class Plan(msgspec.Struct, frozen=True):
    """What is to be gated."""

    base: Checkout
    head: Checkout
    base_selection: Selection
    head_selection: Selection
    extra_work: float
    """Share of work that head does in addition, for a canary; else 0."""
    other_environment: bool
    """True where base has packages of its own."""
    deadline_seconds: float | None
    """On the clock of ``measuring.timing``; None without a limit."""


class Found(msgspec.Struct, frozen=True):
    """What came of it."""

    verdicts: tuple[Verdict, ...]
    missing: dict[str, str]
    skipped: dict[str, str]
    warnings: tuple[str, ...]
    looks: tuple[int, ...]
    pairs: int
    cut_off: str
    pythons: tuple[str, str]
    nothing: str
    """Why there was nothing to compare; empty where there was something, or where base simply has no case yet."""


class Gate:
    """One run."""

    def __init__(self, plan: Plan, settings: Settings, *, order: random.Random, listener: Listener) -> None:
        self._plan = plan
        self._settings = settings
        self._order = order
        self._listener = listener
        self._cases: dict[str, GatedCase] = {}
        self._others: list[Verdict] = []
        self._missing: dict[str, str] = {}
        self._warnings: list[str] = []
        self._collected: tuple[Collected, Collected] | None = None
        self._looks: tuple[int, ...] = ()
        self._metrics = 1
        self._pairs = 0
        self._cut_off = ""
        self._own_code = False
        """Whether a pair came to its end and each side was seen to run its own code."""

    def run(self) -> Found:
        """Gate all cases. Raises GateError. Ctrl-C and the deadline end it early, with the verdicts so far."""
        try:
            self._pilot()
            self._go_on()
        except KeyboardInterrupt:
            self._cut_off = "interrupted"
        except _BudgetSpentError:
            self._cut_off = "the time budget was spent"
        for case in self._cases.values():
            case.look(self._looks or (1,), metrics=self._metrics, cut_off=self._cut_off)
        return self._found()

    def _pilot(self) -> None:
        """One pair, or more where a side dies in a case; its rounds count for nothing."""
        waiting: list[GatedCase] | None = None
        while waiting is None or waiting:
            with self._pair(waiting) as (sides, started):
                if waiting is None:
                    waiting = self._match(*started)
                done = self._walk(sides, waiting, seconds=_PILOT * self._settings.pair_seconds, note=GatedCase.pilot)
                waiting = waiting[done:]
        self._metrics = max(1, sum(len(case.metrics) for case in self._cases.values()))
        self._looks = looks(self._settings.for_case("", "").time, metrics=self._metrics)

    def _go_on(self) -> None:
        while going := [case for case in self._cases.values() if case.open]:
            self._mind_the_time()
            with self._pair(going) as (sides, _):
                self._walk(sides, going, seconds=self._settings.pair_seconds, note=GatedCase.add)
            self._pairs += 1
            for case in going:
                case.look(self._looks, metrics=self._metrics)
            self._listener.pair_done(self._pairs, open_cases=sum(case.open for case in going), cases=len(self._cases))

    def _mind_the_time(self) -> None:
        """Raises _BudgetSpentError. Asked between cases, for one pair may take longer than the whole budget."""
        if self._plan.deadline_seconds is not None and now() >= self._plan.deadline_seconds:
            raise _BudgetSpentError

    @contextlib.contextmanager
    def _pair(self, cases: Sequence[GatedCase] | None) -> Iterator[tuple[_Sides, _Collections]]:
        """A fresh pair that has collected; starting it is charged to the cases it is started for."""
        began = now()
        with tempfile.TemporaryDirectory(prefix="speedscore-gate-") as scratch, contextlib.ExitStack() as stack:
            seed = self._order.randrange(2**32)
            plan = self._plan
            ways = [(plan.base, plan.head), (plan.head, plan.base)]
            sides: dict[str, Side] = {}
            for checkout, other in self._order.sample(ways, k=2):
                side = Side(
                    checkout,
                    other=other,
                    python_path=self._settings.python_path,
                    hash_seed=seed,
                    log_path=Path(scratch) / f"{checkout.label}.log",
                )
                stack.callback(side.close)
                sides[checkout.label] = side
            both = sides["base"], sides["head"]
            started = tuple(self._started(side) for side in both)
            for case in cases or ():
                case.seconds += (now() - began) / len(cases or ())
            yield both, (started[0], started[1])

    @staticmethod
    def _started(side: Side) -> Collected:
        try:
            return side.collected()
        except ProcessLostError as error:
            raise GateError(f"pytest on {side.checkout.label} ({side.checkout.description}) {error}") from None

    def _walk(
        self,
        sides: tuple[Side, Side],
        cases: Sequence[GatedCase],
        *,
        seconds: float,
        note: Callable[[GatedCase, Walked], None],
    ) -> int:
        """How many of the cases were come to. One in which a side died counts as such, and ends the pair.

        Raises GateError where a side ran the other's code.
        """
        by_id = {case.id: case for case in cases}
        allowed = allowed_processors() if hasattr(os, "sched_setaffinity") else None
        one = (self._order.choice(allowed),) if allowed else None
        every = tuple(sorted(os.sched_getaffinity(0))) if allowed else None
        tasks = [case.task(one=one, all_of_them=every, seconds=seconds) for case in cases]
        done = 0
        try:
            for walked in walk(*sides, tasks, extra_work=self._plan.extra_work, order=self._order):
                done += 1
                note(by_id[walked.case], walked)
                if done < len(tasks):
                    self._mind_the_time()
            if not self._own_code:
                self._check_own_code(sides)
        except SideLostError as error:
            by_id[error.case].lost(error.label, str(error))
            return done + 1
        return done

    def _match(self, base: Collected, head: Collected) -> list[GatedCase]:
        """The cases that both sides have; what only one has is put down at once."""
        self._collected = base, head
        plan = self._plan
        on_base = _selected(base, plan.base_selection)
        on_head = _selected(head, plan.head_selection)
        self._warnings += [f"base did not collect {error}" for error in base.errors]
        self._warnings += [f"head did not collect {error}" for error in head.errors]
        for case in on_base.keys() - on_head.keys():
            self._is_gone(case, head)
        for case in on_head.keys() - on_base.keys():
            error = _collection_error(case, base)
            self._others.append(_not_comparable(case, f"base {error}" if error else "new: base has no such case"))
        both = [own for case, own in on_head.items() if case in on_base]
        for own in both:
            changed = own.source != on_base[own.id].source
            notes = ("the benchmark's own code differs",) if changed else ()
            self._cases[own.id] = GatedCase(
                own.id,
                self._settings.for_case(own.id, own.group),
                notes=notes,
                other_environment=self._plan.other_environment,
            )
        self._listener.collected(len(both))
        return list(self._cases.values())

    def _is_gone(self, case: str, head: Collected) -> None:
        if self._settings.may_be_missing(case):
            self._others.append(_not_comparable(case, "removed, as allow_missing says"))
            return
        self._missing[case] = f"head {_collection_error(case, head) or 'has no such case'}"

    def _check_own_code(self, sides: tuple[Side, Side]) -> None:
        """Raises GateError where a side ran the other's code: a comparison with itself would always pass."""
        for side in sides:
            try:
                foreign = side.end().foreign
            except ProcessLostError as error:
                raise GateError(f"pytest on {side.checkout.label} ({side.checkout.description}) {error}") from None
            if foreign:
                other = "head" if side.checkout.label == "base" else "base"
                raise GateError(
                    f"{side.checkout.label} imported {', '.join(foreign[:5])} from {other}'s checkout, so both sides "
                    "ran the same code; name the folder that holds the package in python_path of "
                    "[tool.speedscore.gate], or give base an environment of its own with --gate-python"
                )
        self._own_code = True

    def _found(self) -> Found:
        cases = self._cases.values()
        missing = self._missing | {
            case.id: case.missing for case in cases if case.missing and not self._settings.may_be_missing(case.id)
        }
        verdicts = [*(verdict for case in cases for verdict in case.verdicts()), *self._others]
        base, head = self._collected or (None, None)
        return Found(
            verdicts=tuple(verdicts),
            missing=dict(sorted(missing.items())),
            skipped={case.id: case.skipped for case in cases if case.skipped},
            warnings=tuple(self._warnings),
            looks=self._looks,
            pairs=self._pairs,
            cut_off=self._cut_off,
            pythons=(base.python if base else "", head.python if head else ""),
            nothing=self._nothing(verdicts),
        )

    def _nothing(self, verdicts: Sequence[Verdict]) -> str:
        if any(verdict.outcome != "not comparable" for verdict in verdicts):
            return ""
        if self._cases:
            skipped = [case.skipped for case in self._cases.values() if case.skipped]
            failed = [verdict.reason for verdict in verdicts if verdict.case in self._cases]
            return f"neither side measured any of {len(self._cases)} cases, the first because: {[*skipped, *failed][0]}"
        if self._warnings:
            return self._warnings[0]
        if self._cut_off:
            return self._cut_off
        # The first benchmarks of a project must be able to land.
        return "" if self._others else "no benchmark was selected on either side"


_Sides = tuple[Side, Side]
_Collections = tuple[Collected, Collected]
"""Of base and of head."""


def _selected(collected: Collected, selection: Selection) -> dict[str, CollectedCase]:
    if selection.nothing:
        return {}
    return {case.id: case for case in collected.cases if selection.selects(case.id)}


def _collection_error(case: str, collected: Collected) -> str:
    """Why a side lacks the case, where it could not collect its file."""
    path = case.partition("::")[0]
    return next((f"did not collect {error}" for error in collected.errors if error.startswith(f"{path}:")), "")


def _not_comparable(case: str, reason: str) -> Verdict:
    return Verdict(case=case, metric="time", outcome="not comparable", reason=reason)
