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
_REFUSAL = " exit code 4 "
"""In how it ended: pytest.ExitCode.USAGE_ERROR. Whoever else prints errors, as a compiler, does not end pytest so."""
_INTERNAL = "INTERNALERROR> "
_FRAME = re.compile(r'\s*File "(?P<file>.+)", line (?P<line>\d+), in (?P<function>.+)')
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(: .*)?")
_NO_EXCEPTION = "Traceback (most recent call last):"


def why_it_ended(told: str, *, root: Path) -> str:
    """``told``, which says in its first line how it ended and then quotes, with the cause in place of that line where
    one is found; ``root`` is its checkout."""
    how, *quoted = told.splitlines() or [""]
    lines = [line.removeprefix(_QUOTED) for line in quoted if line.startswith(_QUOTED)]
    internal = [line.removeprefix(_INTERNAL) for line in lines if line.startswith(_INTERNAL)]
    if said := (_refused(lines) if _REFUSAL in how else "") or _failed_in_own_hook(internal, root):
        return said
    cause = _failed_in_a_plugin(internal) or _conftest(lines) or how
    return "\n".join([cause, *quoted])


def _refused(lines: Sequence[str]) -> str:
    """What pytest says against its command line or its settings."""
    said = [line.partition("rror: ")[2] for line in lines if re.match(r"(.*: )?error: ", line)]
    said = said or [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return f"refuses its command line or settings: {said[0]}" if said else ""


def _failed_in_own_hook(internal: Sequence[str], root: Path) -> str:
    """Which hook of the checkout failed, where and how; empty where none of its own is known to have."""
    error = _exception(internal)
    frames = [frame for line in internal if (frame := _FRAME.fullmatch(line))]
    own = [frame for frame in frames if Path(frame["file"]).is_relative_to(root)]
    if not error or not own:
        return ""
    frame = own[-1]
    place = f"{Path(frame['file']).relative_to(root)}, line {frame['line']}"
    return f"failed in {frame['function']} ({place}): {error}"


def _failed_in_a_plugin(internal: Sequence[str]) -> str:
    error = _exception(internal)
    return f"failed in a hook of pytest or of a plugin: {error}" if error else ""


def _exception(internal: Sequence[str]) -> str:
    exceptions = [line for line in internal if _EXCEPTION.fullmatch(line) and line != _NO_EXCEPTION]
    return exceptions[-1] if exceptions else ""


def _conftest(lines: Sequence[str]) -> str:
    """Which conftest.py cannot be imported, and why."""
    loading = [line for line in lines if line.startswith("ImportError while loading conftest")]
    errors = [line[1:].strip() for line in lines if line.startswith("E  ")]
    return f"cannot import its conftest.py: {errors[-1]}" if loading and errors else ""
