"""Changes by which a framework improved a message: the rules are checked against them, for what was improved must be judged better.

Each is a folder in ``fixtures/mistakes/history``: ``about.toml``, ``program.py``, and what its user saw in the releases
before and after, ``before.toml`` and ``after.toml``. Nothing is run here; ``capturing`` does that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from speedscore.bench_suite.probes.mistakes.judging import Judgement, Seen, is_better, judge
from speedscore.bench_suite.probes.mistakes.program import read_program
from speedscore.bench_suite.probes.mistakes.rules import Rules, mistakes_folder

SHOWN_AS = "program.py"
"""The name of the program's file in what is kept."""


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``about.toml``."""

    title: Annotated[str, msgspec.Meta(min_length=1)]
    """Its author's own words."""
    source: Annotated[str, msgspec.Meta(pattern="^https://")]
    before: Annotated[str, msgspec.Meta(min_length=1)]
    """The last release without it that can be installed: ``environments/history-<release>.txt`` has its pins."""
    after: Annotated[str, msgspec.Meta(min_length=1)]
    """The first release with it that can be installed."""
    note: str = ""
    """What a reader of the result must know."""


class Captured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``before.toml`` or ``after.toml``: what one release said. Paths are shortened to where a module is imported from."""

    versions: dict[str, str]
    """Distribution → version."""
    seen: Seen


class Compared(msgspec.Struct, frozen=True):
    """One change, judged."""

    name: str
    """Of its folder."""
    change: Change
    before: Judgement
    after: Judgement
    verdict: str
    """``better``, ``worse`` or ``no different``."""


def history_folder() -> Path:
    return mistakes_folder() / "history"


def list_changes() -> list[str]:
    """The names of their folders."""
    return sorted(path.parent.name for path in history_folder().glob("*/about.toml"))


def read_change(name: str) -> Change:
    """Raises msgspec.ValidationError where the file is not as it must be."""
    return msgspec.toml.decode((history_folder() / name / "about.toml").read_bytes(), type=Change)


def read_captured(path: Path) -> Captured:
    """Raises msgspec.ValidationError where the file is not as it must be."""
    return msgspec.toml.decode(path.read_bytes(), type=Captured)


def compare(name: str, rules: Rules) -> Compared:
    """Judge what was seen before and after the change in folder ``name``, as any other mistake is judged."""
    folder = history_folder() / name
    program = read_program(folder / "program.py", shown_as=SHOWN_AS)
    before, after = (
        judge(read_captured(folder / f"{when}.toml").seen, program, rules) for when in ("before", "after")
    )
    verdict = "better" if is_better(after, before, rules) else "worse" if is_better(before, after, rules) else "no different"
    return Compared(name, read_change(name), before, after, verdict)
