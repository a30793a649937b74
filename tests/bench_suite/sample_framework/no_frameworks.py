"""A pytest plugin of sample sessions: whatever is installed, no package of a framework is found."""

from __future__ import annotations

import importlib.util
from functools import partial
from importlib.machinery import ModuleSpec

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS


def pytest_configure(config: pytest.Config) -> None:
    hidden = {package for framework in FRAMEWORKS.values() for package in framework.packages}
    find_spec = importlib.util.find_spec

    def find_all_but_frameworks(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name in hidden else find_spec(name, package)

    importlib.util.find_spec = find_all_but_frameworks
    config.add_cleanup(partial(setattr, importlib.util, "find_spec", find_spec))
