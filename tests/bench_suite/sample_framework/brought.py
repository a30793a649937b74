"""A pytest plugin of sample sessions, as another package would have it: it brings a framework and a model."""

from __future__ import annotations

from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.workloads.table import Model


def pytest_speedscore_frameworks() -> list[Framework]:
    return [
        Framework(
            "brought", builder="sample_framework.program:build", ecosystem="brought", extra="", packages=("numpy",)
        )
    ]


def pytest_speedscore_models() -> list[Model]:
    return [
        Model(
            "wide",
            workload="speedscore.bench_suite.workloads.mlp",
            implementations={"brought": "sample_framework.mlp"},
        )
    ]
