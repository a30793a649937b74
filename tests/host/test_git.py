"""Git as the user would run it, and git that only reads, whatever the user's settings and variables say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from speedscore.host.git import GitError, git_says, read_git, run_git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One commit, by somebody whom the mailmap of the folder calls otherwise."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@here")
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / ".mailmap").write_text("Eve <ada@here>\n")
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=one"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def test_what_git_prints_is_stripped_and_nothing_where_it_fails(repository: Path, tmp_path: Path) -> None:
    assert git_says(repository, "log", "--format=%s") == "one"
    assert git_says(repository, "log", "no-such-branch") == ""
    assert git_says(tmp_path / "nowhere", "log") == ""
    assert run_git(repository, "log", "no-such-branch").returncode != 0


def test_a_hook_that_runs_us_does_not_point_git_elsewhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git_says(repository, "log", "--format=%s") == read_git(repository, "log", "--format=%s").strip() == "one"


def test_reading_a_store_heeds_no_mailmap(repository: Path) -> None:
    assert git_says(repository, "log", "--format=%aN") == "Eve"
    assert read_git(repository / ".git", "log", "--format=%aN").strip() == "Ada"


def test_what_cannot_be_read_says_why_in_one_line(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(GitError, match=r"repository: git cannot read it \(fatal: Needed a single revision\)$"):
        read_git(repository, "rev-parse", "--verify", "no-such-branch^{commit}", "--")
    with pytest.raises(GitError, match=r"nowhere: no such folder$"):
        read_git(tmp_path / "nowhere", "log")


def test_without_git_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="git is not installed or not on the PATH"):
        read_git(repository, "log")
