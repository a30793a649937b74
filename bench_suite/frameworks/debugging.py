"""What a framework's ``probing.debugger`` offers: a compiled function that a print or a breakpoint was put into.

It computes ``y = 2 · x`` and returns ``y + 1``, and whoever looks, looks at ``y``. Nothing here knows a framework.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Debugged(NamedTuple):
    """A function with a tool in it."""

    tool: str
    """As the user writes it."""
    call: Callable[[float], float]
    """x → y + 1; returns when whatever the tool has to say is said."""
    graph_breaks: Callable[[], int | None]
    """After the call: breaks between captured graphs; None where the function is captured whole or not at all."""
    added_operations: Callable[[], int | None]
    """After the call: operations of the compiled program that are there for the tool's sake; None for unknown."""


class Debugging(Protocol):
    """The module ``probing.debugger`` of a framework's folder."""

    def debugged(self, subject: str, target: str) -> Debugged:
        """``subject`` is ``print`` or ``breakpoint``; ``target`` is ``python`` for Python's, or ``own``."""
        ...
