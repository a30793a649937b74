"""A pytest plugin of sample sessions: it brings a framework whose package is not there."""

from __future__ import annotations

from speedscore.bench_suite.frameworks.table import Framework


def pytest_speedscore_frameworks() -> list[Framework]:
    return [Framework("lost", builder="no_such.program:build", ecosystem="", extra="", packages=())]
