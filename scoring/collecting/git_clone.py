"""A git clone as it stood on a day: opened, refused where it cannot know the answer, and read.

Only its object store is read: what lies uncommitted in its working tree counts for nothing, and nothing is fetched. A
clone that is shallow, that lacks what is asked for, or that is behind is refused. Nothing is counted here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from speedscore.scoring.collecting.collected import CollectError
from speedscore.scoring.collecting.git_store import moment_of, read, try_read
from speedscore.scoring.collecting.main_branch import find_main_branch
from speedscore.scoring.collecting.people import Author

_REMOTE = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[\w.-]+\.\w+)(?::\d+)?[:/](?P<path>[^:?#]+?)(?:\.git)?/?")


class Commit(msgspec.Struct, frozen=True):
    """One commit that is no merge."""

    committed: datetime.datetime | None
    """None where the commit's date is none: it has an author all the same."""
    author: Author


class Clone(msgspec.Struct, frozen=True):
    """A clone as it stood on a day."""

    store: Path
    """Its git folder."""
    repository: str
    """``owner/name``, or whatever it is called where nothing says so."""
    branch: str
    """Which was taken for the main one."""
    tip: str
    """The newest commit of the main branch on that day."""
    newest: datetime.date
    """Its day: what is counted, is counted up to then."""

    @property
    def at(self) -> str:
        return f"at {self.tip[:10]}"


class Tag(msgspec.Struct, frozen=True):
    """One tag, whatever it names."""

    name: str
    tagged: datetime.datetime | None
    """None where it names something that has no date, or one that no calendar holds."""


def open_clone(clone: Path, *, called: str, until: datetime.date) -> Clone:
    """Find the main branch as it stood at the end of ``until``; its name is the remote's, else ``called``.

    Raises CollectError for a folder that is no clone, a shallow clone, and what ``find_main_branch`` refuses.
    """
    folder = clone.expanduser().resolve()
    store = Path(read(folder, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())
    if read(store, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise CollectError(f"{clone}: a shallow clone knows only part of the history; run git fetch --unshallow in it")
    branch = find_main_branch(store, shown=clone, until=until)
    remote = try_read(store, "config", "--get", "remote.origin.url").strip()
    return Clone(
        store=store,
        repository=repository_of(remote) or called,
        branch=branch.name,
        tip=branch.tip,
        newest=branch.newest,
    )


def repository_of(remote: str) -> str:
    """``owner/name`` for GitHub, ``host/path`` for another server, empty for a path; never a password."""
    match = _REMOTE.fullmatch(remote.strip())
    if match is None or remote.startswith(("file:", "/", ".")):
        return ""
    host, path = match["host"].lower(), match["path"].strip("/")
    return path if host in ("github.com", "www.github.com", "ssh.github.com") else f"{host}/{path}"


def read_commits(clone: Clone) -> tuple[Commit, ...]:
    """Every commit behind the tip that is no merge, with its author after the mailmap of that day.

    Raises CollectError where a partial clone lacks that mailmap: people would be counted twice.
    """
    listed = read(clone.store, "ls-tree", "--full-tree", clone.tip, "--", ".mailmap")
    mailmap = listed.partition("\t")[0].rpartition(" ")[2]
    if mailmap and not try_read(clone.store, "cat-file", "-t", mailmap):
        raise CollectError(
            f"{clone.store}: a partial clone that lacks the .mailmap, without which people count twice; "
            f"run git cat-file -e {mailmap} in it, which fetches it"
        )
    written = read(
        clone.store,
        "-c",
        f"mailmap.blob={mailmap}",
        "log",
        "-z",
        "--no-merges",
        "--format=%ct%x00%aE%x00%aN",
        clone.tip,
    )
    # Zeros between and behind: a name may hold anything else, a line's end too.
    fields = written.split("\0")[:-1]
    return tuple(
        Commit(committed=moment_of(seconds), author=Author(email, name))
        for seconds, email, name in zip(fields[::3], fields[1::3], fields[2::3], strict=True)
    )


def read_tags(clone: Clone) -> Iterator[Tag]:
    """Every tag of the clone, also those of branches that the tip does not contain."""
    listed = read(clone.store, "for-each-ref", "refs/tags", "--format=%(creatordate:unix)%00%(refname:lstrip=2)")
    for line in filter(None, listed.split("\n")):
        seconds, _, name = line.partition("\0")
        yield Tag(name=name, tagged=moment_of(seconds))


def files_at_tip(clone: Clone, *folders: str) -> list[str]:
    """Paths of the files directly in the root and in ``folders``, as in ``docs/``."""
    listed = read(clone.store, "ls-tree", "-z", "--full-tree", clone.tip)
    if folders:
        listed += read(clone.store, "ls-tree", "-z", "--full-tree", clone.tip, "--", *folders)
    return [entry.partition("\t")[2] for entry in listed.split("\0") if " blob " in entry.partition("\t")[0]]
