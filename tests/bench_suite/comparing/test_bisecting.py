"""Searching the commit that made a case slower, in a repository whose clock counts work and not time."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench_suite.comparing.bisecting import bisect
from bench_suite.comparing.checkouts import CheckoutError

BENCHMARK = """
import pytest

NOW = 0.0


def clock():
    return NOW


@pytest.mark.benchmark(timer=clock)
def test_work(benchmark):
    def work():
        global NOW
        NOW += {units} * 1e-4

    benchmark(work)


# commit {number}
"""

SETTINGS = """
[tool.speedscore.gate]
pair_seconds = 0.01
false_alarm = "40%"
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five commits; from the fourth on the work is 30 % more."""
    folder = tmp_path_factory.mktemp("searched")
    git(folder, "init", "--quiet")
    (folder / "pyproject.toml").write_text(SETTINGS)
    for number in range(1, 6):
        units = 130 if number >= 4 else 100
        (folder / "test_work.py").write_text(BENCHMARK.format(units=units, number=number))
        git(folder, "add", ".")
        git(folder, "-c", "user.name=n", "-c", "user.email=n@here", "commit", "--quiet", "-m", f"commit {number}")
    return folder


def test_the_first_slower_commit_is_found_and_the_checkout_is_left_alone(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")
    assert bisect("HEAD~4", "HEAD", folder=repository, pytest_arguments=["-k", "work"]) == 0
    assert capfd.readouterr().out.splitlines()[-1].endswith("commit 4")
    assert (git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")) == before
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert not git(repository, "for-each-ref", "refs/bisect")


def test_where_bad_is_no_slower_there_is_nothing_to_search(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert bisect("HEAD~4", "HEAD~2", folder=repository, pytest_arguments=[]) == 1
    assert "nothing to search for" in capfd.readouterr().out


def test_good_must_come_before_bad(repository: Path) -> None:
    with pytest.raises(CheckoutError, match="no ancestor"):
        bisect("HEAD", "HEAD~2", folder=repository, pytest_arguments=[])
    with pytest.raises(CheckoutError, match="neither a directory nor a commit"):
        bisect("no-such-ref", "HEAD", folder=repository, pytest_arguments=[])
