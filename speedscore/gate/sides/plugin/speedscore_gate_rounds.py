"""The rounds of one benchmark in a gate: in place of pytest-benchmark's own loops, rounds that alternate with
those of the other side.

It times what the gate tells it to time, and decides nothing.
"""

from __future__ import annotations

import gc
import inspect
import json
import math
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from speedscore_gate_clocks import Clock
from speedscore_gate_conditions import surroundings
from speedscore_gate_observing import ObservedRounds, observe
from speedscore_gate_preemption import Preemption, RoundTimes
from speedscore_gate_values import lazy_kind

ROUND_SECONDS = 0.005
"""A fast function is called so often in a round that it lasts about this long: long enough for the change of turn to
cost little, short enough for what disturbs the machine to disturb neighbouring rounds of both sides."""
WARM_UP_SECONDS = 0.02
MOST_WARM_UP_SECONDS = 1.0
MOST_ROUNDS = 1_000_000
STANDS_STILL_SECONDS = 0.02
"""Of a round that a timer did not see at all; the coarsest of them move every 16 ms."""
STANDS_STILL = "its timer stands still: is time frozen while it runs? Name a timer of its own, or let it run"
SPIN_UNITS = 2_000


class Pipe:
    """JSON lines to and from the gate."""

    def __init__(self) -> None:
        # Taken out, so that what a test starts does not find it. The name is that of speedscore.host.variables.PIPES.
        reads, writes = map(int, os.environ.pop("SPEEDSCORE_PIPES").split(","))
        self._signature = os.environ.pop("SPEEDSCORE_GATE_SIGNATURE").encode()
        for number in (reads, writes):
            os.set_inheritable(number, False)
        self._reads = os.fdopen(reads, "rb")
        self._writes = os.fdopen(writes, "wb", buffering=0)

    def send(self, event: str, **content: Any) -> None:
        # What stood for a byte that is no text, as in the name of a file, has no place in UTF-8.
        text = json.dumps({"event": event, **content}, ensure_ascii=False)
        self._writes.write(self._signature + text.encode(errors="replace") + b"\n")

    def receive(self) -> dict[str, Any]:
        line = self._reads.readline()
        if not line:
            _leave()
        message: dict[str, Any] = json.loads(line)
        return message


def _leave() -> NoReturn:
    """The gate has gone: nothing that a test would still do is of use to anybody."""
    os.killpg(0, signal.SIGKILL)
    raise SystemExit


class Lockstep:
    """One test's share of the lockstep. Tests of bench_suite's own matrix find it as ``benchmark.pairing``."""

    def __init__(self, pipe: Pipe, order: dict[str, Any], *, stages: Any = None) -> None:
        self._pipe = pipe
        self.stages = stages
        """Where it is asked for: what is told how long each call took, and knows what was traced and compiled."""
        self._over = False
        self.known: int | None = order["iterations"]
        """The iterations of a round that an earlier pair of processes agreed on, where there was one."""
        self.extra_work: float = order["extra_work"]
        """Share of additional work in each round, for a canary; else 0."""
        self.ready = False
        self.not_comparable = ""
        """Why the rounds of this side say nothing; empty where they do."""
        self.conditions: dict[str, str] = {}
        """Under which they are timed."""
        self.observation: dict[str, Any] | None = None
        """Set where rounds are to be looked into, and not timed for a verdict."""

    def agree(self, iterations: int, *, most_rounds: int = MOST_ROUNDS) -> int:
        """Tell the gate that this side is ready, and how many iterations a round it would take; what both will take."""
        self.ready = True
        self._pipe.send("ready", iterations=iterations, most_rounds=most_rounds)
        answer = self._pipe.receive()
        self._over = answer["do"] == "enough"
        self.observation = answer if answer["do"] == "observe" else None
        agreed: int = answer.get("iterations", iterations)
        return agreed

    def wanted(self) -> bool:
        """Wait for the turn: True for one more round, False when there were enough."""
        self._over = self._over or self._pipe.receive()["do"] == "enough"
        return not self._over

    def pass_on(self, times: RoundTimes) -> None:
        """Give the turn back, with what an iteration took."""
        self._pipe.send("round", **times._asdict())

    def tell(self, observed: dict[str, Any]) -> None:
        """What was seen of the rounds that were looked into."""
        self._pipe.send("observed", **observed)


class Canary:
    """Work that is added to each round on one side, so that the gate can show that it finds it."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._units_per_iteration = 0.0

    def calibrate(self, seconds_per_iteration: float) -> None:
        """So many units an iteration as take their share of its time: the fastest of a few tries, for both."""
        if not self._share:
            return
        fastest = math.inf
        for _ in range(5):
            started = Clock.wall()
            spin(SPIN_UNITS)
            fastest = min(fastest, Clock.wall() - started)
        self._units_per_iteration = SPIN_UNITS / fastest * seconds_per_iteration * self._share

    def units(self, iterations: int) -> int:
        return round(self._units_per_iteration * iterations)


def spin(units: int) -> float:
    """So many additions and multiplications: work, never a wait and never a changed timing."""
    total = 1.0
    for _ in range(units):
        total = total * 0.5 + 1.0
    return total


class Uninstrumented:
    """No tracer and no profiler, as of a debugger or of coverage, while it lasts.

    pytest-benchmark has the same from 5.2 on (PauseInstrumentation); projects that pin an older one are gated, too.
    """

    def __enter__(self) -> None:
        self._tracer, self._profiler = sys.gettrace(), sys.getprofile()
        if self._tracer:
            sys.settrace(None)
        if self._profiler:
            sys.setprofile(None)

    def __exit__(self, *_: object) -> None:
        if self._tracer:
            sys.settrace(self._tracer)
        if self._profiler:
            sys.setprofile(self._profiler)


class Rounds:
    """What both kinds of benchmark share: one round, timed by the fixture's own timer."""

    def __init__(self, fixture: Any) -> None:
        self.pairing: Lockstep = fixture.pairing
        self.canary = Canary(self.pairing.extra_work)
        self._fixture = fixture
        self._in_rounds = False
        self.result: Any = None

    def time(self, function: Any, args: Any, kwargs: Any, iterations: int) -> RoundTimes:
        """What a round took; the result of its last call is kept."""
        timer, units = self._fixture._timer, self.canary.units(iterations)
        if self.pairing.stages:
            self.pairing.stages.before_call()
        collecting = gc.isenabled()
        if self._fixture._disable_gc:
            gc.disable()
        try:
            with Uninstrumented():
                preemption = Preemption()
                wall_started, cpu_started = Clock.wall(), Clock.process()
                started = timer()
                for _ in range(iterations):
                    self.result = function(*args, **kwargs)
                if units:
                    spin(units)
                seconds = timer() - started
                cpu_seconds, wall_seconds = Clock.process() - cpu_started, Clock.wall() - wall_started
                if seconds <= 0 and wall_seconds >= STANDS_STILL_SECONDS:
                    self.pairing.not_comparable = STANDS_STILL
                times = preemption.times(seconds=seconds, wall_seconds=wall_seconds, cpu_seconds=cpu_seconds)
                if self.pairing.stages:
                    self.pairing.stages.called(seconds, iterations=iterations, is_round=self._in_rounds)
                return times
        finally:
            if collecting:
                gc.enable()

    def run(self, time_round: Callable[[], RoundTimes], iterations: int) -> None:
        """Rounds, each when the gate says so, until it has enough."""
        self.pairing.conditions = surroundings(timer=self._fixture._timer, disable_gc=self._fixture._disable_gc)
        # pytest-benchmark's own figures too, for tests that look at ``benchmark.stats`` afterwards.
        stats = self._fixture._make_stats(iterations)
        self._in_rounds = True
        if order := self.pairing.observation:
            most_rounds = order["most_rounds"]
            looked_into = ObservedRounds(
                lambda: time_round().seconds / iterations, iterations=iterations, most_rounds=most_rounds
            )
            self.pairing.tell(
                observe(
                    looked_into,
                    Rounds.time.__code__,
                    most_rounds=most_rounds,
                    seconds=order["seconds"],
                    sampled=order["sampled"],
                )
            )
        while self.pairing.wanted():
            times = time_round()
            stats.update(times.seconds)
            self.pairing.pass_on(times.per_iteration(iterations))
        if kind := lazy_kind(self.result):
            self.pairing.not_comparable = (
                f"it returns a {kind} that nobody has run, so its work was not timed: run it within the benchmark"
            )


def paired_raw(fixture: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
    """In place of BenchmarkFixture._raw."""
    rounds = Rounds(fixture)
    proposed = _warm_up(rounds, lambda iterations: rounds.time(function, args, kwargs, iterations).seconds)
    iterations = rounds.pairing.agree(rounds.pairing.known or proposed)
    rounds.run(lambda: rounds.time(function, args, kwargs, iterations), iterations)
    return rounds.result


def _warm_up(rounds: Rounds, time_round: Callable[[int], float]) -> int:
    """Call the function until it is warm; how many iterations make a round."""
    iterations, spent, fastest = 1, 0.0, math.inf
    while True:
        began = Clock.wall()
        fastest = min(fastest, time_round(iterations) / iterations)
        spent += Clock.wall() - began
        if rounds.pairing.not_comparable:
            break
        if fastest > 0 and fastest * iterations >= ROUND_SECONDS / 2:
            if spent >= WARM_UP_SECONDS:
                break
        elif spent >= MOST_WARM_UP_SECONDS:
            break  # a timer that hardly moves; the rounds will say so
        else:
            grown = math.ceil(ROUND_SECONDS / fastest) if fastest > 0 else MOST_ROUNDS
            iterations = min(grown, 10 * iterations)
    rounds.canary.calibrate(fastest)
    return max(1, math.ceil(ROUND_SECONDS / fastest)) if fastest > 0 else iterations


def paired_pedantic(
    fixture: Any,
    target: Any,
    args: Any = (),
    kwargs: Any = None,
    setup: Any = None,
    teardown: Any = None,
    rounds: int = 1,
    warmup_rounds: int = 0,
    iterations: int = 1,
) -> Any:
    """In place of BenchmarkFixture._raw_pedantic: at most the rounds that the test allows, each set up as it says.

    pytest-codspeed gives a ``setup`` the benchmark's own arguments, pytest-benchmark gives it none.
    """
    if iterations > 1 and setup:
        raise ValueError("Can't use more than 1 `iterations` with a `setup` function.")
    shared = Rounds(fixture)

    def time_round() -> RoundTimes:
        used_args, used_kwargs = args, kwargs or {}
        made = _set_up(setup, used_args, used_kwargs) if setup else None
        if made:
            if used_args or used_kwargs:
                raise TypeError("Can't use `args` or `kwargs` if `setup` returns the arguments.")
            used_args, used_kwargs = made
        timed = shared.time(target, used_args, used_kwargs, iterations)
        if teardown is not None:
            teardown(*used_args, **used_kwargs)
        return timed

    warm = [time_round().seconds / iterations for _ in range(warmup_rounds)]
    # A test of our own matrix has agreed already, and adds the canary's work where its clock sees it.
    if not shared.pairing.ready:
        if shared.pairing.extra_work:
            # A share of an unknown time cannot be added: without a round to warm up, one more is run.
            shared.canary.calibrate(min(warm) if warm else time_round().seconds / iterations)
        shared.pairing.agree(iterations, most_rounds=rounds)
    shared.run(time_round, iterations)
    return shared.result


def _set_up(setup: Any, args: Any, kwargs: Any) -> Any:
    try:
        inspect.signature(setup).bind()
    except TypeError:
        return setup(*args, **kwargs)
    except ValueError:  # of what is written in C, Python knows no signature
        pass
    return setup()
