"""When JAX compiles for the first time, in a process of its own for each program; see ``running`` for how it is run."""

from __future__ import annotations

from typing import Any
from unittest import mock

import jax

from speedscore.bench_suite.frameworks.jax.devices import OneDevice
from tests.bench_suite.frameworks.checks import programs

PROGRAMS = ("jax", "flax_linen", "flax_nnx:jit", "flax_nnx:tuned", "haiku", "equinox")
"""Folder and variant. Keras on JAX is none of them: it compiles its own initialisers as a model is made."""


def nothing_is_compiled_before_time_to_the_first_step_begins(program: str) -> None:
    compiled: list[str] = []
    before: list[int] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, *_, **__: compiled.append(event) if event.endswith("backend_compile_duration") else None
    )
    start = OneDevice.start

    def watched(self: OneDevice, *arguments: Any, **named: Any) -> Any:
        before.append(len(compiled))
        return start(self, *arguments, **named)

    folder, _, variant = program.partition(":")
    with mock.patch.object(OneDevice, "start", watched):
        built = programs.build(folder, "mlp", variant=variant)
    assert before == [0]
    assert compiled, "what makes the optimizer's state is, in the time that is counted"
    assert next(iter(built.compile())) == "optimizer_state_seconds"
    assert "optimizer_state_seconds" not in built.compile(), "a new size needs no other optimizer"
    passes = programs.build(folder, "mlp", "inference", variant=variant)
    assert "optimizer_state_seconds" not in passes.compile(), "a pass needs none"
