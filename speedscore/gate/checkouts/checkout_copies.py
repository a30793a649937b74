"""A checkout as it stands, in a folder of its own in which building may leave what it likes.

Of a git checkout it has the files that git knows or would take up, and git's own data; what is ignored is not there.
The checkout itself is never changed. Nothing is built here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from speedscore.gate.checkouts.source_files import NOT_SOURCES, git_files
from speedscore.gate.checkouts.worktrees import CheckoutError, SourceTree, worktree
from speedscore.host.git import git_says
from speedscore.host.scratch import make_scratch
from speedscore.text.cleaning import one_line


@contextlib.contextmanager
def checkout_copy(tree: SourceTree) -> Iterator[Path]:
    """For as long as it is used. Raises CheckoutError."""
    if not tree.commit:
        scratch = make_scratch("copy")
        try:
            ignored = shutil.ignore_patterns(*NOT_SOURCES)
            with _as_checkout_error(tree.root):
                shutil.copytree(tree.root, scratch / "copy", symlinks=True, ignore=ignored)
            yield scratch / "copy"
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return
    # Git's own data belong to it: versions are made from them.
    with worktree(tree.root, tree.commit) as root:
        copy = root / git_says(tree.root, "rev-parse", "--show-prefix")
        if tree.dirty:
            with _as_checkout_error(tree.root):
                _overlay(tree.root, copy)
        yield copy


@contextlib.contextmanager
def _as_checkout_error(root: Path) -> Iterator[None]:
    """For a file that went as it was read, one that only others may read, a disk that is full."""
    try:
        yield
    except OSError as error:
        raise CheckoutError(
            f"{root} cannot be copied to be built ({one_line(str(error))}): make its files readable, let none change "
            "meanwhile, and have room for a second copy"
        ) from None


def _overlay(checkout: Path, copy: Path) -> None:
    """Bring a copy of a commit to the state of the working tree."""
    names = git_files(checkout)
    for name in set(git_files(copy)).difference(names):  # removed or renamed, and git has been told
        _remove(copy / name)
    for name in names:
        origin, goal = checkout / name, copy / name
        if not goal.parent.resolve().is_relative_to(copy.resolve()):
            continue  # beyond a link that was a folder: there lies what is the user's
        if origin.is_dir() and not origin.is_symlink():
            if goal.is_symlink() or not goal.is_dir():
                _remove(goal)
            if (origin / ".git").exists():  # a submodule; one that is not filled there is as the commit has it
                goal.mkdir(parents=True, exist_ok=True)
                _overlay(origin, goal)
            continue
        _remove(goal)
        if os.path.lexists(origin):
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, goal, follow_symlinks=False)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
        return
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()
