"""Git as a program that only reads: what it prints, or one line that says why it printed nothing.

Settings and variables of the user that could change an answer are turned off, and so is everything that would fetch,
write or ask for a password. It knows no fact and no repository.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from speedscore.scoring.collecting.found import CollectError

_TIMEOUT_SECONDS = 600


def run_git(folder: Path, *arguments: str) -> str:
    """What git prints. Raises CollectError with git's first line where it fails."""
    # No variable of a hook or a shell may point git elsewhere, and nothing may be fetched or written on the way.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(("GIT_CONFIG", "GIT_EXEC_PATH"))
    }
    environment |= {
        "LC_ALL": "C",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }
    # Bare, so that neither the working tree's mailmap nor the user's own has a say.
    settings = ("-c", "mailmap.file=", "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8")
    inside = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    bare = (f"--git-dir={folder}", "-c", "core.bare=true") if inside else ()
    try:
        ended = subprocess.run(
            ["git", *bare, *settings, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.is_dir():
            raise CollectError("git is not installed or not on the PATH; --clone needs it") from error
        raise CollectError(f"{folder}: no such folder; --clone wants a git clone with its full history") from error
    except subprocess.TimeoutExpired as error:
        raise CollectError(f"{folder}: git took longer than {_TIMEOUT_SECONDS} s") from error
    if ended.returncode:
        said = next(iter(ended.stderr.split("\n")), "").strip() or f"exit code {ended.returncode}"
        raise CollectError(f"{folder}: git cannot read it ({said}); --clone wants a git clone with its full history")
    return ended.stdout


def try_git(folder: Path, *arguments: str) -> str:
    """What git prints, or nothing where it fails."""
    try:
        return run_git(folder, *arguments)
    except CollectError:
        return ""
