"""Facts that a full git history holds: commits a week, people, contributor absence factor, releases, security policy.

A clone is only read, from its object store: what lies uncommitted in its working tree counts for nothing, nothing is
fetched, and no path on this machine gets into a fact. A clone that cannot know the answer (shallow, or not brought up
to date since) is refused rather than counted.
"""

from __future__ import annotations

import collections
import datetime
import re
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from speedscore.scoring.collecting.found import Collected, CollectError, Found, Missing
from speedscore.scoring.collecting.git import run_git, try_git
from speedscore.scoring.collecting.people import absence_factor, identity, is_bot
from speedscore.scoring.collecting.versions import is_final, version_in_tag
from speedscore.scoring.collecting.window import WEEKS, Window, weeks_before, years_between

_POLICY = re.compile(r"(?:(?:\.github|docs)/)?security(?:\.(?:md|rst|txt|adoc))?", re.IGNORECASE)
_REMOTE = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[\w.-]+\.\w+)(?::\d+)?[:/](?P<path>[^:?#]+?)(?:\.git)?/?")


class Commit(msgspec.Struct, frozen=True):
    """One commit that is no merge."""

    committed: datetime.datetime
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


def collect(
    clone: Path, *, framework: str, package: str | None, repository: str | None, until: datetime.date
) -> Collected:
    """All that a clone says about the 52 weeks to ``until``. Raises CollectError where it cannot be counted."""
    opened = open_clone(clone, called=repository or framework, until=until)
    commits = read_commits(opened)
    window = weeks_before(until)
    notes = []
    if repository and repository.lower() != opened.repository.lower():
        notes.append(f"the clone's remote is {opened.repository}, not {repository}; its facts name the remote")
    parts = (
        Collected(notes=tuple(notes)),
        _activity(commits, opened, window=window),
        _lifetime(commits, opened, until=until),
        _releases(opened, projects=_projects(framework, package, opened.repository), window=window),
        _security(opened, until=until),
    )
    return Collected(
        found=tuple(found for part in parts for found in part.found),
        missing=tuple(missing for part in parts for missing in part.missing),
        notes=tuple(note for part in parts for note in part.notes),
    )


def open_clone(clone: Path, *, called: str, until: datetime.date) -> Clone:
    """Find the main branch as it stood at the end of ``until``; its name is the remote's, else ``called``.

    Raises CollectError for a folder that is no clone, a shallow clone, one that does not reach back to that day, and
    one that was not brought up to date since.
    """
    folder = clone.expanduser().resolve()
    store = Path(run_git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())
    if run_git(store, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise CollectError(f"{clone}: a shallow clone knows only part of the history; run git fetch --unshallow in it")
    remote = try_git(store, "config", "--get", "remote.origin.url").strip()
    branch = "refs/remotes/origin/HEAD"
    if not try_git(store, "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"):
        # Of this worktree, where the store has several.
        branch = run_git(folder, "rev-parse", "--verify", "HEAD^{commit}").strip()
    end = f"{until}T23:59:59+00:00"
    tip = run_git(store, "rev-list", "--max-count=1", "--first-parent", f"--before={end}", branch, "--").strip()
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
    written = run_git(
        clone.store,
        "-c",
        f"mailmap.blob={clone.tip}:.mailmap",
        "log",
        "--no-merges",
        "--format=%ct%x00%aE%x00%aN",
        clone.tip,
    )
    return tuple(_commit(line) for line in written.split("\n") if line)


def _commit(line: str) -> Commit:
    seconds, email, name = line.split("\0")
    return Commit(
        committed=datetime.datetime.fromtimestamp(int(seconds), datetime.UTC),
        person=identity(email, name=name),
        name=name,
        bot=is_bot(email, name=name),
    )


def _activity(commits: Iterable[Commit], clone: Clone, *, window: Window) -> Collected:
    inside = [commit for commit in commits if commit.committed in window]
    human = [commit for commit in inside if not commit.bot]
    bots = collections.Counter(commit.name for commit in inside if commit.bot)
    each = collections.Counter(commit.person for commit in human)
    source = f"{clone.repository}, full git history {clone.at}"
    counted = f"{window} by committer date, no merges"
    # Bots count as commits, as in the snapshots that were made before: a series must not break where the tool changes.
    of_bots = f", {sum(bots.values())} of them by bots" if bots else ""
    found = [
        Found(
            key="commits_per_week",
            value=round(len(inside) / WEEKS, 1),
            unit="commits/week",
            as_of=str(window.until),
            source=source,
            method=f"commits over {WEEKS} weeks, {counted}{of_bots}",
        ),
        Found(
            key="people_52_weeks",
            value=len(each),
            unit="people",
            as_of=str(window.until),
            source=source,
            method=f"authors by mailmapped e-mail, {counted}, no bots",
        ),
    ]
    missing = []
    if each:
        found.append(
            Found(
                key="contributor_absence_factor",
                value=absence_factor(each.values()),
                unit="people",
                as_of=str(window.until),
                source=source,
                method=f"CHAOSS definition, authors by mailmapped e-mail, {counted}, no bots",
            )
        )
    else:
        missing.append(Missing(key="contributor_absence_factor", reason=f"nobody committed from {window}"))
    notes = [f"{sum(bots.values())} commits are of bots: {', '.join(sorted(bots))}"] if bots else []
    return Collected(found=tuple(found), missing=tuple(missing), notes=tuple(notes))


def _lifetime(commits: Iterable[Commit], clone: Clone, *, until: datetime.date) -> Collected:
    people = {commit.person for commit in commits if not commit.bot}
    return Collected(
        found=(
            Found(
                key="contributors_lifetime",
                value=len(people),
                unit="people",
                as_of=str(until),
                source=f"{clone.repository}, full git history {clone.at}",
                method="authors by mailmapped e-mail of all commits that are no merges, no bots",
            ),
        )
    )


def _releases(clone: Clone, *, projects: Collection[str], window: Window) -> Collected:
    first, tags = _release_tags(clone, projects=projects)
    known = [tagged for tagged in first.values() if tagged.date() <= window.until]
    if not known:
        found = f"none of its {len(tags)} tags ({', '.join(tags[-3:])})" if tags else "no tag at all"
        reason = f"{found} names a release up to {window.until}; expected tags such as v1.2.3 (git fetch --tags)"
        return Collected(
            missing=tuple(Missing(key=key, reason=reason) for key in ("releases_per_year", "years_since_first_release"))
        )
    begun = min(known).date()
    source = f"{clone.repository}, git tags"
    return Collected(
        found=(
            Found(
                key="releases_per_year",
                value=sum(tagged in window for tagged in known),
                unit="releases",
                as_of=str(window.until),
                source=source,
                method=f"distinct versions among the tags of {window}, without pre-releases",
            ),
            Found(
                key="years_since_first_release",
                value=years_between(begun, window.until),
                unit="years",
                as_of=str(window.until),
                source=source,
                method=f"from the first tag of a final version, {begun}, to {window.until}",
            ),
        )
    )


def _release_tags(clone: Clone, *, projects: Collection[str]) -> tuple[dict[str, datetime.datetime], list[str]]:
    """Each final version of the project with the date of its first tag, and the names of all tags there are."""
    first: dict[str, datetime.datetime] = {}
    tags = []
    listed = run_git(clone.store, "for-each-ref", "refs/tags", "--format=%(creatordate:unix)%00%(refname:lstrip=2)")
    for line in filter(None, listed.split("\n")):
        seconds, _, tag = line.partition("\0")
        tags.append(tag)
        version = version_in_tag(tag, projects=projects)
        # A tag of something that is no commit may have no date.
        if version is None or not is_final(version) or not seconds:
            continue
        tagged = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
        first[version] = min(tagged, first.get(version, tagged))
    return first, tags


def _security(clone: Clone, *, until: datetime.date) -> Collected:
    listed = run_git(clone.store, "ls-tree", "-z", "--full-tree", clone.tip)
    listed += run_git(clone.store, "ls-tree", "-z", "--full-tree", clone.tip, "--", ".github/", "docs/")
    files = [entry.partition("\t")[2] for entry in listed.split("\0") if " blob " in entry.partition("\t")[0]]
    policy = [name for name in files if _POLICY.fullmatch(name)]
    return Collected(
        found=(
            Found(
                key="security_policy_level",
                value=10 if policy else 0,
                unit="level",
                as_of=str(until),
                source=f"{clone.repository}, tree {clone.at}",
                method=f"policy present: {policy[0]}" if policy else "no SECURITY file in the root, .github or docs",
            ),
        )
    )


def _projects(framework: str, package: str | None, repository: str) -> frozenset[str]:
    """The names by which a tag may call the project."""
    return frozenset(name for name in (framework, package, repository.rpartition("/")[2]) if name)


def _last_seen(store: Path, branch: str) -> datetime.date:
    """The last day of which the clone is known to show what its remote had."""
    moments = [float(run_git(store, "log", "--max-count=1", "--format=%ct", branch, "--"))]
    # A fetch that failed leaves the file empty.
    fetches = [path.stat() for path in (store / "FETCH_HEAD", *store.glob("worktrees/*/FETCH_HEAD")) if path.is_file()]
    moments += [fetch.st_mtime for fetch in fetches if fetch.st_size]
    log = store / "logs" / "HEAD"
    first = log.read_text(encoding="utf-8", errors="replace").partition("\n")[0] if log.is_file() else ""
    if cloned := re.search(r"> (\d+) [-+]\d{4}\tclone: ", first):
        moments.append(float(cloned[1]))
    return datetime.datetime.fromtimestamp(max(moments), datetime.UTC).date()
