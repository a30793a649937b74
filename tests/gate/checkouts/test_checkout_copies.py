"""The copy of a checkout that is built: the working tree as it stands, whatever was done to it since a commit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from speedscore.gate.checkouts.checkout_copies import checkout_copy
from speedscore.gate.checkouts.worktrees import CheckoutError, working_tree
from tests.git import git

FILES = {
    "changed.py": "old",
    "renamed.py": "renamed",
    "removed.py": "removed",
    "untold.py": "removed, and git was not told",
    "kept.py": "kept",
    "folder/inner.py": "in a folder",
    "will_be_folder": "a file",
    ".gitignore": "*.made\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    write(folder, FILES)
    (folder / "link").symlink_to("kept.py")
    (folder / "to_a_file").symlink_to("kept.py")
    commit(folder)
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=more")


def contents(folder: Path) -> dict[str, str]:
    """Of all files by name, but for git's; what a link says stands for what it leads to."""
    found = {}
    for parent, folders, names in os.walk(folder):
        for name in names + [each for each in folders if (Path(parent) / each).is_symlink()]:
            path = Path(parent) / name
            if ".git" not in path.relative_to(folder).parts:
                link = path.is_symlink()
                found[str(path.relative_to(folder))] = f"-> {path.readlink()}" if link else path.read_text()
    return found


def copied(folder: Path) -> dict[str, str]:
    before = contents(folder)
    with checkout_copy(working_tree(folder)) as copy:
        found = contents(copy)
        assert (copy / ".git").exists()
    assert contents(folder) == before
    return found


def test_what_was_done_since_the_commit_is_done_in_the_copy(checkout: Path) -> None:
    git(checkout, "mv", "renamed.py", "new_name.py")
    git(checkout, "rm", "--quiet", "removed.py")
    (checkout / "untold.py").unlink()
    (checkout / "will_be_folder").unlink()
    write(checkout, {"changed.py": "new", "fresh.py": "fresh", "will_be_folder/inner.py": "now in one", "x.made": ""})
    present = {name: text for name, text in contents(checkout).items() if name != "x.made"}
    assert {"new_name.py", "fresh.py", "will_be_folder/inner.py"} <= present.keys()
    assert copied(checkout) == present


def test_links_are_as_they_stand(checkout: Path) -> None:
    (checkout / "link").unlink()
    (checkout / "link").symlink_to("changed.py")
    (checkout / "to_a_file").unlink()
    (checkout / "kept.py").rename(checkout / "to_a_file")
    (checkout / "kept.py").symlink_to("to_a_file")
    present = contents(checkout)
    assert (present["link"], present["kept.py"], present["to_a_file"]) == ("-> changed.py", "-> to_a_file", "kept")
    assert copied(checkout) == present


def test_a_link_that_was_a_folder_leads_to_nothing_that_is_touched(checkout: Path, tmp_path: Path) -> None:
    (checkout / "folder").rename(tmp_path / "elsewhere")
    (checkout / "folder").symlink_to(tmp_path / "elsewhere")
    present = contents(checkout)
    assert copied(checkout) == present
    assert contents(tmp_path / "elsewhere") == {"inner.py": "in a folder"}


def test_a_submodule_is_as_it_stands(checkout: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    write(library, {"a.py": "a", "b.py": "b"})
    (library / "link").symlink_to("a.py")
    commit(library)
    git(checkout, "submodule", "--quiet", "add", str(library), "lib")
    git(checkout, "commit", "--quiet", "--message=more")
    write(checkout, {"lib/a.py": "changed"})
    git(checkout / "lib", "rm", "--quiet", "b.py")
    present = contents(checkout)
    assert (present["lib/a.py"], present["lib/link"]) == ("changed", "-> a.py")
    assert copied(checkout) == present


@pytest.mark.parametrize("copying", ["copy2", "copytree"])
def test_what_cannot_be_copied_is_said_in_a_sentence(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copying: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    folder = checkout
    if copying == "copytree":
        folder = tmp_path / "no repository"
        folder.mkdir()
    else:
        (checkout / "changed.py").write_text("new")
    monkeypatch.setattr(shutil, copying, refuse)
    with (
        pytest.raises(CheckoutError, match=r"cannot be copied to be built .no space left"),
        checkout_copy(working_tree(folder)),
    ):
        pass
