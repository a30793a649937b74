"""The sources that a project is asked of: a clone, a package index, GitHub, downloaded lists of packages.

A source has a name for messages, and a way to ask it that gives ``Collected`` or raises CollectError. What comes of it
is told and written elsewhere.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from speedscore.scoring.collecting import git_history, github, github_api, github_public, package_lists, packages
from speedscore.scoring.collecting.collected import Collected
from speedscore.scoring.collecting.projects import Project, find_clone


class Source(NamedTuple):
    name: str
    ask: Callable[[], Collected]


class Asking(msgspec.Struct, frozen=True):
    """What is the same for every project of one command."""

    until: datetime.date
    """The last day that counts."""
    now: datetime.datetime
    index: str
    """Address of the package index."""
    lists: package_lists.PackageLists
    clones: Path | None
    """A folder in which the clone of each project is looked for."""
    say: Callable[[str], None]
    """Hears of every wait."""


def sources_of(project: Project, asking: Asking) -> Iterator[Source]:
    """Every source that there is of ``project``."""
    if project.clone is not None or asking.clones is not None:
        yield Source("clone", lambda: _ask_clone(project, asking))
    if "package" in project.asked and (package := project.package) is not None:
        yield Source("package index", lambda: packages.collect(package, index=asking.index, until=asking.until))
    if "repository" in project.asked and (repository := project.repository) is not None:
        yield Source("GitHub", lambda: _ask_github(repository, asking))
    if asking.lists.table or asking.lists.ranking:
        yield Source("package list", lambda: package_lists.collect(asking.lists, project))


def _ask_clone(project: Project, asking: Asking) -> Collected:
    clone = project.clone or find_clone(asking.clones or Path(), project)
    return git_history.collect(
        clone,
        framework=project.framework,
        package=project.package,
        repository=project.repository,
        until=asking.until,
    )


def _ask_github(repository: str, asking: Asking) -> Collected:
    today = asking.now.date()
    token = os.environ.get("GITHUB_TOKEN", "").strip()
    if not token:
        # GitHub's own runners set these addresses, and its servers for companies have others.
        endpoint = os.environ.get("GITHUB_API_URL") or github_public.REST
        return github_public.collect(repository, endpoint=endpoint, until=asking.until, today=today, now=asking.now)
    endpoint = os.environ.get("GITHUB_GRAPHQL_URL") or github_api.GRAPHQL
    with github_api.GitHub(token, endpoint=endpoint, waiting=github_api.Waiting(say=asking.say)) as conversation:
        return github.collect(conversation, repository, until=asking.until, today=today)
