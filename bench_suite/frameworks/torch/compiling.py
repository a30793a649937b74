"""The variants of PyTorch: what of a program ``torch.compile`` compiles, and what it has captured of it.

It knows neither models nor devices, never compiles anything itself before the first call, and never loads the compiler.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

VARIANTS = ("eager", "compile", "dynamic", "cudagraphs", "tuned")
"""``dynamic`` is ``compile`` as PyTorch does it unasked: a size that changes is compiled for any size. ``tuned`` is
what the module of that name says of model and role."""

_COUNTERS_MODULE, _INDUCTOR = "torch._dynamo.utils", "torch._inductor.config"


class Compiler:
    """One program's share of ``torch.compile``; where it is eager it compiles nothing and counts nothing."""

    def __init__(self, variant: str, options: dict[str, Any], *, tuning: dict[str, Any] | None = None) -> None:
        """``options`` are what the platform adds to the call of ``torch.compile``; ``tuning`` is what the variant
        ``tuned`` sets of the compiler, None where it compiles nothing."""
        self.variant = variant
        self.eager = variant == "eager" or (variant == "tuned" and tuning is None)
        self.tuning = tuning or {}
        self._options = options | ({"options": tuning} if tuning else {})
        self._counts_before = count_graphs()
        self._prepared = 0

    def prepare(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is to be called: compiled whole in its first call, or left alone."""
        if self.eager:
            return function
        self._prepared += 1
        if self.variant == "tuned" or _INDUCTOR in sys.modules:
            # Whether parameters become constants is decided before the options of a call are looked at, for all of a
            # process; each program's first call follows its making.
            inductor: Any = importlib.import_module(_INDUCTOR)
            inductor.freezing = self.tuning.get("freezing", os.environ.get("TORCHINDUCTOR_FREEZING") == "1")
        dynamic = None if self.variant == "dynamic" else False
        compiled: Callable[..., Any] = torch.compile(function, fullgraph=True, dynamic=dynamic, **self._options)
        return compiled

    def steady(self) -> AbstractContextManager[Any]:
        """Inside it a recompilation raises an error."""
        return nullcontext() if self.eager else torch.compiler.set_stance("fail_on_recompile")

    def counts(self) -> dict[str, int]:
        """``graph_breaks`` is 0 as long as ``fullgraph`` raises an error for each; empty where nothing is compiled.

        No ``exported_bytes``: ``torch.export`` takes a module's forward pass, and what runs is a training step.
        """
        if self.eager:
            return {}
        since = {name: count - self._counts_before[name] for name, count in count_graphs().items()}
        # Each function that was prepared is one graph.
        return {
            "graph_breaks": since["graph_breaks"],
            "graph_operations": since["operations"],
            "recompilations": max(0, since["graphs"] - self._prepared),
        }

    def from_cache(self) -> bool | None:
        """Whether Inductor found all graphs in its cache; None where it has looked for none so far."""
        if self.eager:
            return None
        hits, misses = (count_graphs()[name] - self._counts_before[name] for name in ("cache_hits", "cache_misses"))
        return misses == 0 if hits or misses else None


def count_graphs() -> dict[str, int]:
    """Graphs, operations in them, breaks between them, and what Inductor found of them in its cache and what not, of
    all programs together; zeros before the first.

    PyTorch's public interface has no such numbers; these are the ones that ``torch._dynamo.utils.counters`` keeps.
    """
    # The first compilation loads the module, and its time is measured: it must not be loaded earlier.
    module: Any = sys.modules.get(_COUNTERS_MODULE)
    if module is None:
        return {"graphs": 0, "operations": 0, "graph_breaks": 0, "cache_hits": 0, "cache_misses": 0}
    counters = module.counters
    return {
        "graphs": counters["stats"]["unique_graphs"],
        "operations": counters["stats"]["calls_captured"],
        "graph_breaks": sum(counters["graph_break"].values()),
        "cache_hits": counters["inductor"]["fxgraph_cache_hit"],
        "cache_misses": counters["inductor"]["fxgraph_cache_miss"],
    }
