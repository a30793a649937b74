"""The clocks of a side, kept from before any test was imported: a test that freezes time must not freeze the gate.

Libraries that freeze time look through the names of every loaded module; what a class holds they do not replace.
"""

from __future__ import annotations

import time


class Clock:
    """Seconds, each from a moment of its own."""

    wall = staticmethod(time.perf_counter)
    process = staticmethod(time.process_time)
    thread = staticmethod(time.thread_time)
