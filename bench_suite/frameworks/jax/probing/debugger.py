"""A print and a breakpoint inside ``jax.jit``: Python's, ``jax.debug.print`` and ``jax.debug.breakpoint``."""

from __future__ import annotations

import io
import sys
from typing import Any

import jax

from speedscore.bench_suite.frameworks.debugging import Debugged
from speedscore.bench_suite.frameworks.hlo_frames import files_by_instruction

_jax: Any = jax  # some of it has no annotations


def debugged(subject: str, target: str) -> Debugged:
    def with_print(x: Any) -> Any:
        y = 2 * x
        print("y is", y)
        return y + 1

    def with_own_print(x: Any) -> Any:
        y = 2 * x
        jax.debug.print("y is {y}", y=y)
        return y + 1

    def with_breakpoint(x: Any) -> Any:
        y = 2 * x
        breakpoint()
        return y + 1

    def with_own_breakpoint(x: Any) -> Any:
        y = 2 * x
        # What a person would type, for nobody sits here.
        jax.debug.breakpoint(stdin=io.StringIO("p y\nc\n"), stdout=sys.stdout, backend="cli")
        return y + 1

    tool, written = {
        ("print", "python"): ("print", with_print),
        ("print", "own"): ("jax.debug.print", with_own_print),
        ("breakpoint", "python"): ("breakpoint", with_breakpoint),
        ("breakpoint", "own"): ("jax.debug.breakpoint", with_own_breakpoint),
    }[subject, target]
    function = jax.jit(written)

    def call(x: float) -> float:
        value = float(function(x))
        _jax.effects_barrier()
        return value

    return Debugged(tool, call, lambda: None, lambda: _count(function) - _count(jax.jit(lambda x: 2 * x + 1)))


def _count(function: Any) -> int:
    """Instructions of the compiled program, those inside fusions included."""
    return len(files_by_instruction(function.lower(1.0).compile().as_text()))
