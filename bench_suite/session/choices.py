"""What a session was asked for, as one frozen record. Options are read into it elsewhere."""

from __future__ import annotations

from pathlib import Path

import msgspec

from speedscore.bench_suite.workloads.presets import Preset
from speedscore.record.run_record import RunRecord


class Choices(msgspec.Struct, frozen=True):
    """What a session was asked for, apart from its cases."""

    preset: Preset
    processes: int
    seed: int
    in_process: bool
    budget_seconds: float | None = None
    """Time for the whole session; None leaves it to the preset's rounds."""
    profile_folder: Path | None = None
    """Where profiles of the timed cases go; None profiles nothing."""
    earlier: RunRecord | None = None
    """A session that is taken up again: what it measured is not measured once more."""
    earlier_path: Path | None = None
    """The file that it stands in, a saved run or a journal."""
    earlier_left_out: dict[str, str] = {}
    """Node id of a case that this file holds and that cannot be taken over → why."""
