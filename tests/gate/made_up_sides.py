"""Sides of a gate that are no processes: their tests are written down, and their rounds move a made-up clock.

With them a gate's loop, budgets, lost sides and verdicts run in milliseconds.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from speedscore.gate.loop.loop import Gate
from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.pairs.plan import GatePlan, SidePlan
from speedscore.gate.sides.side import (
    CaseRequest,
    CollectedCase,
    Dependencies,
    Ended,
    Finished,
    Observed,
    Ready,
    SideCollection,
    SideSpec,
    SideWaitsError,
    Timed,
)
from speedscore.gate.sides.side_arguments import Selection
from speedscore.host.piped import ProcessLostError
from speedscore.verdicts.settings import GateTable, Settings
from tests.clocks import FakeClock

START_SECONDS = 1.0
"""What starting a side costs."""
PLENTY = 1_000_000


@dataclass(frozen=True)
class MadeUpTest:
    """What a test does on one side."""

    seconds: float | Callable[[int, int], float] = 0.01
    """Of a round; or by the number of the pair, the pilot's being 0, and that of the round."""
    outcome: str = "passed"
    reason: str = ""
    comes_to_benchmark: bool = True
    fails_in_round: int | None = None
    dies: Literal["before its benchmark", "in a round"] | None = None
    interrupted_in_pair: int | None = None
    """Ctrl-C comes in a round of it."""
    busy_processors: float = 1.0
    preempted_seconds: float | Callable[[int, int], float] = 0.0
    """Part of a round that others took, as ``seconds``."""
    involuntary_switches: int | None = 0
    most_rounds: int = PLENTY
    counts: Callable[[int], Mapping[str, float]] | None = None
    """By the number of the pair."""
    observed: Observed | None = None
    """What a profiler sees of it."""
    fails_when_observed: str = ""
    is_interrupted_when_observed: bool = False
    """Ctrl-C comes then."""
    group: str = ""
    source: str = ""
    depends: Dependencies | None = None
    """What its file turns out to depend on, where that is asked."""
    reaches: tuple[str, ...] = ()
    """What the names in its file lead to."""
    fixtures: tuple[str, ...] = ()
    """That it uses."""
    waits_in: str = ""
    """One of them, where it waits in it for what does not come."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of Finished."""


Tests = Mapping[str, MadeUpTest]
AnyTests = Tests | Callable[[int], Tests]
"""Or by the number of the pair."""


class MadeUpSide:
    """Obeys as a living pytest process would. Being asked for a round while it was not frozen is an error."""

    def __init__(self, spec: SideSpec, tests: Tests, clock: FakeClock, *, pair: int = 0, **collection: Any) -> None:
        self.spec = spec
        self.is_closed = False
        self.requests: list[CaseRequest] = []
        self.observed = False
        self.rounds_of: dict[str, int] = {}
        """How many rounds each case has had."""
        self.turns: list[str] = []
        """The labels of the sides of a pair, in the order of their rounds; shared where somebody shares it."""
        self._tests = tests
        self._clock = clock
        self._pair = pair
        self._collection: dict[str, Any] = {
            "errors": (),
            "python": "3.11.7",
            "foreign": {},
            "extensions": (),
            "stillborn": "",
            "accelerators": (),
            "test_count": 0,
            "left_out": 0,
        } | collection
        self._is_frozen = False
        self._extra_work = 0.0
        self._rounds = 0

    def collected(self) -> SideCollection:
        if self._collection["stillborn"]:
            raise ProcessLostError(self._collection["stillborn"])
        cases = tuple(CollectedCase(name, test.group, test.source) for name, test in self._tests.items())
        told = self._collection
        reaches = {name.partition("::")[0]: test.reaches for name, test in self._tests.items()}
        used = [test.fixtures for test in self._tests.values()]
        names = {name for fixtures in used for name in fixtures}
        return SideCollection(
            cases,
            told["errors"],
            told["python"],
            tests=told["test_count"],
            left_out=told["left_out"],
            reaches={} if self.spec.trace is None or self.spec.trace.only else reaches,
            fixture_users={name: tuple(place for place, of in enumerate(used) if name in of) for name in names},
        )

    def begin(self, request: CaseRequest, *, extra_work: float) -> None:
        self.requests.append(request)
        self._is_frozen, self._extra_work, self._rounds = False, extra_work, 0

    def ready(self) -> Ready | Finished:
        if self.requests[-1].case not in self._tests:
            return Finished("absent", "")
        if self._test.waits_in:
            raise SideWaitsError(f"waited 120 s in its fixture {self._test.waits_in!r}", fixture=self._test.waits_in)
        if self._test.dies == "before its benchmark":
            raise ProcessLostError("ended with exit code 3 instead of replying\nits last lines:\n  | gone")
        if not self._test.comes_to_benchmark:
            return self._finished()
        return Ready(iterations=1, most_rounds=self._test.most_rounds)

    def agree(self, iterations: int) -> None:
        assert iterations == 1

    def round(self) -> Timed | Finished:
        assert self._is_frozen, "a side that was not frozen was asked for a round"
        test = self._test
        if test.interrupted_in_pair == self._pair:
            raise KeyboardInterrupt
        if test.dies == "in a round":
            raise ProcessLostError("was ended by SIGABRT")
        if test.fails_in_round == self._rounds:
            return self._finished()
        seconds = test.seconds(self._pair, self._rounds) if callable(test.seconds) else test.seconds
        seconds *= 1 + self._extra_work
        self._clock.now += seconds
        number = self._rounds
        self._rounds += 1
        self.rounds_of[self.requests[-1].case] = self._rounds
        self.turns.append(self.spec.label)
        taken = test.preempted_seconds
        return Timed(
            seconds=seconds,
            cpu_seconds=seconds * test.busy_processors,
            preempted_seconds=taken(self._pair, number) if callable(taken) else taken,
            involuntary_switches=test.involuntary_switches,
        )

    @property
    def process_id(self) -> None:
        return None

    def observe(self, iterations: int, *, most_rounds: int, seconds: float, sampled: bool) -> Observed | Finished:
        assert not self._is_frozen, "a side that is looked into runs by itself"
        assert sampled
        self.observed = True
        if self._test.is_interrupted_when_observed:
            raise KeyboardInterrupt
        if self._test.fails_when_observed:
            raise ProcessLostError(self._test.fails_when_observed)
        return self._test.observed or Observed(calls=min(most_rounds, 10) * iterations, seconds=seconds)

    def enough(self) -> None:
        self._is_frozen = False

    def finished(self) -> Finished:
        return self._finished()

    def end(self) -> Ended:
        only = self.spec.trace and self.spec.trace.only
        depends = next((test.depends for name, test in self._tests.items() if name.partition("::")[0] == only), None)
        told = self._collection
        return Ended(told["foreign"], told["extensions"], dependencies=depends, accelerators=told["accelerators"])

    def freeze(self) -> None:
        self._is_frozen = True

    def kill(self) -> None:
        """Nobody waits for it unless a test lets him."""

    def close(self) -> None:
        self.is_closed = True

    @property
    def _test(self) -> MadeUpTest:
        return self._tests[self.requests[-1].case]

    def _finished(self) -> Finished:
        test = self._test
        return Finished(test.outcome, test.reason, counts=test.counts(self._pair) if test.counts else None, **test.more)


class MadeUpMachine:
    """Starts sides of the tests that are written down for base and for head, and keeps all that it has started."""

    side_class = MadeUpSide

    def __init__(
        self, base: AnyTests, head: AnyTests, *, on_base: Mapping[str, Any] | None = None, **on_head: Any
    ) -> None:
        """``on_base`` and ``on_head`` are what a side collects beside its tests: ``errors``, ``python``, ``foreign``;
        or ``stillborn``, how it dies before it has collected."""
        self.clock = FakeClock()
        self.started: list[MadeUpSide] = []
        self.hash_seeds: list[int] = []
        self._tests = {"base": base, "head": head}
        self._collections = {"base": on_base or {}, "head": on_head}

    def start_side(
        self,
        spec: SideSpec,
        *,
        other: SideSpec,
        hash_seed: int,
        most_seconds: float | None,  # noqa: ARG002
    ) -> MadeUpSide:
        assert {spec.label, other.label} == {"base", "head"}
        self.clock.now += START_SECONDS
        pair = len(self.started) // 2
        tests = self._tests[spec.label]
        tests = tests(pair) if callable(tests) else tests
        side = self.side_class(spec, tests, self.clock, pair=pair, **self._collections[spec.label])
        self.started.append(side)
        self.hash_seeds.append(hash_seed)
        return side

    def requests(self, case: str) -> list[CaseRequest]:
        """All that was asked for it, of both sides, pair after pair."""
        return [request for side in self.started for request in side.requests if request.case == case]


class QuietListener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, ...]] = []
        self.traced: list[tuple[str, int, int]] = []
        self.looked_into: list[int] = []
        self.outcomes: list[GateOutcome] = []
        """Of a share, what it said before its end."""

    def collected(self, cases: int) -> None:
        self.told.append((cases,))

    def tracing(self, test_file: str, *, number: int, of: int) -> None:
        self.traced.append((test_file, number, of))

    def left_out(self, cases: int, *, all_because: str) -> None:
        """Says nothing that the outcome does not."""

    def pair_done(self, pairs: int, *, open_cases: int, cases: int) -> None:
        self.told.append((pairs, open_cases, cases))

    def looking_for_reasons(self, cases: int) -> None:
        self.looked_into.append(cases)

    def so_far(self, outcome: GateOutcome) -> None:
        self.outcomes.append(outcome)


def a_spec(label: str) -> SideSpec:
    here = Path()
    return SideSpec(label=label, description=f"{label}'s", root=here, project=here, folder=here, python=sys.executable)


def a_plan(*, wanted: tuple[str, ...] = (), **fields: Any) -> GatePlan:
    selection = Selection(arguments=(), wanted=wanted)
    return GatePlan(SidePlan(a_spec("base"), selection), SidePlan(a_spec("head"), selection), **fields)


QUICK = GateTable(pair_seconds=0.1, false_alarm="49%", miss="49%", memory_detect="60%", memory_margin="30%")
"""Few pairs decide."""


def gated(
    machine: MadeUpMachine,
    table: GateTable = QUICK,
    *,
    plan: GatePlan | None = None,
    seed: int = 1,
    listener: QuietListener | None = None,
    processors: Sequence[int] = (),
) -> GateOutcome:
    """What comes of a gate on a made-up machine; every side that it has started is seen to be ended."""
    gate = Gate(
        plan or a_plan(),
        Settings(table),
        start_side=machine.start_side,
        clock=machine.clock,
        order=random.Random(seed),
        listener=listener or QuietListener(),
        processors=processors,
    )
    outcome = gate.run()
    assert all(side.is_closed for side in machine.started)
    return outcome
