"""Facts that a full git history holds: commits a week, people, contributor absence factor, releases, security policy.

They are counted from what ``git_clone`` read, over the 52 weeks that end with a given day. No path on this machine gets
into a fact, and what a history does not tell is missing, never zero.
"""

from __future__ import annotations

import collections
import datetime
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from packaging.version import Version

from speedscore.scoring.collecting.collected import Collected, CollectedFact, MissingFact, joined
from speedscore.scoring.collecting.git_clone import (
    Clone,
    Commit,
    files_at_tip,
    open_clone,
    read_commits,
    read_tags,
)
from speedscore.scoring.collecting.people import absence_factor
from speedscore.scoring.collecting.versions import version_in_tag
from speedscore.scoring.collecting.window import WEEKS, Window, weeks_before, years_between

_POLICY = re.compile(r"(?:(?:\.github|docs)/)?security(?:\.(?:md|rst|txt|adoc))?", re.IGNORECASE)
_PEOPLE = "authors by mailmapped e-mail"


def collect(
    clone: Path, *, framework: str, package: str | None, repository: str | None, until: datetime.date
) -> Collected:
    """All that a clone says about the 52 weeks to ``until``. Raises CollectError where it cannot be counted."""
    opened = open_clone(clone, called=repository or framework, until=until)
    commits = read_commits(opened)
    window = weeks_before(until)
    # A tag may call the project by any of these.
    names = (framework, package, opened.repository.rpartition("/")[2])
    return joined(
        (
            _note_on_remote(opened, repository),
            _activity(
                [commit for commit in commits if commit.committed and commit.committed in window], opened, window=window
            ),
            _lifetime(commits, opened, until=until),
            _releases(opened, projects=frozenset(name for name in names if name), window=window),
            _security(opened, until=until),
        )
    )


def _note_on_remote(clone: Clone, repository: str | None) -> Collected:
    if repository is None or repository.lower() == clone.repository.lower():
        return Collected()
    return Collected(notes=(f"the clone's remote is {clone.repository}, not {repository}; its facts name the remote",))


def _activity(commits: Sequence[Commit], clone: Clone, *, window: Window) -> Collected:
    """What ``commits``, which are those of the window, say of it."""
    bots = collections.Counter(commit.name for commit in commits if commit.bot)
    people = collections.Counter(commit.person for commit in commits if not commit.bot)
    source = f"{clone.repository}, full git history {clone.at}"
    counted = f"{window} by committer date, no merges"
    # Bots count as commits, as in the snapshots that were made before: a series must not break where the tool changes.
    of_bots = f", {sum(bots.values())} of them by bots" if bots else ""
    facts = [
        CollectedFact(
            key="commits_per_week",
            value=round(len(commits) / WEEKS, 1),
            unit="commits/week",
            as_of=str(window.until),
            source=source,
            method=f"commits over {WEEKS} weeks, {counted}{of_bots}",
        ),
        CollectedFact(
            key="people_52_weeks",
            value=len(people),
            unit="people",
            as_of=str(window.until),
            source=source,
            method=f"{_PEOPLE}, {counted}, no bots",
        ),
    ]
    missing = []
    if people:
        facts.append(
            CollectedFact(
                key="contributor_absence_factor",
                value=absence_factor(people.values()),
                unit="people",
                as_of=str(window.until),
                source=source,
                method=f"CHAOSS definition, {_PEOPLE}, {counted}, no bots",
            )
        )
    else:
        missing.append(MissingFact(key="contributor_absence_factor", reason=f"nobody committed from {window}"))
    notes = [f"{sum(bots.values())} commits are of bots: {', '.join(sorted(bots))}"] if bots else []
    return Collected(facts=tuple(facts), missing=tuple(missing), notes=tuple(notes))


def _lifetime(commits: Sequence[Commit], clone: Clone, *, until: datetime.date) -> Collected:
    people = {commit.person for commit in commits if not commit.bot}
    return Collected(
        facts=(
            CollectedFact(
                key="contributors_lifetime",
                value=len(people),
                unit="people",
                as_of=str(until),
                source=f"{clone.repository}, full git history {clone.at}",
                method=f"{_PEOPLE} of all commits that are no merges, no bots",
            ),
        )
    )


def _releases(clone: Clone, *, projects: Collection[str], window: Window) -> Collected:
    first_tagged, tags = _release_tags(clone, projects=projects)
    known = [tagged for tagged in first_tagged.values() if tagged.date() <= window.until]
    if not known:
        what = f"none of its {len(tags)} tags ({', '.join(tags[-3:])})" if tags else "no tag at all"
        reason = f"{what} names a release up to {window.until}; expected tags such as v1.2.3 (git fetch --tags)"
        keys = ("releases_per_year", "years_since_first_release")
        return Collected(missing=tuple(MissingFact(key=key, reason=reason) for key in keys))
    begun = min(known).date()
    source = f"{clone.repository}, git tags"
    return Collected(
        facts=(
            CollectedFact(
                key="releases_per_year",
                value=sum(tagged in window for tagged in known),
                unit="releases",
                as_of=str(window.until),
                source=source,
                method=f"distinct versions among the tags of {window}, without pre-releases",
            ),
            CollectedFact(
                key="years_since_first_release",
                value=years_between(begun, window.until),
                unit="years",
                as_of=str(window.until),
                source=source,
                method=f"from the first tag of a final version, {begun}, to {window.until}",
            ),
        )
    )


def _release_tags(clone: Clone, *, projects: Collection[str]) -> tuple[dict[Version, datetime.datetime], list[str]]:
    """Final versions of the project, with the date of the first tag of each, and the names of all tags there are."""
    first_tagged: dict[Version, datetime.datetime] = {}
    names = []
    for tag in read_tags(clone):
        names.append(tag.name)
        version = version_in_tag(tag.name, projects=projects)
        if version is not None and not version.is_prerelease and tag.tagged is not None:
            first_tagged[version] = min(tag.tagged, first_tagged.get(version, tag.tagged))
    return first_tagged, names


def _security(clone: Clone, *, until: datetime.date) -> Collected:
    policy = [name for name in files_at_tip(clone, ".github/", "docs/") if _POLICY.fullmatch(name)]
    return Collected(
        facts=(
            CollectedFact(
                key="security_policy_level",
                value=10 if policy else 0,
                unit="level",
                as_of=str(until),
                source=f"{clone.repository}, tree {clone.at}",
                method=f"policy present: {policy[0]}" if policy else "no SECURITY file in the root, .github or docs",
            ),
        )
    )
