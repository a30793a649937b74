"""What the driver sends to the machines: the working tree as it stands, with its commit, and this package itself.

The tree travels in an archive, so that its links, its modes and its times survive. What git ignores stays at home. It
changes nothing in the tree.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import msgspec

import speedscore
from speedscore.fleet.work import FleetError
from speedscore.host.git import git_paths, git_says
from speedscore.text.cleaning import one_line

ARCHIVE = "checkout.tar"
_COMMIT = "commit.json"
_MOST_BYTES = 400 << 20
"""Ray sends half a GiB at most."""
_LEFT_OUT = ("__pycache__", "node_modules", "build", "dist")
"""Of a folder that is no git repository, beside all whose name begins with a dot."""


class Commit(msgspec.Struct, frozen=True):
    """Of the tree that has travelled."""

    commit: str = ""
    """Empty where it is no repository."""
    dirty: bool = False


def pack(checkout: Path, folder: Path) -> None:
    """Put into the empty ``folder`` all that a machine needs. Raises FleetError where that is too much, or cannot be
    read or written."""
    try:
        _pack(checkout, folder)
    except OSError as error:
        # A file that went or shrank as it was read, one that only others may read, a disk that is full.
        raise FleetError(
            f"{one_line(str(checkout))} cannot be packed for the machines ({one_line(str(error))}): make its files "
            f"readable, let none change meanwhile, and have room for them in {folder.parent}"
        ) from None


def _pack(checkout: Path, folder: Path) -> None:
    names = tree_files(checkout)
    sizes = {name: (checkout / name).lstat().st_size for name in names}
    if sum(sizes.values()) > _MOST_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise FleetError(
            f"{one_line(str(checkout))} holds {sum(sizes.values()) >> 20} MiB that git does not ignore, and "
            f"{_MOST_BYTES >> 20} MiB can travel; the largest is {one_line(largest)}: let git ignore what machines do "
            "not need"
        )
    with tarfile.open(folder / ARCHIVE, "w") as archive:
        for name in names:
            archive.add(checkout / name, name, recursive=False)
    commit = git_says(checkout, "rev-parse", "HEAD")
    dirty = bool(commit and git_says(checkout, "status", "--porcelain"))
    (folder / _COMMIT).write_bytes(msgspec.json.encode(Commit(commit, dirty)))
    # So that both ends of the wire are of one release, whatever the machines have installed.
    package = Path(speedscore.__file__).parent
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def read_commit(folder: Path) -> Commit:
    return msgspec.json.decode((folder / _COMMIT).read_bytes(), type=Commit)


def tree_files(checkout: Path) -> list[str]:
    """The files and links of the working tree, tracked or not, without what git ignores; those of its submodules and of
    other repositories within it likewise."""
    names = git_paths(checkout, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if not names:
        names = [
            str(path.relative_to(checkout))
            for path in checkout.rglob("*")
            if not any(part.startswith(".") or part in _LEFT_OUT for part in path.relative_to(checkout).parts)
        ]
    files: set[str] = set()
    for name in names:
        path = checkout / name
        # A file may have been removed since.
        if path.is_symlink() or path.is_file():
            files.add(name)
        # Git names a repository within as a folder; a submodule that was never checked out is an empty one.
        elif (path / ".git").exists():
            files |= {f"{name.rstrip('/')}/{inner}" for inner in tree_files(path)}
    return sorted(files)
