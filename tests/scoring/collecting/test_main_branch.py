"""Which branch of a clone is counted, of which day a count is, and when a clone is behind."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from speedscore.scoring.collecting.collected import CollectError
from speedscore.scoring.collecting.git_history import collect
from speedscore.scoring.collecting.main_branch import MainBranch, find_main_branch
from tests.git import git
from tests.scoring.collecting.sample_clone import ANN, Commit, at, make_clone

DAY = datetime.timedelta(days=1)
NEWEST = datetime.date(2024, 1, 31)
DAILY = [Commit(ANN, at("2024-01-31") - days * DAY) for days in range(60, -1, -1)]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A commit a day, up to ``NEWEST``; the branch is ``main``."""
    return make_clone(tmp_path / "origin", DAILY)


def cloned(origin: Path, name: str, *options: str) -> Path:
    git(origin.parent, "clone", "--quiet", *options, str(origin), name)
    return origin.parent / name


def store_of(clone: Path) -> Path:
    return clone / ".git" if (clone / ".git").is_dir() else clone


def find(clone: Path, *, until: datetime.date = NEWEST) -> MainBranch:
    return find_main_branch(store_of(clone), shown=clone, until=until)


def refused(clone: Path, *, until: datetime.date = NEWEST) -> str:
    with pytest.raises(CollectError) as caught:
        find(clone, until=until)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_count_is_of_the_day_of_the_newest_commit(origin: Path) -> None:
    ten_days_later = NEWEST + 10 * DAY
    assert find(origin, until=ten_days_later).newest == NEWEST
    collected = collect(origin, framework="alpha", package=None, repository=None, until=ten_days_later)
    assert {fact.as_of for fact in collected.facts} == {str(NEWEST)}
    (rate,) = (fact for fact in collected.facts if fact.key == "commits_per_week")
    assert (rate.value, "2023-02-02 to 2024-01-31" in rate.method) == (1.2, True)


def test_a_clone_that_is_behind_is_refused_with_what_to_do(origin: Path) -> None:
    assert find(origin, until=NEWEST + 14 * DAY)
    message = refused(origin, until=NEWEST + 15 * DAY)
    assert "the newest commit on main is of 2024-01-31, 15 days before 2024-02-15" in message
    assert "1 was the longest silence" in message
    assert message.endswith("run git fetch in it, or count to that day: --until 2024-01-31")


def test_that_it_was_just_copied_or_fetched_proves_nothing(origin: Path) -> None:
    git(origin, "remote", "add", "origin", "https://github.com/me/alpha.git")
    (origin / ".git" / "FETCH_HEAD").write_text("0" * 40 + "\t\tbranch 'main' of https://github.com/me/alpha\n")
    os.utime(origin / ".git" / "FETCH_HEAD")
    assert "run git fetch" in refused(origin, until=datetime.date(2024, 6, 1))


def test_a_project_that_is_often_silent_may_be_silent_for_longer(tmp_path: Path) -> None:
    rare = make_clone(tmp_path / "rare", [Commit(ANN, at("2023-10-01")), Commit(ANN, at("2023-11-10"))])
    assert find(rare, until=datetime.date(2024, 1, 29)).newest == datetime.date(2023, 11, 10)
    assert "40 was the longest silence" in refused(rare, until=datetime.date(2024, 1, 30))


def test_silences_of_other_years_excuse_nothing(tmp_path: Path) -> None:
    weekly = [Commit(ANN, at("2024-01-31") - weeks * 7 * DAY) for weeks in range(60, -1, -1)]
    woken = make_clone(tmp_path / "woken", [Commit(ANN, at("2019-01-01")), *weekly])
    assert "7 was the longest silence" in refused(woken, until=NEWEST + 15 * DAY)


@pytest.mark.parametrize("options", [["--bare"], ["--mirror"], []])
def test_a_mirror_and_a_clone_without_a_remote_are_held_to_the_same(origin: Path, options: list[str]) -> None:
    clone = cloned(origin, "copy", *options)
    if options != ["--mirror"]:
        git(clone, "remote", "remove", "origin")
    assert find(clone).tip == find(origin).tip
    assert "15 days before" in refused(clone, until=NEWEST + 15 * DAY)


def test_an_old_tag_that_is_checked_out_changes_nothing(origin: Path) -> None:
    git(origin, "tag", "v1", "main~30")
    clone = cloned(origin, "tagged", "--branch=v1")
    assert find(clone) == find(origin)
    git(clone, "remote", "remove", "origin")
    # Now only the branch that git makes is left, or none: a detached HEAD says nothing.
    assert "nothing says which branch is the main one" in refused(clone)
    git(clone, "branch", "main", find(origin).tip)
    assert find(clone) == find(origin)


def test_a_renamed_branch_is_followed_where_the_old_one_is_gone(origin: Path) -> None:
    git(origin, "branch", "--move", "main", "master")
    clone = cloned(origin, "renamed")
    git(origin, "branch", "--move", "master", "main")
    git(clone, "fetch", "--quiet", "--prune", "origin")
    assert find(clone).name == "main"
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    git(clone, "update-ref", "refs/remotes/origin/develop", "HEAD")
    assert "origin/HEAD names refs/remotes/origin/master, which is not there" in refused(clone)
    assert "and git remote set-head origin --auto in it" in refused(clone)


def test_a_clone_of_another_branch_alone_is_refused(origin: Path) -> None:
    git(origin, "branch", "release-1.0", "main~3")
    clone = cloned(origin, "release", "--single-branch", "--branch=release-1.0")
    assert "there is no origin/HEAD); run git fetch origin" in refused(clone)
    git(clone, "remote", "set-branches", "origin", "*")
    git(clone, "fetch", "--quiet", "origin")
    assert find(clone) == find(origin)


def test_a_mirror_with_a_stray_branch_of_a_remote_is_counted(origin: Path) -> None:
    git(origin, "update-ref", "refs/remotes/origin/release/0.1", "main~40")
    mirror = cloned(origin, "mirror", "--mirror")
    assert find(mirror) == find(origin)


@pytest.mark.parametrize("bare", [True, False])
def test_an_old_name_that_still_stands_is_refused_and_the_new_one_named(origin: Path, bare: bool) -> None:
    git(origin, "branch", "master", "main~40")
    git(origin, "symbolic-ref", "HEAD", "refs/heads/master")
    clone = cloned(origin, "renamed", *(["--mirror"] if bare else []))
    message = refused(clone)
    assert "the newest commit on master is of 2023-12-22, 40 days before 2024-01-31" in message
    assert "main has one of 2024-01-31, so was the main branch renamed" in message


def test_commits_dated_in_the_future_are_not_of_that_day(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone", [*DAILY, Commit(ANN, at("2031-01-01"))])
    assert find(clone).newest == NEWEST
    assert find(clone).tip == git(clone, "rev-parse", "main~1")


def test_the_day_is_that_of_the_committer_in_utc(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone", [*DAILY, Commit(ANN, at("2024-01-31T23:59:59"), written=at("2019-01-01"))])
    assert find(clone).newest == NEWEST
    assert find(clone, until=NEWEST - DAY).newest == NEWEST - DAY
