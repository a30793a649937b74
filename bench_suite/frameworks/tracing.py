"""What a framework's ``probing.trace`` gives: the operations of one traced step, and the files that each leads to.

Counted are executions of operations, as the profiler's file has them: a kernel or fusion of XLA, an operator of eager
PyTorch. Nothing here knows a framework or a file's format.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Protocol


class TracedOperation(NamedTuple):
    """One execution."""

    name: str
    files: frozenset[str] = frozenset()
    """Source files, with a line in each, that its own event in the trace names."""
    program_files: frozenset[str] = frozenset()
    """Those that the compiled program's metadata name for it."""


class Tracing(Protocol):
    """The module ``probing.trace`` of a framework's folder."""

    def record(self, program: Any, folder: Path) -> None:
        """Take a trace of one step of a program that has stepped before, and write it into the folder."""
        ...

    def read(self, program: Any, folder: Path) -> list[TracedOperation]:
        """What stands in the folder."""
        ...
