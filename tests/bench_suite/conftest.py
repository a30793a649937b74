"""What several tests of the measuring half start from."""

from __future__ import annotations

import pytest

from tests.bench_suite.sample_session import Matrix


@pytest.fixture
def matrix(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Matrix:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("CI", raising=False)
    return Matrix(pytester)
