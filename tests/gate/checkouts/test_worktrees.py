"""The worktrees that a gate makes, and what it leaves alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from speedscore.gate.checkouts.worktrees import worktree
from tests.gate.sample_repository import Repository


def listed(repository: Repository) -> list[str]:
    lines = repository.git("worktree", "list", "--porcelain").splitlines()
    return [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")][1:]


def test_only_worktrees_of_gates_that_were_killed_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    repository = Repository(tmp_path / "repository")
    repository.commit({})
    users, killed = tmp_path / "base", tmp_path / "speedscore-base-killed" / "base"
    for folder in (users, killed):
        repository.git("worktree", "add", "--quiet", "--detach", str(folder))
        shutil.rmtree(folder)
    with worktree(repository.folder, "HEAD") as root:
        assert (root / "pyproject.toml").is_file()
        assert listed(repository) == [str(users), str(root)]
    assert listed(repository) == [str(users)]
    assert not list(tmp_path.glob("speedscore-base-*/.made-by"))


def test_a_worktree_with_changes_and_submodules_goes_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    inner, outer = Repository(tmp_path / "inner"), Repository(tmp_path / "outer")
    inner.commit({"inner.txt": "within"})
    outer.commit({})
    outer.git("submodule", "--quiet", "add", str(inner.folder), "inner")
    outer.commit({})
    with worktree(outer.folder, "HEAD") as root:
        assert (root / "inner" / "inner.txt").read_text() == "within"
        (root / "made.txt").write_text("new")
        (root / "pyproject.toml").write_text("changed")
    assert not root.parent.exists()
    assert listed(outer) == []
