"""The tables of trials in the documentation are those of the raw lines that are kept."""

from __future__ import annotations

import pytest

from tests.performance.trial_tables import DOCS, with_trials


def test_each_page_has_what_its_raw_lines_come_to() -> None:
    pytest.importorskip("scipy", reason="the intervals of trials are scipy's: install the extra dev")
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert with_trials(text) == text, f"{page.name}: run python -m tests.performance.trial_tables"
