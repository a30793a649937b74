"""The conftest of the library: an option that its benchmarks cannot do without."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--books", type=int, required=True)


@pytest.fixture(scope="session")
def books(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--books"))
