"""The files that a package is built from: which of a folder they are, and a digest of them all. It changes nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from speedscore.host.git import git_paths

_NEITHER = (
    *(".git", ".venv", "venv", ".tox", ".nox", "node_modules", "build", "*.egg-info"),
    *("__pycache__", ".*_cache", ".benchmarks", ".hypothesis"),
)
NOT_SOURCES = (*_NEITHER, "*.so")
"""Patterns of names. A compiled module is most often what an earlier build left; a digest has it nevertheless."""


def git_files(checkout: Path) -> list[str]:
    """What git knows in a checkout, and what it would take up, relative to the folder."""
    return sorted(set(git_paths(checkout, "ls-files", "--cached", "--others", "--exclude-standard", "-z")))


def sources_digest(folder: Path, *, in_git: bool) -> str:
    """Of names and contents; ``in_git`` leaves out what git ignores."""
    digest = hashlib.sha256()
    for path in _sources(folder, in_git=in_git):
        digest.update(f"{path.relative_to(folder)}\0".encode(errors="surrogateescape"))
        with contextlib.suppress(OSError):  # removed, or a link to nowhere
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(folder: Path, *, in_git: bool) -> Iterator[Path]:
    tops = [folder / name for name in git_files(folder)] if in_git else [folder]
    for top in tops:
        if not top.is_dir():
            yield top
            continue
        for parent, folders, names in os.walk(top):
            ignored = shutil.ignore_patterns(*_NEITHER)
            folders[:] = sorted(set(folders) - ignored(parent, folders))
            yield from (Path(parent) / name for name in sorted(set(names) - ignored(parent, names)))
