"""What an installer is given of a requirements file or a lock file: all but the checkout that both sides run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from speedscore.gate.upgrades.requirement_files import RequirementFiles, requirement_files
from speedscore.gate.upgrades.resolving import check_requests
from tests.gate.upgrades.made_up_installers import Installers

HASHED = "kite==2.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n    # via plume\n"
LEFT_OUT = "resolved without {}, the code of this checkout, which both sides run"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a project beside another's, and a wheel."""
    made = tmp_path / "my checkout"
    for folder in (made / "lib", made / "wheels", tmp_path / "scratch", tmp_path / "another"):
        folder.mkdir(parents=True)
    (made / "wheels/plume.whl").write_bytes(b"\xff")
    monkeypatch.chdir(made)
    return made


def taken(checkout: Path, *requests: str, run: Installers | None = None) -> RequirementFiles:
    scratch = checkout.parent / "scratch"
    return requirement_files(requests, checkout=checkout, run=run or Installers(lambda _: ""), scratch=scratch)


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "-e .[fast,test]",
        "--editable=./lib ; python_version > '3'",
        "./lib  # ours",
        ".",
        "lib[fast] @ {place}/lib",
        "-e {place}#egg=lib",
    ],
)
def test_the_checkout_itself_is_left_out_and_told(checkout: Path, line: str) -> None:
    line = line.format(place=checkout.as_uri())
    (checkout / "locked.txt").write_text(f"{line}\n{HASHED}")
    files = taken(checkout, "locked.txt", "jax==0.8.0")
    assert files.requests[1] == "jax==0.8.0"
    assert Path(files.requests[0]).read_text().split() == HASHED.replace("\\", "").split()
    assert files.remarks == (LEFT_OUT.format(line),)
    assert (checkout / "locked.txt").read_text() == f"{line}\n{HASHED}", "the user's own file is not written"


@pytest.mark.parametrize(
    "line",
    [
        "lib==1.0",
        "lib @ https://host/lib",
        "-e git+https://host/lib.git#egg=lib",
        "-e ../another",
        "./wheels/plume.whl",
        "plume @ {place}/wheels/plume.whl",
        "./nowhere",
        "# -e .",
        "--find-links ./lib",
    ],
)
def test_what_is_no_folder_of_the_checkout_is_taken_as_it_stands(checkout: Path, line: str) -> None:
    (checkout / "locked.txt").write_text(f"{line.format(place=checkout.as_uri())}\n{HASHED}")
    assert taken(checkout, "locked.txt") == RequirementFiles(("locked.txt",))


def test_a_folder_that_is_asked_for_by_itself_is_what_is_wanted(checkout: Path) -> None:
    assert taken(checkout, "./lib", "./wheels/plume.whl") == RequirementFiles(("./lib", "./wheels/plume.whl"))


def test_files_that_a_file_names_are_found_from_its_copy(checkout: Path) -> None:
    folder = checkout / "requirements"
    folder.mkdir()
    (folder / "all.txt").write_text(
        "-r own.txt\n-r plain.txt\n-c old.txt\n--find-links=../wheels\n-c https://host/c.txt\n"
    )
    (folder / "own.txt").write_text("-e ./lib\n-r all.txt\nkite==2.0\n")
    for name in ("plain.txt", "old.txt"):
        (folder / name).write_text("kite==2.0\n")
    (copy,) = taken(checkout, "requirements/all.txt").requests
    own, *others = Path(copy).read_text().splitlines()
    assert others == [
        f"-r '{folder / 'plain.txt'}'",
        f"-c '{folder / 'old.txt'}'",
        f"--find-links '{checkout / 'wheels'}'",
        "-c https://host/c.txt",
    ]
    assert Path(own.removeprefix("-r ").strip("'")).read_text() == f"-r '{folder / 'all.txt'}'\nkite==2.0\n"


def test_a_file_whose_named_file_has_a_copy_has_another_one(checkout: Path) -> None:
    (checkout / "dev.txt").write_text("-r own.txt\npytest\n")
    (checkout / "own.txt").write_text("-e .\nkite==2.0\n")
    (copy,) = taken(checkout, "dev.txt").requests
    first, second = Path(copy).read_text().splitlines()
    assert second == "pytest"
    assert Path(first.removeprefix("-r ").strip("'")).read_text() == "kite==2.0\n"


def test_a_lock_file_of_uv_is_exported_where_uv_is_there(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    (checkout / "lib/uv.lock").write_text("version = 1\n")
    check_requests(["lib/uv.lock"])

    def export(command: Sequence[str]) -> str:
        Path(command[-1]).write_text(f"-e ./lib\n{HASHED}")
        return ""

    uv = Installers(export)
    files = taken(checkout, "lib/uv.lock", run=uv)
    assert [command[:6] for command in uv.commands] == [
        ["/bin/uv", "export", "--frozen", "--no-emit-local", "--project", str(checkout / "lib")]
    ]
    assert Path(files.requests[0]).read_text().split()[0] == "kite==2.0"
    assert files.remarks == (
        "lib/uv.lock is taken as `uv sync` takes it: with the default groups, and without extras",
        LEFT_OUT.format("-e ./lib"),
    )
