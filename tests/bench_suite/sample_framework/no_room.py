"""A pytest plugin of sample sessions: the disk is full while the session is saved."""

from __future__ import annotations

import resource
import signal
from collections.abc import Generator

import pytest

_MOST_BYTES = 2000
_, _most = resource.getrlimit(resource.RLIMIT_FSIZE)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish() -> Generator[None, None, None]:
    # Stands in for a full disk: no file may grow beyond this.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _most))
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary() -> None:
    # What the terminal gets goes to a file too, and has nothing to do with it.
    resource.setrlimit(resource.RLIMIT_FSIZE, (_most, _most))
