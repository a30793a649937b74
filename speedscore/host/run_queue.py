"""How long threads that wanted to run were kept waiting for a processor, by Linux's own account.

On a busy machine whoever waits for a reply waits for the scheduler too, and this tells the two apart. Where the kernel
does not tell, nobody was kept waiting.
"""

from __future__ import annotations

import threading
from pathlib import Path


def held_up_seconds(pid: int | None = None) -> float:
    """Since it began: the main thread of process ``pid``; without one the thread that asks."""
    path = f"/proc/self/task/{threading.get_native_id()}/schedstat" if pid is None else f"/proc/{pid}/schedstat"
    try:
        # Time on a processor, time spent waiting for one (both in nanoseconds), and turns.
        return int(Path(path).read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
