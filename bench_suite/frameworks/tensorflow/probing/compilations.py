"""How often TensorFlow traced the functions of a program. It tells no seconds, and of XLA's compilations nothing."""

from __future__ import annotations

from typing import Any

from speedscore.bench_suite.frameworks.compilations import Compilations, CompilationWatch


def watch(program: Any) -> CompilationWatch:
    before = program.count_traces()
    return lambda: Compilations(program.count_traces() - before, None)
