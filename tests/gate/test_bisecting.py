"""Searching the commit that made a case slower, in a repository whose clock counts work and not time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from speedscore.__main__ import main
from speedscore.gate.bisect import bisect
from speedscore.gate.checkouts import CheckoutError

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
    repository: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")
    monkeypatch.chdir(repository)
    assert main(["bisect", "HEAD~4", "HEAD", "-k", "work"]) == 0
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


@pytest.mark.parametrize(
    ("number", "in_search"), [(signal.SIGINT, False), (signal.SIGTERM, True)], ids=["first gate", "search"]
)
def test_interrupted_it_leaves_no_process_and_no_worktree(
    repository: Path, tmp_path: Path, number: signal.Signals, in_search: bool
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "speedscore", "bisect", "HEAD~4", "HEAD", "-k", "work"],
        cwd=repository,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        itself = psutil.Process(process.pid)
        started = wait_for_sides(itself, in_search=in_search)
        process.send_signal(number)
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130, printed
    assert printed.splitlines()[-1] == "speedscore: interrupted"
    assert [each for each in started if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
    assert list(tmp_path.iterdir()) == []
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def wait_for_sides(bisecting: psutil.Process, *, in_search: bool) -> list[psutil.Process]:
    """The bisection's gate and the gate's two sides, once they are there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        started = bisecting.children(recursive=True)
        commands = [command_of(each) for each in started]
        is_search = any("speedscore.gate.bisect" in command for command in commands)
        if is_search == in_search and sum("speedscore_gate_side" in command for command in commands) == 2:
            return started
        time.sleep(0.02)
    raise AssertionError("no gate was started")


def command_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
