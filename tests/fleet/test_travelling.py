"""Which files travel to the machines, and what is said where one cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.fleet.travelling import pack, tree_files
from speedscore.fleet.work import FleetError
from speedscore.gate.checkouts.worktrees import CheckoutError, SourceTree
from speedscore.gate.parts.trees import put_side_by_side
from tests.git import git


def make_repository(folder: Path) -> None:
    """With a file, and one that git ignores."""
    folder.mkdir(parents=True)
    (folder / "code.py").write_text("x = 1\n")
    (folder / ".gitignore").write_text("ignored\n")
    (folder / "ignored").write_text("stays at home")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Begin")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a submodule, one that was not checked out, and another repository within."""
    checkout = tmp_path / "checkout"
    make_repository(checkout)
    for name in ("submodule", "absent"):
        make_repository(checkout / name)
        git(checkout, "add", name)
    for path in sorted((checkout / "absent").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    make_repository(checkout / "submodule" / "deeper")
    make_repository(checkout / "beside")
    return checkout


OWN = (".gitignore", "code.py")
ALL = sorted(f"{folder}{name}" for folder in ("", "submodule/", "submodule/deeper/", "beside/") for name in OWN)


def test_submodules_and_repositories_within_travel_too_without_what_they_ignore(checkout: Path) -> None:
    assert tree_files(checkout) == ALL


def test_both_sides_of_a_gate_are_copied_with_what_lies_in_repositories_within(checkout: Path, tmp_path: Path) -> None:
    head = SourceTree(checkout, "head", commit="", dirty=False)
    # Where a project's set-up has checked out the submodules of a base.
    base = SourceTree(checkout, "base", commit="", dirty=False, is_temporary=True)
    (tmp_path / "to").mkdir()
    put_side_by_side(head, base, tmp_path / "to")
    copied = {
        side: sorted(str(path.relative_to(side)) for path in side.rglob("*") if path.is_file())
        for side in (tmp_path / "to" / "head", tmp_path / "to" / "base")
    }
    ignored = [name.replace("code.py", "ignored") for name in ALL if name.endswith("code.py")]
    assert list(copied.values()) == [ALL, sorted([*ALL, *ignored])]
    assert len(tree_files(tmp_path / "to")) == sum(map(len, copied.values())), "what is side by side travels whole"


def test_a_file_that_goes_as_it_is_read_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("speedscore.fleet.travelling", "speedscore.gate.parts.trees"):
        monkeypatch.setattr(f"{module}.tree_files", lambda _: ["gone"])
    with pytest.raises(
        FleetError, match=r"cannot be packed for the machines \(.*No such file.*gone.*\): make its files"
    ):
        pack(tmp_path, tmp_path)
    tree = SourceTree(tmp_path, "head", commit="", dirty=False)
    with pytest.raises(CheckoutError, match=r"^head cannot be copied for the machines \(.*gone.*\): make its files"):
        put_side_by_side(tree, tree, tmp_path)
