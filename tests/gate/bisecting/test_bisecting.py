"""Searching the commit that made a case slower, in a repository whose clock counts work and not time."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from speedscore.gate.bisecting.bisect import bisect, gate_command, judge, judge_as_git_asks
from speedscore.gate.checkouts.worktrees import CheckoutError
from speedscore.host.scratch import remove_leftovers
from tests.gate.sample_repository import ENVIRONMENT, QUICK, SAMPLES, replaced, sample
from tests.git import git
from tests.waiting import LIMIT_SECONDS, has_gone, wait_until


def made_up_gate(base: Path, pytest_arguments: Sequence[str], report: Path) -> list[str]:
    assert not pytest_arguments
    return [sys.executable, str(SAMPLES / "made_up_gate.py"), str(base), str(report)]


def search(repository: Path, good: str, bad: str, *, inside: str = ".") -> int:
    return bisect(good, bad, folder=repository / inside, pytest_arguments=[], gate=made_up_gate)


def history(folder: Path, units: Sequence[int], *, missed: Sequence[int] = (), left_open: Sequence[int] = ()) -> Path:
    """A repository with a commit for each number of units of work; in the ``missed`` ones, counted from 1, the gate
    calls no slowdown a regression, and those ``left_open`` are inconclusive."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet")
    (folder / "pyproject.toml").write_text(QUICK)
    for number, work in enumerate(units, start=1):
        text = replaced(sample("searched_benchmark.py"), "UNITS = 100", f"UNITS = {work}")
        hidden = "MISSED = True\n" if number in missed else "OPEN = True\n" if number in left_open else ""
        (folder / "test_work.py").write_text(f"{text}\n# commit {number}\n{hidden}")
        commit(folder, f"commit {number}")
    return folder


def commit(folder: Path, subject: str) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", subject)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five commits; from the fourth on the work is 30 % more."""
    return history(tmp_path_factory.mktemp("searched"), [100, 100, 100, 130, 130])


def test_the_first_slower_commit_is_found_and_the_checkout_is_left_alone(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")
    assert search(repository, "HEAD~4", "HEAD") == 0
    last_line = capfd.readouterr().out.splitlines()[-1]
    assert re.fullmatch("bisect: the first commit with a regression is [0-9a-f]+ commit 4", last_line)
    assert (git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")) == before
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert not git(repository, "for-each-ref", "refs/bisect")


def test_a_slowdown_that_a_gate_misses_on_the_way_is_blamed_on_the_commit_that_brought_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Too small to be found each time: called unchanged in most commits that have it, and its estimate shows it."""
    repository = history(tmp_path, [100, 100, 100, 102, 102, 102, 102], missed=[4, 5, 6])
    assert search(repository, "HEAD~6", "HEAD") == 0
    said = capfd.readouterr().out
    assert said.splitlines()[-1].endswith("commit 4")
    assert "time of test_work.py::test_work, unchanged" in said


def test_what_a_gate_leaves_open_is_judged_by_its_estimate_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    repository = history(tmp_path, [100, 100, 100, 102, 102, 102, 102], left_open=[2, 3, 4, 5, 6])
    assert search(repository, "HEAD~6", "HEAD") == 0
    said = capfd.readouterr().out
    assert said.splitlines()[-1].endswith("commit 4")
    assert "counted as fast" in said
    assert "time of test_work.py::test_work, inconclusive" in said


def test_what_is_nearer_to_nothing_than_to_what_bad_shows_is_innocent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    repository = history(tmp_path, [1000, 1009, 1009, 1020, 1020], missed=[2, 3, 4])
    assert search(repository, "HEAD~4", "HEAD") == 0
    assert capfd.readouterr().out.splitlines()[-1].endswith("commit 4")


def test_a_search_leaves_no_report_of_its_gates_behind(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert search(repository, "HEAD~4", "HEAD") == 0
    assert list(tmp_path.iterdir()) == []


def test_where_bad_is_no_slower_there_is_nothing_to_search(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert search(repository, "HEAD~4", "HEAD~2") == 1
    assert "nothing to search for" in capfd.readouterr().out


def test_a_commit_that_the_gate_cannot_judge_is_skipped(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    repository = history(tmp_path, [100, 0, 100, 130])
    assert search(repository, "HEAD~3", "HEAD") == 0
    assert capfd.readouterr().out.splitlines()[-1].endswith("commit 4")


def test_where_only_such_a_commit_could_tell_none_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    repository = history(tmp_path, [100, 0, 130])
    assert search(repository, "HEAD~2", "HEAD") == 1
    assert "no single commit was found" in capfd.readouterr().out


def test_where_the_gate_cannot_judge_bad_it_does_not_call_it_good(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    repository = history(tmp_path, [100, 130, 0])
    assert search(repository, "HEAD~2", "HEAD") == 1
    assert capfd.readouterr().out.splitlines()[-1].startswith("bisect: the gate could not judge HEAD against HEAD~2")


def test_a_commit_without_the_folder_of_the_search_is_skipped(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    repository = history(tmp_path, [100])
    benchmark = repository / "bench" / "test_work.py"
    for number, units in enumerate((100, None, 130), start=2):
        benchmark.parent.mkdir(exist_ok=True)
        benchmark.write_text(f"# commit {number}\nUNITS = {units}\n")
        if units is None:
            benchmark.rename(repository / "moved.py")
        commit(repository, f"commit {number}")
    assert search(repository, "HEAD~2", "HEAD", inside="bench") == 1
    said = capfd.readouterr().out
    assert "this commit has no folder bench, in which the search was started" in said
    assert "no single commit was found" in said
    with pytest.raises(CheckoutError, match="HEAD~1: this commit has no folder bench"):
        search(repository, "HEAD~1", "HEAD", inside="bench")


def test_what_goes_wrong_in_the_judge_itself_ends_the_search_and_blames_no_commit(
    repository: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert judge_as_git_asks(["no-such-program"], checkout=repository, inside=Path(), reports=tmp_path) >= 128
    assert "no-such-program" in capfd.readouterr().err


def test_a_submodule_is_in_each_commit_as_it_was(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "repository").mkdir()
    library, repository = history(tmp_path / "library", [100, 130]), history(tmp_path / "repository", [100])
    git(repository, "submodule", "--quiet", "add", str(library), "lib")
    for number, of_library in enumerate(("HEAD~1", "HEAD~1", "HEAD~1", "HEAD", "HEAD"), start=2):
        git(repository / "lib", "checkout", "--quiet", git(library, "rev-parse", of_library))
        (repository / "number.txt").write_text(str(number))
        commit(repository, f"commit {number}")

    def gate(base: Path, pytest_arguments: Sequence[str], report: Path) -> list[str]:
        return ["sh", "-c", f"cd lib && exec {' '.join(made_up_gate(base / 'lib', pytest_arguments, report))}"]

    assert bisect("HEAD~4", "HEAD", folder=repository, pytest_arguments=[], gate=gate) == 0
    assert capfd.readouterr().out.splitlines()[-1].endswith("commit 5")


def test_what_git_does_not_keep_is_made_in_each_commit_and_is_in_no_other_s_way(tmp_path: Path) -> None:
    repository, reports = history(tmp_path / "searched", [100]), tmp_path
    command = '[tool.speedscore.gate]\nbase_setup = "echo made > made.txt; echo more >> test_work.py"\n'
    (repository / "pyproject.toml").write_text(command)
    commit(repository, "is set up")
    looks = [sys.executable, "-c", "import sys; sys.exit(0 if open('made.txt').read() == 'made\\n' else 3)"]
    assert judge(looks, checkout=repository, inside=Path(), reports=reports) == 0
    assert not git(repository, "status", "--porcelain")
    (repository / "pyproject.toml").write_text(command.replace("echo", "false; exit 7 #", 1))
    commit(repository, "cannot be set up")
    assert judge(looks, checkout=repository, inside=Path(), reports=reports) == 125


def test_where_git_cannot_begin_its_own_words_are_said(tmp_path: Path) -> None:
    repository = history(tmp_path, [100, 100, 130])
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ntest ! -f "$(git rev-parse --git-dir)/BISECT_START" || { echo no room >&2; exit 1; }\n')
    hook.chmod(0o755)
    with pytest.raises(CheckoutError, match=r"git bisect start failed: .*no room"):
        search(repository, "HEAD~2", "HEAD")


def test_a_subject_reaches_the_terminal_as_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    repository = history(tmp_path / "searched", [100])
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "\x1b[31mred")
    judge(["true"], checkout=repository, inside=Path(), reports=tmp_path)
    assert capfd.readouterr().out.endswith(" \\u001b[31mred\n")


def test_the_base_of_its_gates_is_no_path_to_tests_and_they_look_for_no_reasons(tmp_path: Path) -> None:
    command = gate_command(tmp_path, ["-k", "work", "--gate-why=yes"], tmp_path / "report.json")
    assert command[-6:-1] == [f"--gate={tmp_path}", "--gate-why=no", "-k", "work", "--gate-why=yes"]
    report = f"--gate-json={tmp_path / 'report.json'}"
    named = gate_command(tmp_path, ["-k", "work", "--", "tests"], tmp_path / "report.json")
    assert named[-5:] == ["-k", "work", report, "--", "tests"]


def test_good_must_come_before_bad(repository: Path) -> None:
    with pytest.raises(CheckoutError, match="no ancestor"):
        search(repository, "HEAD", "HEAD~2")
    with pytest.raises(CheckoutError, match="neither a directory nor a commit"):
        search(repository, "no-such-ref", "HEAD")


@pytest.mark.parametrize(
    ("number", "in_search"),
    [(signal.SIGINT, False), (signal.SIGHUP, False), (signal.SIGTERM, True)],
    ids=["first gate", "closed terminal", "search"],
)
def test_interrupted_it_leaves_no_process_and_no_worktree(
    repository: Path, tmp_path: Path, number: signal.Signals, in_search: bool
) -> None:
    with bisecting(repository, tmp_path) as process:
        itself = psutil.Process(process.pid)
        started = wait_for_sides(itself, in_search=in_search)
        process.send_signal(number)
        printed, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 130, printed
    assert printed.splitlines()[-1] == "speedscore: interrupted"
    assert all(has_gone(side.pid) for side in started)
    assert list(tmp_path.iterdir()) == []
    assert len(git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc, which Linux has")
def test_killed_it_leaves_no_process_and_the_next_finds_its_worktrees(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bisecting(repository, tmp_path) as process:
        started = wait_for_sides(psutil.Process(process.pid), in_search=False)
        process.kill()
    wait_until(lambda: all(has_gone(side.pid) for side in started), "a side outlived its gate")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert remove_leftovers() >= 2
    git(repository, "worktree", "prune")
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def bisecting(repository: Path, scratch: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "speedscore", "bisect", "HEAD~4", "HEAD", "-k", "work"],
        cwd=repository,
        env=os.environ | ENVIRONMENT | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_sides(bisecting: psutil.Process, *, in_search: bool) -> list[psutil.Process]:
    """The bisection's gate and the gate's two sides, once they are there."""
    started: list[psutil.Process] = []

    def are_there() -> bool:
        started[:] = bisecting.children(recursive=True)
        commands = [command_of(process) for process in started]
        is_search = any("speedscore.gate.bisecting.bisect" in command for command in commands)
        return is_search == in_search and sum("speedscore_gate_side" in command for command in commands) == 2

    wait_until(are_there, "no gate was started")
    return started


def command_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
