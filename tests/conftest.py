"""What the tests share: measuring the suite itself takes minutes and a quiet machine, so it runs when asked for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from speedscore.host.processors import allowed_processors
from speedscore.scoring.facts import calendar
from tests.bench_suite.sample_session import Matrix
from tests.present import PRESENT

PERFORMANCE = Path(__file__).parent / "performance"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--selfbench", action="store_true", help="measure the suite itself (tests/performance)")


def pytest_configure(config: pytest.Config) -> None:
    keep_to_one_processor(os.environ.get("PYTEST_XDIST_WORKER", ""))
    # A session that a test starts is no worker of pytest-xdist; taken for one, it would measure nothing.
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        del os.environ[name]
    if not config.getoption("selfbench"):
        # No test measures which layout is the faster one here, but those that are about it.
        os.environ.setdefault("SPEEDSCORE_TORCH_LAYOUT", "channels_last")
    # A shell lets what it runs in the background ignore Ctrl-C, and what is started from there inherits that: the tests
    # that interrupt it would wait in vain.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def keep_to_one_processor(worker: str) -> None:
    """Give a worker of pytest-xdist, and all that it starts, one processor of its own.

    Otherwise the threads of two tests' matrix products wait for each other, which takes twice the processor time.
    """
    number = worker.removeprefix("gw")
    if number.isdecimal() and hasattr(os, "sched_setaffinity"):
        processors = allowed_processors()
        os.sched_setaffinity(0, {processors[int(number) % len(processors)]})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("selfbench"):
        return
    skip = pytest.mark.skip(reason="measures the suite itself: python -m tox run -e selfbench")
    for item in items:
        if item.path.is_relative_to(PERFORMANCE):
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def _present() -> Iterator[None]:
    """What is stale on the day of a test's run is nothing that a test may hang on; its sessions are of that day."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(calendar, "this_month", lambda: PRESENT)
        yield


@pytest.fixture
def matrix(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Matrix:
    """A small matrix of its own, in a folder of its own."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("CI", raising=False)
    return Matrix(pytester)
