"""What can be seen of a compiled program and of XLA from outside: its optimised text, and the threads of its pool."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

POOL_THREAD_NAME = "tf_XLAEigen"
"""What the threads of XLA's host pool are called in ``/proc``; their number follows affinity or ``PJRT_NPROC``."""


_NAME = re.compile(r"%[\w.\-]+")
_INSTRUCTION = re.compile(r"\s+(ROOT )?(%[\w.\-]+) = (.*)")
_COMPUTATION = re.compile(r"(?:ENTRY )?(%[\w.\-]+) ")
_FUSION = re.compile(r" = [^\n]*? fusion\(")
_METADATA = re.compile(r", metadata=\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*\}")


def hash_program(text: str) -> str:
    """16 hex digits that two programs of optimised HLO share when they compute the same by the same instructions.

    What is hashed is the graph behind the program's results: each instruction with its operands' own hashes in the
    place of their names. So neither names count, which XLA makes from those of functions and trees, nor the order of
    instructions that do not depend on each other, which follows from the names; nor do source lines.
    """
    header, _, body = _METADATA.sub("", text).partition("\n")
    hashes: dict[str, str] = {}
    computation = root = ""
    for line in body.splitlines():
        if instruction := _INSTRUCTION.match(line):
            is_root, name, formula = instruction.groups()
            hashes[name] = _digest(_NAME.sub(lambda operand: hashes.get(operand[0], operand[0]), formula))
            root = hashes[name] if is_root else root
        elif line == "}":
            hashes[computation] = root
        elif beginning := _COMPUTATION.match(line):
            computation = beginning[1]
    # The module's own line holds the layouts and what is donated, after its name; the last root is the entry's.
    return _digest(f"{header.partition(',')[2]} {root}")


def count_executable(executable: Any) -> dict[str, int]:
    """XLA's own counts of a compiled program: operations and bytes by its cost analysis, temporaries, fusions.

    A loop's body is counted once, however often it runs; for a comparison of two programs of one workload that is no
    matter. What the platform does not tell is left out.
    """
    costs = executable.cost_analysis() or {}
    counts = {"xla_flops": costs.get("flops"), "xla_bytes_accessed": costs.get("bytes accessed")}
    if (plan := executable.memory_analysis()) is not None:
        counts["xla_temporary_bytes"] = plan.temp_size_in_bytes
    counts["hlo_fusions"] = len(_FUSION.findall(executable.as_text()))
    # XLA says −1 for what it cannot count.
    return {name: round(value) for name, value in counts.items() if value is not None and 0 <= value < float("inf")}


def count_exported_bytes(lowered: Any) -> int:
    """Length of a lowered program's StableHLO text, without source lines. It is counted, not kept: memory is measured.

    Not of ``jax.export``'s bytes: they hold source lines too, and with them the folder of the checkout.
    """
    counter = _Counter()
    lowered.compiler_ir("stablehlo").operation.print(file=counter)
    return counter.length


class _Counter:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.length = 0

    def write(self, text: str) -> None:
        self.length += len(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def count_pool_threads() -> int | None:
    """Threads of XLA's host pool in this process as observed; None where the system does not tell."""
    observed = 0
    tasks = list(Path("/proc/self/task").glob("*/comm"))
    for task in tasks:
        # A short-lived thread may end between the listing and the reading; the pool's never do.
        with suppress(OSError):
            observed += task.read_text().startswith(POOL_THREAD_NAME)
    return observed if tasks else None
