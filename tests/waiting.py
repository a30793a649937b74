"""Waits of the tests for what follows sooner or later, with a limit that only a failure reaches."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

LIMIT_SECONDS = 240.0


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def has_gone(pid: int) -> bool:
    """Also one that has ended and stays in the table until its parent, or init, takes note of it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
