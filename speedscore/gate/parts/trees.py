"""Base and head beside each other in one folder, as it travels to the machines of a fleet.

Of head goes what git does not ignore; of a base that was checked out for this gate all of it, for its set-up may have
made files that git ignores. Nothing is sent, and no checkout is changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from speedscore.fleet.travelling import tree_files
from speedscore.gate.checkouts.worktrees import CheckoutError, SourceTree
from speedscore.host.git import git_complaint
from speedscore.text.cleaning import one_line

HEAD, BASE = "head", "base"


def put_side_by_side(head: SourceTree, base: SourceTree, folder: Path) -> None:
    """Copy both into the empty folder. Raises CheckoutError where one cannot be copied or git does not do its part."""
    for tree, name in ((head, HEAD), (base, BASE)):
        try:
            _copy(tree.root, _all_files(tree.root) if tree.is_temporary else tree_files(tree.root), folder / name)
        except OSError as error:
            # A file that went as it was read, one that only others may read, a disk that is full.
            raise CheckoutError(
                f"{name} cannot be copied for the machines ({one_line(str(error))}): make its files readable, let none "
                f"change meanwhile, and have room for them in {folder.parent}"
            ) from None
    # As a repository, so that its files are told from nothing else, whatever they are called.
    for command in (("init", "--quiet"), ("add", "--all", "--force")):
        if why := git_complaint(folder, *command):
            raise CheckoutError(f"base and head cannot be put side by side: {why}")


def _all_files(root: Path) -> list[str]:
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return [str(path) for path in paths if not {".git", "__pycache__"} & set(path.parts)]


def _copy(root: Path, names: Iterable[str], to: Path) -> None:
    to.mkdir()
    for name in names:
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target, follow_symlinks=False)
