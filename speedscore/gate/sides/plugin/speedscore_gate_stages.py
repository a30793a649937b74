"""Where the seconds of a test go: import, trace, lower, compile, first step, run. For processes that nobody times.

It is imported only where the gate asks for stages, so elsewhere it costs nothing. It looks for JAX and torch among the
modules that a test has imported, imports neither, and decides nothing.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from speedscore_gate_clocks import Clock

JAX_EVENTS = {
    "/jax/core/compile/jaxpr_trace_duration": "trace",
    "/jax/core/compile/jaxpr_to_mlir_module_duration": "lower",
    "/jax/core/compile/backend_compile_duration": "compile",
}
"""Names that jax.monitoring passes, and what they are the durations of (jax/_src/dispatch.py)."""
TORCH_WHOLE = ("_compile.compile_inner", "_compile.<locals>.compile_inner")
"""What Dynamo counts the compilation of a frame under, by version (torch/_dynamo/utils.py)."""
TORCH_BACKEND = ("OutputGraph.call_user_compiler", "call_user_compiler")
"""The part of it that the backend takes; the rest is Dynamo's tracing."""
TORCH_BACKWARD = ("backward._backward_impl",)
"""A backward graph that is compiled when it is first run, outside of its frame's compilation. What the backend compiles
of it ahead of that, as where shapes are symbols, is among its own seconds (torch/_functorch/_aot_autograd)."""


class Spans:
    """Durations that are told as they end, each without those that lie within it.

    A function that is traced may call others that are traced, or run operations that are compiled.
    """

    def __init__(self, clock: Callable[[], float] = Clock.wall) -> None:
        self._clock = clock
        self._ended: dict[int, list[tuple[float, float]]] = {}
        self.seconds: Any = Counter()  # of floats, for which typeshed has no name

    def end(self, stage: str, duration: float) -> None:
        now = self._clock()
        began = now - duration
        ended = self._ended.setdefault(threading.get_ident(), [])
        within = 0.0
        # A nested one has begun later; the clocks are read a moment apart.
        while ended and ended[-1][0] >= began - 1e-6:
            start, stop = ended.pop()
            within += stop - start
        ended.append((began, now))
        self.seconds[stage] += max(0.0, duration - within)


class NewSeconds:
    """What has been appended to Dynamo's lists since they were read last.

    ``torch._dynamo.reset`` drops the lists, and new ones are begun under the same names. What stood in a list that was
    begun and dropped between two readings is lost.
    """

    def __init__(self) -> None:
        self._read: dict[str, tuple[list[float], int]] = {}

    def of(self, metrics: Mapping[str, list[float]]) -> dict[str, list[float]]:
        now = {name: (seconds, len(seconds)) for name, seconds in metrics.items()}
        before, self._read = self._read, now
        # Compared by identity: a list that is held here cannot have been made anew in the same place.
        return {
            name: seconds[before[name][1] if name in before and before[name][0] is seconds else 0 : length]
            for name, (seconds, length) in now.items()
        }


class Stages:
    """Of one side: its import, and of the test that is run now what its set-up and its rounds took by stage."""

    def __init__(self) -> None:
        self._began = Clock.wall()
        self._spans = Spans()
        self._hears_jax = False
        self._torch_seconds = NewSeconds()
        self._set_up: Any = Counter()
        self._rounds: Any = Counter()
        self._iterations = 0
        self._was_called = False

    def import_seconds(self) -> float:
        """From the plugin's registration until now: pytest's plugins, conftest files and test modules."""
        self._listen()
        return Clock.wall() - self._began

    def begin_test(self) -> None:
        self._listen()
        self._taken()
        self._set_up, self._rounds = Counter(), Counter()
        self._iterations, self._was_called = 0, False

    def before_call(self) -> None:
        """What was traced or compiled until now belongs to the test's set-up."""
        self._listen()
        self._set_up += self._taken()

    def called(self, seconds: float, *, iterations: int, is_round: bool) -> None:
        """The benchmark has been called for so long, in a round or to warm up."""
        self._listen()
        stages = self._taken()
        rest = max(0.0, seconds - sum(stages.values()))
        if is_round:
            self._rounds += stages
            self._rounds["run"] += rest
            self._iterations += iterations
        else:
            self._set_up += stages
            if not self._was_called:
                self._set_up["first step"] = rest / iterations
        self._was_called = True

    def told(self) -> dict[str, dict[str, float]]:
        """Seconds by stage: of all that came before the rounds, and of one iteration of a round."""
        self._set_up += self._taken()
        rounds = {stage: seconds / self._iterations for stage, seconds in self._rounds.items() if self._iterations}
        return {"stages_seconds": dict(self._set_up), "round_stages_seconds": rounds}

    def _listen(self) -> None:
        """As soon as the test has imported JAX."""
        monitoring: Any = getattr(sys.modules.get("jax"), "monitoring", None)
        if not self._hears_jax and hasattr(monitoring, "register_event_duration_secs_listener"):
            monitoring.register_event_duration_secs_listener(self._hear)
            self._hears_jax = True

    def _hear(self, event: str, duration: float, **_: Any) -> None:
        if stage := JAX_EVENTS.get(event):
            self._spans.end(stage, duration)

    def _taken(self) -> Counter[str]:
        """Seconds since this was asked last."""
        metrics = getattr(sys.modules.get("torch._dynamo.utils"), "compilation_time_metrics", {})
        taken = Counter(self._spans.seconds) + torch_seconds(self._torch_seconds.of(metrics))
        self._spans.seconds.clear()
        return taken


def torch_seconds(metrics: Mapping[str, list[float]]) -> Counter[str]:
    """``trace`` and ``compile`` from what Dynamo counts; empty where it counts nothing that is known here."""

    def of(names: tuple[str, ...]) -> float:
        return sum(sum(metrics.get(name, ())) for name in names)

    whole, backend = of(TORCH_WHOLE), of(TORCH_BACKEND)
    return Counter({"trace": max(0.0, whole - backend), "compile": backend + of(TORCH_BACKWARD)})
