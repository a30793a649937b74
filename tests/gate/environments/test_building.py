"""What a project is built from, with a made-up installer that says what it finds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from speedscore.gate.checkouts.projects import layout_of
from speedscore.gate.checkouts.worktrees import working_tree
from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.building import build
from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.errors import GateError
from tests.git import git

UV = """#!/bin/sh
if [ $1 = build ]; then
    for source; do :; done
    cat "$source/made.txt" >> {log}
fi
"""
PROJECT = '[project]\nname = "kite"\n'
PRESENT = Environment(sys.executable, "/env", platform="3", site_folders=(), packages={})


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the installer has found of the file that git does not keep, build after build."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "uv").write_text(UV.format(log=tmp_path / "log"))
    (programs / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "log"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A part of a repository; what lies in it beside what git keeps is another thing than its command makes."""
    folder = tmp_path / "repository" / "kite"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / ".gitignore").write_text("made.txt\n")
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "--message=all")
    (folder / "made.txt").write_text("by hand\n")
    return folder


def built(project: Path, base_setup: str) -> None:
    tree = working_tree(project)
    layout = layout_of(tree.root, project=project)
    build(tree, layout, project=project, environment=PRESENT, base_setup=base_setup, say=print, deadline=GateDeadline())


def test_what_git_does_not_keep_is_made_in_the_copy_that_is_built(project: Path, log: Path) -> None:
    built(project, "echo one > made.txt")
    (project / "pyproject.toml").write_text(f"{PROJECT}# changed, and not committed")
    built(project, "echo two > made.txt")
    built(project, "echo two > made.txt")
    built(project, "echo three > made.txt")
    assert log.read_text().split() == ["one", "two", "three"], "a build is found again by the command, too"
    assert (project / "made.txt").read_text() == "by hand\n"


def test_a_command_that_fails_is_told_with_the_copy_that_it_failed_in(project: Path, log: Path) -> None:
    with pytest.raises(GateError, match=r"base_setup: `exit 3` ended with exit code 3 in a copy of .*/repository"):
        built(project, "exit 3")
    assert not log.exists()


def test_a_folder_that_is_no_checkout_has_all_its_files(tmp_path: Path, log: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "plain" / "made.txt").write_text("by hand")
    built(tmp_path / "plain", "echo again > made.txt")
    assert log.read_text() == "by hand"
