"""Git, asked on the command line: as the user would run it, or so that it can only read.

It changes nothing by itself: what is run is what the caller says. It knows no repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_LIMIT_SECONDS = 600.0
_OF_A_HOOK = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")
"""Set where git runs us from a hook; they would point every command at the repository of the hook."""
_READING = {
    "LC_ALL": "C",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
"""Nothing is fetched or written on the way, and nobody is asked for a password."""
_PLAIN = ("-c", "mailmap.file=", "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8")
"""Settings of the user that could change what a command prints, turned off."""


class GitError(RuntimeError):
    """Git could not read what it was asked for. The message is one line that says why."""


def run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git. Raises OSError where there is no git or no folder, subprocess.TimeoutExpired after ten minutes."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    return _run(folder, arguments, environment)


def git_says(folder: Path, *arguments: str) -> str:
    """What git prints, stripped; empty where it fails, hangs or is not there."""
    try:
        done = run_git(folder, *arguments)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def git_paths(folder: Path, *arguments: str) -> list[str]:
    """The names that git lists with ``-z``, whatever is in them; none where it fails, hangs or is not there."""
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    try:
        done = _run(folder, arguments, environment, errors="surrogateescape")
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [name for name in done.stdout.split("\0") if name] if done.returncode == 0 else []


def git_complaint(folder: Path, *arguments: str) -> str:
    """Why git cannot do this, in its own words and one line; empty where it can."""
    try:
        done = run_git(folder, *arguments)
    except FileNotFoundError:
        return "git is not installed or not on the PATH" if folder.is_dir() else f"{folder}: no such folder"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else " ".join(done.stderr.split()) or f"exit code {done.returncode}"


def read_git(folder: Path, *arguments: str) -> str:
    """What git prints where neither the user's settings nor a mailmap may change the answer. Raises GitError."""
    # No variable of a hook or a shell may point git elsewhere.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(("GIT_CONFIG", "GIT_EXEC_PATH"))
    }
    environment |= _READING | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    # Bare, so that neither the working tree's mailmap nor the user's own has a say.
    is_store = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    bare = (f"--git-dir={folder}", "-c", "core.bare=true") if is_store else ()
    try:
        done = _run(folder, (*bare, *_PLAIN, *arguments), environment)
    except (FileNotFoundError, NotADirectoryError):
        if folder.is_dir():
            raise GitError("git is not installed or not on the PATH") from None
        raise GitError(f"{folder}: no such folder") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"{folder}: git took longer than {_LIMIT_SECONDS:.0f} s") from None
    if done.returncode:
        reason = done.stderr.partition("\n")[0].strip() or f"exit code {done.returncode}"
        raise GitError(f"{folder}: git cannot read it ({reason})")
    return done.stdout


def _run(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str], *, errors: str = "replace"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        # Names of people and files come in any encoding.
        encoding="utf-8",
        errors=errors,
        timeout=_LIMIT_SECONDS,
        check=False,
    )
