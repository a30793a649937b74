"""What a framework's ``probing.nan`` offers: a training step that can be made to give a NaN, and the switch that looks.

The model is two dense layers in the framework's own way, and behind them a logarithm or a square root of
``values + offset``, on a line that ends with ``mark(operation)``. Nothing here knows a framework.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

WIDTH = 256
BATCH = 256
HEALTHY_OFFSET = 1000.0
"""Far above what the layers give."""
NAN_OFFSET = -1000.0
"""Far below: every value is negative."""
WEIGHT = 0.01
"""Of every kernel; the inputs are ones."""

Step = Callable[[float], float]
"""The offset → the loss, waited for; gradients and update are computed too."""


def mark(operation: str) -> str:
    """How the line ends that makes the NaN."""
    return f"# NaN by {operation}"


class NanSteps(Protocol):
    """The module ``probing.nan`` of a framework's folder."""

    def make_step(self, *, operation: str, mode: str) -> Step:
        """``operation`` is ``log``, whose gradient stays finite, or ``sqrt``, whose gradient is a NaN too."""
        ...

    def switch(self) -> AbstractContextManager[Any]:
        """Inside it the framework looks for NaNs, in the way that its documentation names."""
        ...
