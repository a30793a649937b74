"""Puts off the signals that end a session while a run is being saved. It ends nothing and sends nothing itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from speedscore.host.signals import ENDING

ENDING_SIGNALS = (signal.SIGINT, *ENDING)


@contextmanager
def shielded() -> Iterator[list[int]]:
    """Inside, ending signals are only noted, in the list that this yields, as often as they come."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came  # Python leaves signals to the main thread
        return

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as Python calls it
        came.append(number)

    handlers = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    before = {number: handler for number, handler in handlers.items() if handler not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, note)
    # Blocked as well, for what is started meanwhile inherits that: Ctrl-C goes to every process of a terminal.
    blocked_before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        yield came
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked_before)
        for number, handler in before.items():
            signal.signal(number, handler)
