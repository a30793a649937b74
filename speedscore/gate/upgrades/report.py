"""What a gate of an upgrade found beside its verdicts, as a record: a part of the gate's report. It runs nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from speedscore.gate.upgrades.blame import Blame
from speedscore.gate.upgrades.program_changes import ProgramChange
from speedscore.gate.upgrades.stages import StageTimes, slower_stage
from speedscore.verdicts.verdict import Verdict

_CHANGED = ("regressed", "improved")


class UpgradeReport(msgspec.Struct, frozen=True):
    """What was asked for, and what was found beside the verdicts."""

    requested: tuple[str, ...]
    installer: str
    """``uv`` or ``pip``."""
    stages: dict[str, tuple[StageTimes, ...]] = {}
    """By case."""
    programs: dict[str, ProgramChange] = {}
    """By case, where its optimised HLO differs."""
    blame: Blame | None = None
    """Of the worst regression, where that was asked for."""
    remarks: tuple[str, ...] = ()


def changed_stage(verdict: Verdict, stages: Mapping[str, tuple[StageTimes, ...]]) -> StageTimes | None:
    """The part of what is timed that changed most; None of a verdict that says no change, or without evidence."""
    if verdict.metric != "time" or verdict.outcome not in _CHANGED or verdict.ratio is None:
        return None
    return slower_stage(stages.get(verdict.case, ()), ratio=verdict.ratio)
