"""Git, asked on the command line. It never changes anything by itself: what is run is what the caller says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_SECONDS = 600.0
_OF_A_HOOK = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")
"""Set where git runs us from a hook; they would point every command at the repository of the hook."""


def run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git. Raises OSError where there is no git or no folder, subprocess.TimeoutExpired after ten minutes."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def git_says(folder: Path, *arguments: str) -> str:
    """What git prints, stripped; empty where it fails, hangs or is not there."""
    try:
        done = run_git(folder, *arguments)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
