"""A pytest plugin of sample sessions: a second model, at which the session is cut off where CUT_OFF is set."""

from __future__ import annotations

import os

import pytest

from speedscore.bench_suite.workloads.table import Model


def pytest_speedscore_models() -> list[Model]:
    return [
        Model(
            "wide",
            workload="speedscore.bench_suite.workloads.mlp",
            implementations={"sample": "sample_framework.mlp"},
        )
    ]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if "wide" in item.name and "CUT_OFF" in os.environ:
        raise KeyboardInterrupt
