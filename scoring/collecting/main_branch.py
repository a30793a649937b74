"""The main branch of a git store as it stood on a day, and whether what is stored reaches up to that day.

When a clone was last fetched proves nothing: files are copied, a server may itself be a copy, a branch renamed. So a
history speaks for the day of its newest commit alone, and one that ends much earlier than was asked for is refused.
Nothing is fetched and nothing counted here.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.scoring.collecting.collected import CollectError
from speedscore.scoring.collecting.git_store import moment_of, read, try_read
from speedscore.scoring.collecting.window import weeks_before

_REMOTE, _OWN = "refs/remotes/origin/", "refs/heads/"
_USUAL_NAMES = ("main", "master")
LEAST_GAP = datetime.timedelta(days=14)
"""A holiday: shorter than this no silence says that a clone is behind."""
TIMES_USUAL = 2
"""How many times its longest silence of a year a project may be silent before the clone is taken to be behind."""


class MainBranch(msgspec.Struct, frozen=True):
    """What a store holds of its main branch up to a day."""

    name: str
    tip: str
    """The newest commit on it of that day or before."""
    newest: datetime.date
    """The day (UTC, committer date) of the newest commit: all counts are of that day."""


def find_main_branch(store: Path, *, shown: Path, until: datetime.date) -> MainBranch:
    """The main branch up to the end of ``until``; ``shown`` is how messages call the clone.

    Raises CollectError where nothing says which branch it is, where it has no commit that early, and where its newest
    commit lies further before ``until`` than the project's silences of the year before let expect.
    """
    reference = _reference(store, shown=shown)
    name = reference.removeprefix(_OWN).removeprefix(_REMOTE)
    listed = read(store, "log", "--first-parent", f"--before={_end(until)}", "--format=%H %ct", reference, "--")
    commits = [line.partition(" ") for line in listed.splitlines()]
    days = sorted({moment.date() for _, _, seconds in commits if (moment := moment_of(seconds))})
    if not days:
        raise CollectError(
            f"{shown}: {name} has no commit of {until} or before; expected a history that reaches back to then"
        )
    newest = days[-1]
    usual = _longest_silence(days)
    silence = until - newest
    if silence > max(LEAST_GAP, TIMES_USUAL * usual):
        renamed = _renamed(store, beside=reference, newest=newest, until=until)
        raise CollectError(
            f"{shown}: the newest commit on {name} is of {newest}, {silence.days} days before {until}, where "
            f"{usual.days} was the longest silence of the year before; {renamed}run git fetch in it, or count to that "
            f"day: --until {newest}"
        )
    return MainBranch(name=name, tip=commits[0][0], newest=newest)


def _reference(store: Path, *, shown: Path) -> str:
    """The full name of the main branch: the remote's where the store knows it, else the one that HEAD names."""
    remote, remote_head = _branches(store, _REMOTE), _named_by(store, f"{_REMOTE}HEAD")
    if remote_head in remote:
        return remote_head
    if usual := _usual(remote, _REMOTE):
        return usual
    own, head = _branches(store, _OWN), _named_by(store, "HEAD")
    # Of a clone of one branch alone HEAD names that one, whichever it is.
    believed = own if not remote else [branch for branch in own if branch.removeprefix(_OWN) in _USUAL_NAMES]
    if not remote_head and (found := head if head in believed else _usual(own, _OWN)):
        return found
    if remote:
        said = f"origin/HEAD names {remote_head}, which is not there" if remote_head else "there is no origin/HEAD"
        cure = "run git fetch origin and git remote set-head origin --auto in it"
    else:
        said = f"HEAD names {head}, which is not there" if head else "HEAD names no branch"
        cure = "check out its main branch, or clone it again"
    raise CollectError(f"{shown}: nothing says which branch is the main one ({said}); {cure}")


def _branches(store: Path, where: str) -> list[str]:
    return read(store, "for-each-ref", where, "--format=%(refname)").split()


def _named_by(store: Path, head: str) -> str:
    """The branch that a HEAD names, whether it is there or not; empty where it names none."""
    return try_read(store, "symbolic-ref", "--quiet", head).strip()


def _usual(branches: Sequence[str], where: str) -> str:
    """The one of a usual name; empty where there is none, or two."""
    usual = [branch for branch in branches if branch.removeprefix(where) in _USUAL_NAMES]
    return usual[0] if len(usual) == 1 else ""


def _longest_silence(days: Sequence[datetime.date]) -> datetime.timedelta:
    """Between two days with a commit, in the year up to the last of ``days``, which are in order."""
    since = weeks_before(days[-1]).since
    return max(
        (later - max(earlier, since) for earlier, later in itertools.pairwise(days) if later >= since),
        default=datetime.timedelta(0),
    )


def _renamed(store: Path, *, beside: str, newest: datetime.date, until: datetime.date) -> str:
    """Words about a branch that goes on after the main one stopped, as after a renaming; empty where none does."""
    where = _REMOTE if beside.startswith(_REMOTE) else _OWN
    listed = read(store, "for-each-ref", where, "--format=%(committerdate:unix) %(refname)")
    for line in listed.splitlines():
        seconds, _, name = line.partition(" ")
        moment = moment_of(seconds)
        if moment and newest < moment.date() <= until and name.removeprefix(where) in _USUAL_NAMES:
            return (
                f"{name.removeprefix(where)} has one of {moment.date()}, so was "
                "the main branch renamed (git remote set-head origin --auto)? Else "
            )
    return ""


def _end(day: datetime.date) -> str:
    return f"{day}T23:59:59+00:00"
