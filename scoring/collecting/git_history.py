"""Facts that a full git history holds: commits a week, people, contributor absence factor, releases, security policy.

They are counted from what ``git_clone`` read, over the 52 weeks that end with the day of the newest commit, which is
the date of every one of them. No path on this machine gets into a fact, and what a history does not tell is missing,
never zero.
"""

from __future__ import annotations

import collections
import datetime
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from speedscore.scoring.collecting import definitions
from speedscore.scoring.collecting.collected import Collected, CollectedFact, MissingFact, joined
from speedscore.scoring.collecting.git_clone import (
    Clone,
    files_at_tip,
    open_clone,
    read_commits,
    read_tags,
)
from speedscore.scoring.collecting.people import Author, absence_factor, join_people
from speedscore.scoring.collecting.versions import version_in_tag
from speedscore.scoring.collecting.window import WEEKS, Window, per_week, weeks_before, years_between

_POLICY = re.compile(r"(?:(?:\.github|docs)/)?security(?:\.(?:md|rst|txt|adoc))?", re.IGNORECASE)
_NO_SERVICES = "no bots, no service accounts"
_PEOPLE = "authors joined by mailmap, address and full name"


def collect(
    clone: Path, *, framework: str, package: str | None, repository: str | None, until: datetime.date
) -> Collected:
    """All that a clone says about the 52 weeks up to its newest commit of ``until`` or before.

    Raises CollectError where it cannot be counted.
    """
    opened = open_clone(clone, called=repository or framework, until=until)
    commits = read_commits(opened)
    # Over all of them, so that who is who does not hang on which year is looked at.
    people = join_people(commit.author for commit in commits if not commit.author.is_service)
    window = weeks_before(opened.newest)
    # A tag may call the project by any of these.
    names = (framework, package, opened.repository.rpartition("/")[2])
    return joined(
        (
            _note_on_remote(opened, repository),
            Collected(notes=(f"counted up to the newest commit on {opened.branch}, which is of {opened.newest}",)),
            _activity(
                [commit.author for commit in commits if commit.committed and commit.committed in window],
                opened,
                people=people,
                window=window,
            ),
            _lifetime(people, opened),
            _releases(opened, projects=frozenset(name for name in names if name), window=window),
            _security(opened),
        )
    )


def _note_on_remote(clone: Clone, repository: str | None) -> Collected:
    if repository is None or repository.lower() == clone.repository.lower():
        return Collected()
    return Collected(notes=(f"the clone's remote is {clone.repository}, not {repository}; its facts name the remote",))


def _activity(authors: Sequence[Author], clone: Clone, *, people: Mapping[Author, str], window: Window) -> Collected:
    """What the commits of the window say of it, from each one's author."""
    services = collections.Counter(author.name for author in authors if author.is_service)
    commits = collections.Counter(people[author] for author in authors if not author.is_service)
    source = f"{clone.repository}, full git history {clone.at}"
    counted = f"{window} by committer date, no merges"
    # They count as commits, as in the snapshots that were made before: a series must not break where the tool changes.
    of_services = f", {services.total()} of them by bots and service accounts" if services else ""
    facts = [
        CollectedFact(
            key="commits_per_week",
            value=per_week(len(authors)),
            unit="commits/week",
            as_of=str(window.until),
            source=source,
            method=f"commits over {WEEKS} weeks, {counted}{of_services}",
            definition=definitions.COMMITS,
        ),
        CollectedFact(
            key="people_52_weeks",
            value=len(commits),
            unit="people",
            as_of=str(window.until),
            source=source,
            method=f"{_PEOPLE}, {counted}, {_NO_SERVICES}",
            definition=definitions.RECENT_CONTRIBUTORS,
        ),
    ]
    missing = []
    if commits:
        facts.append(
            CollectedFact(
                key="contributor_absence_factor",
                value=absence_factor(commits.values()),
                unit="people",
                as_of=str(window.until),
                source=source,
                method=f"CHAOSS definition, {_PEOPLE}, {counted}, {_NO_SERVICES}",
                definition=definitions.RECENT_CONTRIBUTORS,
            )
        )
    else:
        missing.append(MissingFact(key="contributor_absence_factor", reason=f"no person committed from {window}"))
    signed = ", ".join(sorted(services))
    notes = [f"{services.total()} commits are of bots and service accounts: {signed}"] if services else []
    return Collected(facts=tuple(facts), missing=tuple(missing), notes=tuple(notes))


def _lifetime(people: Mapping[Author, str], clone: Clone) -> Collected:
    return Collected(
        facts=(
            CollectedFact(
                key="contributors_lifetime",
                value=len(set(people.values())),
                unit="people",
                as_of=str(clone.newest),
                source=f"{clone.repository}, full git history {clone.at}",
                method=f"{_PEOPLE} of all commits that are no merges, {_NO_SERVICES}",
                definition=definitions.CONTRIBUTORS,
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
                definition=definitions.TAGGED_RELEASES,
            ),
            CollectedFact(
                key="years_since_first_release",
                value=years_between(begun, window.until),
                unit="years",
                as_of=str(window.until),
                source=source,
                method=f"from the first tag of a final version, {begun}, to {window.until}",
                definition=definitions.FIRST_TAG,
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


def _security(clone: Clone) -> Collected:
    key = "security_policy_level"
    policy = [name for name in files_at_tip(clone, ".github/", "docs/") if _POLICY.fullmatch(name)]
    if not policy:
        # GitHub shows an organisation's own policy for every repository without one, so this is no "none".
        reason = (
            "no SECURITY file in the root, .github or docs; that of its organisation, if any, a clone does not show"
        )
        return Collected(missing=(MissingFact(key=key, reason=reason),))
    return Collected(
        facts=(
            CollectedFact(
                key=key,
                value=10,
                unit="level",
                as_of=str(clone.newest),
                source=f"{clone.repository}, tree {clone.at}",
                method=f"policy present: {policy[0]}",
            ),
        )
    )
