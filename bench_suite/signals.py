"""SIGTERM, which schedulers send when the time is up, as Ctrl-C: one way to end early, and it tidies up."""

from __future__ import annotations

import signal
from types import FrameType


def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as Python calls it
    """A handler that raises KeyboardInterrupt, once: a second signal must not cut the tidying short."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
