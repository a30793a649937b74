"""What ``torch.compile`` has captured in this process so far. It compiles nothing, and never loads the compiler."""

from __future__ import annotations

import sys
from typing import Any

_COUNTERS_MODULE = "torch._dynamo.utils"


def count_graphs() -> dict[str, int]:
    """Graphs, operations in them, and breaks between them, of all programs together; zeros before the first.

    PyTorch's public interface has no such numbers; these are the ones that ``torch._dynamo.utils.counters`` keeps.
    """
    # The first compilation loads the module, and its time is measured: it must not be loaded earlier.
    module: Any = sys.modules.get(_COUNTERS_MODULE)
    if module is None:
        return {"graphs": 0, "operations": 0, "graph_breaks": 0}
    counters = module.counters
    return {
        "graphs": counters["stats"]["unique_graphs"],
        "operations": counters["stats"]["calls_captured"],
        "graph_breaks": sum(counters["graph_break"].values()),
    }
