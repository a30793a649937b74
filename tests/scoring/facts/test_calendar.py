"""The day that decides what is dated too late is asked in one place, of facts and of runs alike."""

from __future__ import annotations

import datetime

import pytest

from speedscore.scoring.evidence.evidence import EvidenceError, NamedRun, check_runs
from speedscore.scoring.facts import calendar
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshot
from tests.scoring.sample_facts import RUBRIC
from tests.scoring.sample_runs import make_run, measured_case


def test_facts_and_runs_are_held_against_the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "now", lambda: datetime.datetime(2020, 1, 15, tzinfo=datetime.UTC))
    with pytest.raises(FactError, match="a snapshot of the future"):
        load_snapshot(fixtures_folder() / "ecosystem/jax/2024-01.toml", keys=RUBRIC.facts, topics=RUBRIC.topics)
    with pytest.raises(EvidenceError, match=r"after today, 2020-01-15 \(UTC\)"):
        check_runs([NamedRun(name="run.json", record=make_run(measured_case("alpha", 1.0)))])
