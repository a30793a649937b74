"""What a framework's ``probing.checkpoint`` offers: how a program's state is read, named, saved, restored.

State is parameters, running statistics and the optimizer's state together, in the form in which the framework's users
hand it to their checkpointer. Nothing here knows a framework.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Route(NamedTuple):
    """One way of keeping a state in files."""

    save: Callable[[Any, Path], None]
    """(state, path) → nothing; the file or folder is complete when it returns."""
    restore: Callable[[Any, Path], Any]
    """(a state of the same form, path) → the state that was saved."""
    distributions: tuple[str, ...]
    """Whose versions matter, beside the framework's own."""


class Checkpointing(Protocol):
    """The module ``probing.checkpoint`` of a framework's folder."""

    ROUTES: Mapping[str, Route]

    def read(self, program: Any) -> Any:
        """The state of a training program."""
        ...

    def write(self, program: Any, state: Any) -> None:
        """Put a restored state into a program of the same workload."""
        ...

    def name_arrays(self, state: Any) -> dict[str, Any]:
        """Every array of a state on the host, by its place in it."""
        ...
