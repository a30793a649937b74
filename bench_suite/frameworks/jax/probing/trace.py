"""A trace by ``jax.profiler``: XLA's operations, and for each the stack frames that the compiled program has of it.

XProf joins the two in the same way, by the program that the profiler writes beside the events.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax

from speedscore.bench_suite.frameworks.hlo_frames import files_by_instruction
from speedscore.bench_suite.frameworks.tracing import TracedOperation


def record(program: Any, folder: Path) -> None:
    with jax.profiler.trace(folder):
        program.step()
        program.wait()


def read(program: Any, folder: Path) -> list[TracedOperation]:
    """Raises FileNotFoundError when the profiler has written no events."""
    found = next(folder.rglob("*.xplane.pb"), None)
    if found is None:
        raise FileNotFoundError(f"jax.profiler wrote no .xplane.pb below {folder.name}")
    files = files_by_instruction(program.executable.as_text())
    operations = []
    for plane in jax.profiler.ProfileData.from_file(str(found)).planes:
        for line in plane.lines:
            for event in line.events:
                values = dict(event.stats)
                if name := values.get("hlo_op"):
                    own = frozenset(str(value) for value in values.values())
                    operations.append(TracedOperation(str(name), own, files.get(str(name), frozenset())))
    return operations
