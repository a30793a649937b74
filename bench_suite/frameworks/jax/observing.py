"""What can be seen of a compiled program and of XLA from outside: its optimised text, and the threads of its pool."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path

POOL_THREAD_NAME = "tf_XLAEigen"
"""What the threads of XLA's host pool are called in ``/proc``; their number follows affinity or ``PJRT_NPROC``."""


def hash_program(text: str) -> str:
    """First 16 hex digits of the SHA-256 of optimised HLO, less the names and source lines that it was traced from."""
    # The tables of files, functions and frames stand between the module's first line and its first computation.
    header, _, rest = text.partition("\n")
    body = rest[match.start() :] if (match := re.search(r"^(%|ENTRY )", rest, re.MULTILINE)) else rest
    body = re.sub(r", metadata=\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*\}", "", body)
    return hashlib.sha256(f"{header}\n{body}".encode()).hexdigest()[:16]


def count_pool_threads() -> int | None:
    """Threads of XLA's host pool in this process as observed; None where the system does not tell."""
    observed = 0
    tasks = list(Path("/proc/self/task").glob("*/comm"))
    for task in tasks:
        # A short-lived thread may end between the listing and the reading; the pool's never do.
        with suppress(OSError):
            observed += task.read_text().startswith(POOL_THREAD_NAME)
    return observed if tasks else None
