"""A print and a breakpoint inside ``torch.compile``: Python's, and the print that is an operation of the graph.

Compiled with ``aot_eager``, which captures the graphs that the default compiler gets and generates no code for them.
"""

from __future__ import annotations

import torch

from speedscore.bench_suite.frameworks.debugging import Debugged
from speedscore.bench_suite.frameworks.torch.compiling import count_graphs


def debugged(subject: str, target: str) -> Debugged:
    """There is no breakpoint of PyTorch's own for code that was compiled."""

    def with_print(x: torch.Tensor) -> torch.Tensor:
        y = 2 * x
        print("y is", y)
        return y + 1

    def with_own_print(x: torch.Tensor) -> torch.Tensor:
        y = 2 * x
        torch._higher_order_ops.print("y is {y}", y=y)
        return y + 1

    def with_breakpoint(x: torch.Tensor) -> torch.Tensor:
        y = 2 * x
        breakpoint()
        return y + 1

    tool, function = {
        ("print", "python"): ("print", with_print),
        ("print", "own"): ("torch._higher_order_ops.print", with_own_print),
        ("breakpoint", "python"): ("breakpoint", with_breakpoint),
    }[subject, target]
    compiled = torch.compile(function, backend="aot_eager")

    def call(x: float) -> float:
        return float(compiled(torch.tensor(x)))

    return Debugged(tool, call, lambda: count_graphs()["graph_breaks"], _added_operations)


def _added_operations() -> int:
    """The function without a tool is two operations."""
    return count_graphs()["operations"] - 2
