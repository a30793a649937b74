"""Ends this process when the one that started it has gone, however that ended. It ends nothing else."""

from __future__ import annotations

import os
import threading
import time

_LOOK_SECONDS = 1.0


def end_with_parent() -> None:
    """From now on, this process ends when its parent has, and by its reaper whatever it has started.

    Ray's own worker outlives the Ray of its machine. It would go on measuring what has long been placed elsewhere,
    beside whatever the machine is given when its Ray comes back.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
