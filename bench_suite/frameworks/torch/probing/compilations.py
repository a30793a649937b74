"""What ``torch.compile`` compiled in this process: graphs, and the seconds between its own callbacks.

A program that compiles nothing never loads the compiler, and watching it does not load it either: what is compiled for
the first time under watch is counted, and its seconds are not known.
"""

from __future__ import annotations

import sys
from typing import Any

from speedscore.bench_suite.frameworks.compilations import Compilations, CompilationWatch, NestedSeconds
from speedscore.bench_suite.frameworks.torch.compiling import count_graphs
from speedscore.host.clock import seconds


def watch(program: Any) -> CompilationWatch:
    del program
    before = count_graphs()["graphs"]
    # PyTorch's public interface has no such hook; ``torch._dynamo.on_compile_start`` is what its own tools use.
    dynamo: Any = sys.modules.get("torch._dynamo")
    if dynamo is None:
        return lambda: Compilations(count_graphs()["graphs"] - before, None)
    spent = NestedSeconds()
    began: list[float] = []

    def start(_: Any) -> None:
        began.append(seconds())

    def end(_: Any) -> None:
        if began:
            ended = seconds()
            spent.add(ended=ended, seconds=ended - began.pop())

    dynamo.on_compile_start(start)
    dynamo.on_compile_end(end)
    return lambda: Compilations(count_graphs()["graphs"] - before, spent.total)
