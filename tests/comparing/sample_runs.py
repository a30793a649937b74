"""Saved runs as sides of a comparison, for tests of what is compared in them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path

from speedscore.comparing import runs
from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.history import History
from speedscore.comparing.rows import RunComparison
from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import SavedRun
from speedscore.record.run_record import RunRecord
from speedscore.verdicts.settings import Settings
from tests.sample_runs import FIRST_DAY, save


def loaded(folder: Path, run: RunRecord) -> SavedRun:
    return load_figures(save(folder / f"{run.created[:19].replace(':', '')}.json", run))


def a_side(folder: Path, *runs: RunRecord, label: str = "a side") -> RunSet:
    return RunSet(label, tuple(loaded(folder, run) for run in runs))


def compare(
    base: RunSet, head: RunSet, *, earlier: Sequence[SavedRun], settings: Settings, allow: Collection[str]
) -> RunComparison:
    """As the command does, with a history of its own."""
    history = History(earlier, like=base.runs[0], allow=allow)
    return runs.compare(base, head, history=history, settings=settings, allow=allow)


def save_plain(
    path: Path, *, median: float = 0.1, day: float = 0.0, processor: str = "a processor", host: str = ""
) -> Path:
    """What pytest-benchmark itself saves, as much as is read of it."""
    document = {
        "machine_info": {"node": host, "cpu": {"brand_raw": processor, "count": 2}, "python_version": "3.11.7"},
        "commit_info": {"id": "0123456789abcdef", "dirty": False},
        "benchmarks": [{"fullname": "tests/test_it.py::test_it", "stats": {"median": median, "data": [median]}}],
        "datetime": (FIRST_DAY + timedelta(days=day)).isoformat(),
        "version": "5.3.1",
    }
    path.write_text(json.dumps(document))
    return path
