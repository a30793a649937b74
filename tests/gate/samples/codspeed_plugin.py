"""What pytest-codspeed does to a session, as far as it concerns pytest-benchmark: asked for, it takes its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--codspeed", action="store_true", default=False)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "codspeed_benchmark: mark an entire test for codspeed benchmarking")
    if config.getoption("--codspeed") or "CODSPEED_ENV" in os.environ:
        config.option.benchmark_disable = True
        config.pluginmanager.set_blocked("pytest_benchmark")
        config.pluginmanager.set_blocked("benchmark")


class Fixture:
    """Calls once, and says that it is pytest-benchmark's."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        from pytest_benchmark.fixture import BenchmarkFixture

        return BenchmarkFixture

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


@pytest.fixture
def codspeed_benchmark() -> Fixture:
    return Fixture()
