"""Stands on a machine of the cluster before a fleet has it, and has the packages installed there that it lacks.

Of each thing it starts a process (``installing``), which ends with it. It imports nothing that a machine with Ray may
lack: what stands there afterwards, does (``machine``). ``cluster`` makes an actor of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TypeVar

from speedscore.fleet.parents import end_with_parent

MOST_SECONDS = 1800.0
"""For an installation. Frameworks with their libraries are gigabytes."""
_LOOK_SECONDS = 120.0
_TIDY_SECONDS = 60.0
_MOST_REASON_CHARACTERS = 500
_Answer = TypeVar("_Answer")


class Preparer:
    """Does one thing at a time."""

    def __init__(self, *, ends_with_parent: bool = False) -> None:
        """``ends_with_parent`` is for a process that the cluster has started."""
        if ends_with_parent:
            end_with_parent()

    def missing(self, requirements: dict[str, str]) -> tuple[list[str], str]:
        """Those of the requirements that are not fulfilled here, or why that cannot be told."""
        return _asked("missing", [requirements], otherwise=[], within_seconds=_LOOK_SECONDS)

    def install(self, missing: list[str]) -> tuple[str, str]:
        """The interpreter of an environment with these packages, behind which lies the one that Ray was started in; or
        why there is none, in the installer's last words."""
        return _asked("install", [missing, MOST_SECONDS], otherwise="", within_seconds=MOST_SECONDS + _TIDY_SECONDS)


def _asked(what: str, about: list[object], *, otherwise: _Answer, within_seconds: float) -> tuple[_Answer, str]:
    """The answer of a process that does it, and why there is none."""
    with subprocess.Popen(
        [sys.executable, "-m", "speedscore.fleet.installing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            said, _ = process.communicate(json.dumps([what, *about]), within_seconds)
        except subprocess.TimeoutExpired:
            return otherwise, f"no answer from {what} within {within_seconds:.0f} s"
        finally:
            process.kill()
    try:
        told = json.loads(said.splitlines()[-1])
        return told.get("answer", otherwise), told["why"]
    except (ValueError, IndexError, KeyError):
        return otherwise, f"no answer from {what}: {said[-_MOST_REASON_CHARACTERS:]}"
