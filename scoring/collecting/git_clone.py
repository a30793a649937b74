"""A git clone as it stood on a day: opened, refused where it cannot know the answer, and read.

Only its object store is read: what lies uncommitted in its working tree counts for nothing, and nothing is fetched. A
clone that is shallow, or was not brought up to date since, is refused. Nothing is counted here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from speedscore.host.git import GitError, read_git
from speedscore.scoring.collecting.collected import CollectError
from speedscore.scoring.collecting.people import identity, is_bot

_REMOTE = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[\w.-]+\.\w+)(?::\d+)?[:/](?P<path>[^:?#]+?)(?:\.git)?/?")


class Commit(msgspec.Struct, frozen=True):
    """One commit that is no merge."""

    committed: datetime.datetime | None
    """None where the commit's date is none: it has an author all the same."""
    person: str
    """See ``people.identity``."""
    name: str
    bot: bool


class Clone(msgspec.Struct, frozen=True):
    """A clone as it stood on a day."""

    store: Path
    """Its git folder."""
    repository: str
    """``owner/name``, or whatever it is called where nothing says so."""
    tip: str
    """The newest commit of the main branch on that day."""

    @property
    def at(self) -> str:
        return f"at {self.tip[:10]}"


class Tag(msgspec.Struct, frozen=True):
    """One tag, of whatever."""

    name: str
    tagged: datetime.datetime | None
    """None where it names something that has no date, or one that no calendar holds."""


def open_clone(clone: Path, *, called: str, until: datetime.date) -> Clone:
    """Find the main branch as it stood at the end of ``until``; its name is the remote's, else ``called``.

    Raises CollectError for a folder that is no clone, a shallow clone, one that does not reach back to that day, and
    one that was not brought up to date since.
    """
    folder = clone.expanduser().resolve()
    store = Path(_read(folder, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())
    if _read(store, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise CollectError(f"{clone}: a shallow clone knows only part of the history; run git fetch --unshallow in it")
    remote = _try_read(store, "config", "--get", "remote.origin.url").strip()
    branch = "refs/remotes/origin/HEAD"
    if not _try_read(store, "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"):
        # Of this worktree, where the store has several.
        branch = _read(folder, "rev-parse", "--verify", "HEAD^{commit}").strip()
    end = f"{until}T23:59:59+00:00"
    tip = _read(store, "rev-list", "--max-count=1", "--first-parent", f"--before={end}", branch, "--").strip()
    if not tip:
        raise CollectError(f"{clone}: has no commit of {until} or before; expected a history that reaches back to then")
    if remote and (seen := _last_seen(store, branch)) < until:
        raise CollectError(
            f"{clone}: shows the repository as it was on {seen}, not on {until}; "
            f"run git fetch in it, or say --until {seen}"
        )
    return Clone(store=store, repository=repository_of(remote) or called, tip=tip)


def repository_of(remote: str) -> str:
    """``owner/name`` for GitHub, ``host/path`` for another server, empty for a path; never a password."""
    match = _REMOTE.fullmatch(remote.strip())
    if match is None or remote.startswith(("file:", "/", ".")):
        return ""
    host, path = match["host"].lower(), match["path"].strip("/")
    return path if host in ("github.com", "www.github.com", "ssh.github.com") else f"{host}/{path}"


def read_commits(clone: Clone) -> tuple[Commit, ...]:
    """Every commit behind the tip that is no merge, with its author after the mailmap of that day."""
    written = _read(
        clone.store,
        "-c",
        f"mailmap.blob={clone.tip}:.mailmap",
        "log",
        "-z",
        "--no-merges",
        "--format=%ct%x00%aE%x00%aN",
        clone.tip,
    )
    # Zeros between and behind: a name may hold anything else, a line's end too.
    fields = written.split("\0")[:-1]
    return tuple(map(_commit, fields[::3], fields[1::3], fields[2::3]))


def _commit(seconds: str, email: str, name: str) -> Commit:
    return Commit(
        committed=_moment(seconds),
        person=identity(email, name=name),
        name=name,
        bot=is_bot(email, name=name),
    )


def read_tags(clone: Clone) -> Iterator[Tag]:
    """Every tag of the clone, also those of branches that the tip does not contain."""
    listed = _read(clone.store, "for-each-ref", "refs/tags", "--format=%(creatordate:unix)%00%(refname:lstrip=2)")
    for line in filter(None, listed.split("\n")):
        seconds, _, name = line.partition("\0")
        yield Tag(name=name, tagged=_moment(seconds))


def files_at_tip(clone: Clone, *folders: str) -> list[str]:
    """Paths of the files directly in the root and in ``folders``, as in ``docs/``."""
    listed = _read(clone.store, "ls-tree", "-z", "--full-tree", clone.tip)
    if folders:
        listed += _read(clone.store, "ls-tree", "-z", "--full-tree", clone.tip, "--", *folders)
    return [entry.partition("\t")[2] for entry in listed.split("\0") if " blob " in entry.partition("\t")[0]]


def _last_seen(store: Path, branch: str) -> datetime.date:
    """The last day of which the clone is known to show what its remote had."""
    committed = _moment(_read(store, "log", "--max-count=1", "--format=%ct", branch, "--").strip())
    now = datetime.datetime.now(datetime.UTC)
    # A commit that is dated tomorrow has not been seen tomorrow.
    moments = [min(committed, now).timestamp()] if committed else []
    # A fetch that failed leaves the file empty.
    fetches = [path.stat() for path in (store / "FETCH_HEAD", *store.glob("worktrees/*/FETCH_HEAD")) if path.is_file()]
    moments += [fetch.st_mtime for fetch in fetches if fetch.st_size]
    log = store / "logs" / "HEAD"
    first = log.read_text(encoding="utf-8", errors="replace").partition("\n")[0] if log.is_file() else ""
    if cloned := re.search(r"> (\d+) [-+]\d{4}\tclone: ", first):
        moments.append(float(cloned[1]))
    return datetime.datetime.fromtimestamp(max(moments, default=0.0), datetime.UTC).date()


def _moment(seconds: str) -> datetime.datetime | None:
    """None for what is no date: nothing, a word, a year of five digits; and 0, as git says of a date that is none."""
    try:
        return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC) if int(seconds) > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _read(folder: Path, *arguments: str) -> str:
    """What git prints. Raises CollectError with git's first line where it fails."""
    try:
        return read_git(folder, *arguments)
    except GitError as error:
        raise CollectError(f"{error}; --clone wants a git clone with its full history") from error


def _try_read(folder: Path, *arguments: str) -> str:
    """What git prints, or nothing where it fails."""
    try:
        return read_git(folder, *arguments)
    except GitError:
        return ""
