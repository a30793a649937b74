"""Where the code of base and head lies: the working tree, a directory, or a git ref in a worktree of its own.

A worktree is made in a temporary folder and removed again, whatever happens; the user's own checkout is never touched.
Nothing is installed and no branch is moved.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from speedscore.host.git import git_complaint, git_says, run_git
from speedscore.host.scratch import PREFIX, make_scratch

_NAME = "base"
"""Of the folder of a worktree, and in that of the temporary folder around it."""


class CheckoutError(RuntimeError):
    """A side cannot be made. The message says what was looked for and what to do."""


class SourceTree(msgspec.Struct, frozen=True):
    """A checkout on the disk."""

    root: Path
    description: str
    commit: str
    """Empty where the folder is no git checkout."""
    dirty: bool
    """True where there are changes that no commit holds."""
    is_temporary: bool = False
    """True where it was made for this gate and goes with it."""


def working_tree(project: Path, *, base: str | None = None) -> SourceTree:
    """The checkout in which ``project`` lies, as it stands now; the project itself where it is no git checkout.

    ``base`` may be a folder within it, which is none of its changes.
    """
    top = git_says(project, "rev-parse", "--show-toplevel")
    folder = Path(base).expanduser().resolve() if base else None
    besides = folder if folder and folder.is_dir() and not project.resolve().is_relative_to(folder) else None
    return _describe(Path(top) if top else project, besides=besides)


@contextlib.contextmanager
def base_tree(base: str, head: SourceTree) -> Iterator[SourceTree]:
    """The tree that ``base`` names: an existing directory, else a git ref, checked out for as long as it is used.

    Raises CheckoutError.
    """
    folder = Path(base).expanduser()
    if folder.is_dir():
        tree = _describe(folder.resolve())
        # Any plain folder inside head's checkout: git would answer with head's commit.
        is_part_of_head = Path(git_says(tree.root, "rev-parse", "--show-toplevel")) == head.root != tree.root
        yield SourceTree(tree.root, str(tree.root), commit="", dirty=False) if is_part_of_head else tree
        return
    if not head.commit:
        why = git_complaint(head.root, "rev-parse", "--verify", "HEAD^{commit}")
        raise CheckoutError(f"{base!r} is no directory, and git finds no commit in {head.root}: {why}")
    commit = commit_of(base, head.root)
    with worktree(head.root, commit) as root:
        yield SourceTree(root=root, description=f"{base} ({commit[:9]})", commit=commit, dirty=False, is_temporary=True)


def commit_of(ref: str, repository: Path) -> str:
    """The commit that a ref names. Raises CheckoutError where git knows none."""
    if why := git_complaint(repository, "rev-parse", "--git-dir"):
        raise CheckoutError(f"{repository}: git cannot look for {ref!r}: {why}")
    commit = git_says(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        raise CheckoutError(_no_such_ref(ref, repository))
    return commit


def commits_missing_in_head(head: SourceTree, base: SourceTree) -> int:
    """Commits of the base that head lacks: what they changed counts against head. 0 where git cannot tell."""
    # In a shallow clone every commit looks as if head lacked it.
    if not base.commit or not git_says(head.root, "merge-base", "HEAD", base.commit):
        return 0
    count = git_says(head.root, "rev-list", "--count", f"HEAD..{base.commit}")
    return int(count or 0)


def _describe(root: Path, *, besides: Path | None = None) -> SourceTree:
    commit = git_says(root, "rev-parse", "HEAD")
    is_within = besides is not None and besides.is_relative_to(root.resolve())
    but = [f":(exclude){besides.relative_to(root.resolve())}"] if besides and is_within else []
    dirty = bool(commit and git_says(root, "status", "--porcelain", "--untracked-files=normal", "--", ".", *but))
    name = f"{root} ({commit[:9]}{' and uncommitted changes' if dirty else ''})" if commit else str(root)
    return SourceTree(root=root, description=name, commit=commit, dirty=dirty)


def _no_such_ref(base: str, root: Path) -> str:
    message = f"{base!r} is neither a directory nor a commit that git knows in {root}"
    if git_says(root, "rev-parse", "--is-shallow-repository") == "true":
        return (
            f"{message}; the clone is shallow: fetch the base first (git fetch --depth=1 origin BRANCH, then --gate "
            "FETCH_HEAD), or clone with its history (fetch-depth: 0)"
        )
    return f"{message}; look at `git branch --all`, or fetch it first"


@contextlib.contextmanager
def worktree(repository: Path, commit: str) -> Iterator[Path]:
    """A commit in a folder of its own, for as long as it is used. Raises CheckoutError."""
    scratch = make_scratch(_NAME)
    root = scratch / _NAME
    try:
        _forget_leftovers(repository)
        _must(repository, "worktree", "add", "--detach", "--force", str(root), commit)
        fill_submodules(root)
        yield root.resolve()
    finally:
        # Twice forces it also where git was killed as it made it, and left it locked.
        git_says(repository, "worktree", "remove", "--force", "--force", str(root))
        shutil.rmtree(scratch, ignore_errors=True)


def _forget_leftovers(repository: Path) -> None:
    """What an earlier gate that was killed left behind, once its folder is gone. Each by its name: to prune would
    forget the user's own worktrees too, where their folders are on a disk that is not there now."""
    listed = git_says(repository, "worktree", "list", "--porcelain").splitlines()
    for root in (Path(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree ")):
        if root.name == _NAME and root.parent.name.startswith(f"{PREFIX}{_NAME}-") and not os.path.lexists(root):
            git_says(repository, "worktree", "remove", "--force", str(root))


def fill_submodules(root: Path) -> None:
    """Bring the submodules of a worktree to what its commit has them at; what was changed in them is lost.

    From the copies that the user's checkout has, so that nothing is fetched twice; else from their origin. Raises
    CheckoutError.
    """
    if not (root / ".gitmodules").is_file():
        return
    modules = Path(git_says(root, "rev-parse", "--path-format=absolute", "--git-common-dir")) / "modules"
    paths = git_says(root, "config", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    names = [line.split()[0].removeprefix("submodule.").removesuffix(".path") for line in paths.splitlines()]
    local = [option for name in names if (modules / name).is_dir() for option in _from_copy(name, modules / name)]
    # Git refuses to copy from a path unless told so; these are the user's own.
    update = ("submodule", "update", "--init", "--recursive", "--force")
    if local and run_git(root, *local, "-c", "protocol.file.allow=always", *update).returncode == 0:
        return
    _must(root, *update)


def _from_copy(name: str, copy: Path) -> tuple[str, str]:
    return "-c", f"submodule.{name}.url={copy}"


def _must(folder: Path, *arguments: str) -> None:
    done = run_git(folder, *arguments)
    if done.returncode != 0:
        raise CheckoutError(f"git {' '.join(arguments[:2])} failed: {done.stderr.strip() or done.returncode}")
