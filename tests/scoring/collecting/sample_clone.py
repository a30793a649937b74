"""Small git repositories of known numbers, written by ``git fast-import`` in one go."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.git import git

ANN = "Ann Ash <ann@example.com>"
ANN_BEFORE = "ann <Ann@old.example.com>"
BOB = "Bob Bot <bob@example.com>"
CID = "Cid <123+cid@users.noreply.github.com>"
CID_BEFORE = "Cid C <cid@users.noreply.github.com>"
DEE = "Dee <dee@example.com>"
APP = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
MAILMAP = "Ann Ash <ann@example.com> <ann@old.example.com>\n"


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


class Commit(NamedTuple):
    who: str
    when: datetime.datetime
    """Committed, and authored unless ``written`` says otherwise."""
    branch: str = "main"
    start: str | None = None
    """Branch from which a new branch leaves."""
    merge: str | None = None
    """Branch that is merged."""
    written: datetime.datetime | None = None
    tag: str | None = None
    """A plain tag, which has its commit's date."""
    tagged: tuple[str, datetime.datetime] | None = None
    """An annotated tag with a date of its own."""
    files: Mapping[str, str] = {}


def make_clone(folder: Path, commits: Sequence[Commit]) -> Path:
    """A repository with these commits in this order, the branch ``main`` checked out."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    stream = "".join(_commit(commit) for commit in commits) + "done\n"
    git(folder, "fast-import", "--quiet", "--done", given=stream)
    git(folder, "reset", "--quiet", "--hard")
    return folder


def _commit(commit: Commit) -> str:
    reference = f"refs/heads/{commit.branch}"
    text = f"commit {reference}\n"
    text += f"author {commit.who} {_moment(commit.written or commit.when)}\n"
    text += f"committer A Robot <robot@example.com> {_moment(commit.when)}\n"
    text += _data("a change")
    text += f"from refs/heads/{commit.start}\n" if commit.start else ""
    text += f"merge refs/heads/{commit.merge}\n" if commit.merge else ""
    for name, content in commit.files.items():
        text += f"M 100644 inline {name}\n{_data(content)}"
    text += "\n"
    if commit.tag:
        text += f"reset refs/tags/{commit.tag}\nfrom {reference}\n\n"
    if commit.tagged:
        name, moment = commit.tagged
        text += (
            f"tag {name}\nfrom {reference}\ntagger A Robot <robot@example.com> {_moment(moment)}\n{_data('a release')}"
        )
    return text


def _moment(moment: datetime.datetime) -> str:
    return f"{int(moment.timestamp())} +0000"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
