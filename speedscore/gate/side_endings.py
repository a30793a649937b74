"""Why a side's pytest ended before it had answered, in one line, read from what it printed last.

An invalid ``-k`` and a hook that fails are the user's own mistakes, and are named as such; what is not understood is
left as it was told. It starts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_QUOTED = "  | "
"""Before each of a process's last lines (``speedscore.host.piped``)."""
_INTERNAL = "INTERNALERROR> "
_FRAME = re.compile(r'\s*File "(?P<file>.+)", line (?P<line>\d+), in (?P<function>.+)')
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(: .*)?")
_NO_EXCEPTION = "Traceback (most recent call last):"


def why_it_ended(told: str, *, root: Path) -> str:
    """``told``, which says in its first line how it ended and then quotes, with the cause in place of that line where
    one is found; ``root`` is its checkout."""
    how, *quoted = told.splitlines() or [""]
    lines = [line.removeprefix(_QUOTED) for line in quoted if line.startswith(_QUOTED)]
    if refused := _refused(lines):
        return refused
    cause = _failed_in_hook(lines, root) or _conftest(lines) or how
    return "\n".join([cause, *quoted])


def _refused(lines: Sequence[str]) -> str:
    """What pytest says against its command line or its settings."""
    said = [line.partition("rror: ")[2] for line in lines if re.match(r"(.*: )?error: ", line)]
    said = said or [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return f"refuses its command line or settings: {said[0]}" if said else ""


def _failed_in_hook(lines: Sequence[str], root: Path) -> str:
    internal = [line.removeprefix(_INTERNAL) for line in lines if line.startswith(_INTERNAL)]
    exceptions = [line for line in internal if _EXCEPTION.fullmatch(line) and line != _NO_EXCEPTION]
    if not exceptions:
        return ""
    frames = [frame for line in internal if (frame := _FRAME.fullmatch(line))]
    own = [frame for frame in frames if Path(frame["file"]).is_relative_to(root)] or frames
    if not own:
        return f"failed outside of a test: {exceptions[-1]}"
    frame = own[-1]
    file = Path(frame["file"])
    place = file.relative_to(root) if file.is_relative_to(root) else file.name
    return f"failed in {frame['function']} ({place}, line {frame['line']}): {exceptions[-1]}"


def _conftest(lines: Sequence[str]) -> str:
    """Which conftest.py cannot be imported, and why."""
    loading = [line for line in lines if line.startswith("ImportError while loading conftest")]
    errors = [line[1:].strip() for line in lines if line.startswith("E  ")]
    return f"cannot import its conftest.py: {errors[-1]}" if loading and errors else ""
