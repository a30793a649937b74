"""SIGTERM, which schedulers send when the time is up, and SIGHUP, which a terminal sends that is closed, as Ctrl-C: one
way to end early, and it tidies up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""What asks a process to end, beside Ctrl-C."""


def interrupt_on(*numbers: signal.Signals) -> Callable[[], None]:
    """Let the first of these signals raise KeyboardInterrupt, and none after it. Returns what undoes this."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None  # Python leaves signals to the main thread
    handlers = {number: signal.getsignal(number) for number in numbers}
    # A shell lets what it runs in the background ignore Ctrl-C, and so it stays.
    before = {number: handler for number, handler in handlers.items() if handler not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, _interrupt)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return restore


def ignore() -> None:
    """From now on, until what ``interrupt_on`` returned is called: what tidies up must not be cut short."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, *ENDING):
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as Python calls it
    # CI sends one after the other, and people press Ctrl-C twice.
    ignore()
    raise KeyboardInterrupt
