"""Which files differ between two checkouts as they lie on the disk, uncommitted and untracked ones included.

Git is asked for no more than which files there are, so it is the same for a commit, a dirty tree and a plain folder. It
changes nothing and knows nothing of tests.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator
from pathlib import Path

from speedscore.host.git import git_paths


class ChangedFiles:
    """The difference between two checkouts."""

    def __init__(self, base: Path, head: Path) -> None:
        """Reads every file that both have and that is of one size: a second or two for ten thousand."""
        self._base, self._head = base, head
        listed = _listed(base, beside=head) | _listed(head, beside=base)
        self.paths = frozenset(path for path in listed if self.differs(path))
        """Relative to both roots: those that one side lacks, or has with another content. Ignored files are not among
        them where git knows the checkout."""

    def differs(self, path: str) -> bool:
        """Whether a file, or anything in a folder such as a submodule, is another one or is on one side alone."""
        before, after = self._base / path, self._head / path
        if _is_folder(before) or _is_folder(after):
            below = {f"{path}/{name}" for folder in (before, after) for name in _walked(folder)}
            return _is_folder(before) != _is_folder(after) or any(map(self.differs, below))
        if before.is_symlink() or after.is_symlink():
            return not (before.is_symlink() and after.is_symlink()) or before.readlink() != after.readlink()
        try:
            return not filecmp.cmp(before, after, shallow=False)
        except OSError:
            return before.exists() or after.exists()


def _listed(root: Path, *, beside: Path) -> set[str]:
    """All files that git tracks or would add; of a folder that is no checkout all that lies in it. What is of the other
    checkout, where that lies within this one, is left out."""
    # Without the option a name that is not ASCII would be quoted; another checkout is listed as a folder.
    listed = git_paths(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    paths = {path.rstrip("/") for path in listed} or set(_walked(root))
    other = beside.resolve()
    if root.resolve() == other or not other.is_relative_to(root.resolve()):
        return paths
    inner = other.relative_to(root.resolve())
    return {path for path in paths if not Path(path).is_relative_to(inner)}


def _walked(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__")]
        for name in files:
            if name != ".git":
                yield Path(parent, name).relative_to(folder).as_posix()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
