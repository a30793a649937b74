"""Settings for the property tests of scoring, and a month that every test takes for the present one."""

from __future__ import annotations

import pytest
from hypothesis import settings

from speedscore.scoring.evidence import this_month
from tests.scoring.sample_facts import PRESENT

# On a shared machine a single example can take any time; what is asked here is whether it holds, never how fast.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(autouse=True)
def _present(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stale on the day of a test's run is nothing that a test may hang on."""
    monkeypatch.setattr(this_month, "this_month", lambda: PRESENT)
