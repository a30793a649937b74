"""Programs whose stalls are known: each steps as any other does, and once armed it stalls as its kind says.

They run in a probe's process. What happens to a program from outside (a signal, a neighbour on its processor) is done
by whoever tests it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np

HERE = __name__
COLLECTED_EVERY = 100
"""Steps, of the kind that collects garbage."""
RECOMPILED_AT = 50
"""The step after arming in which a kind that recompiles does so, once."""
_HEAP_OBJECTS = 400_000

Call = Callable[[int], None]
"""One whole step, of the variety that its number says; another number is another program to a compiler."""


class PlantedProgram:
    """The verbs of ``Program`` that a long run uses."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._step = 0
        self._armed_at: int | None = None
        self._heap: list[list[int]] = []
        self.count_traces: Callable[[], int] = int
        """As ``TensorflowProgram.count_traces``."""
        self._call = self._make_call(kind.rpartition(" ")[2])

    def compile(self) -> dict[str, float]:
        self._call(0)
        return {}

    def arm(self) -> None:
        """From the next step on it stalls as its kind says."""
        self._armed_at = self._step
        if self._kind.startswith("collection"):
            self._heap = [[number] for number in range(_HEAP_OBJECTS)]
            gc.collect()
            # So that no collection runs but the planted ones.
            gc.disable()
        else:
            # The collector stays on, and finds little.
            gc.freeze()

    def step(self) -> None:
        armed_steps = -1 if self._armed_at is None else self._step - self._armed_at
        self._step += 1
        recompiles = self._kind.startswith("recompilation") and armed_steps == RECOMPILED_AT
        self._call(1 if recompiles else 0)
        if self._heap and armed_steps % COLLECTED_EVERY == COLLECTED_EVERY - 1:
            gc.collect()

    def wait(self) -> None:
        """Every call returns when it is done."""

    def _make_call(self, library: str) -> Call:
        makers: dict[str, Callable[[], Call]] = {
            "jax": _in_jax,
            "torch": _in_torch,
            "tensorflow": self._in_tensorflow,
        }
        return makers.get(library, _in_numpy)()

    def _in_tensorflow(self) -> Call:
        import tensorflow as tf

        function = tf.function(lambda values: tf.reduce_sum(tf.tanh(values @ values)), jit_compile=True)
        self.count_traces = function.experimental_get_tracing_count
        varieties = [tf.ones((300 + more, 300 + more)) for more in (0, 1)]
        return lambda variety: function(varieties[variety]).numpy()


def _in_numpy() -> Call:
    values = np.ones((300, 300), dtype=np.float32)

    def call(variety: int) -> None:
        del variety
        np.tanh(values @ values).sum()

    return call


def _in_jax() -> Call:
    import jax
    import jax.numpy as jnp

    @jax.jit
    def function(values: Any) -> Any:
        for _ in range(10):
            values = jnp.tanh(values @ values)
        return values.sum()

    varieties = [jnp.ones((150 + more, 150 + more)) for more in (0, 1)]

    def call(variety: int) -> None:
        function(varieties[variety]).block_until_ready()

    return call


def _in_torch() -> Call:
    import torch

    # Captured and not compiled further: the shortest recompilation there is, and so the hardest to tell.
    function = torch.compile(lambda values: torch.tanh(values @ values).sum(), dynamic=False, backend="eager")
    varieties = [torch.ones((300 + more, 300 + more)) for more in (0, 1)]

    def call(variety: int) -> None:
        function(varieties[variety])

    return call


def build(memory: dict[str, Any], *, kind: str) -> None:
    """``clean``, ``collection`` or ``recompilation``, and where it is not NumPy a library: ``recompilation jax``."""
    memory["program"] = PlantedProgram(kind)


def arm(memory: dict[str, Any]) -> None:
    memory["program"].arm()


def burn(memory: dict[str, Any], *, seconds: float) -> None:
    """Keep the processor of this process busy: it is another one's neighbour."""
    del memory
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        pass
