"""Packages that a machine has installed: before its own and beside them, once, and whole or not at all."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from speedscore.fleet import installing
from speedscore.fleet.installing import NotInstalledError
from speedscore.fleet.preparing import Preparer
from tests.fleet.made_up_packages import MODULE, NAME, make_wheel
from tests.places import ROOT


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that pip finds. What is made lies in the test's folder."""
    for name, value in {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_CONSTRAINT": "",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "XDG_CACHE_HOME": str(tmp_path / "caches"),
        "PYTHONPATH": str(ROOT),
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


def kept(wheels: Path) -> list[Path]:
    return list((wheels.parent / "caches" / "speedscore" / "fleet-packages").glob("*"))


def says(python: str, script: str) -> str:
    return subprocess.check_output([python, "-c", script], text=True).strip()


def test_what_is_installed_comes_before_the_machines_own_which_stays_as_it_is(wheels: Path) -> None:
    make_wheel(wheels, "99.0", name="tabulate")
    make_wheel(wheels, "1.0", needs="not-to-be-had==3")
    preparer = Preparer()
    asked = {"tabulate": "tabulate==99.0", NAME: f"{NAME}==1.0", "msgspec": f"msgspec=={metadata.version('msgspec')}"}
    missing, why = preparer.missing(asked)
    assert (missing, why) == ([f"{NAME}==1.0", "tabulate==99.0"], "")
    # What it depends on is the list's affair, and no registry's.
    python, why = preparer.install(missing)
    assert why == ""
    assert says(python, f"import tabulate, {MODULE} as m; print(tabulate.VERSION, m.VERSION)") == "99.0 1.0"
    assert says(python, "from importlib import metadata; print(metadata.version('tabulate'))") == "99.0"
    assert says(python, "import msgspec; print(msgspec.__version__)") == metadata.version("msgspec")
    assert metadata.version("tabulate") != "99.0"


def test_it_is_made_once_and_found_again(wheels: Path) -> None:
    make_wheel(wheels, "1.0")
    made = Preparer().install([f"{NAME}==1.0"])
    os.utime(kept(wheels)[0], (0, 0))
    shutil.rmtree(wheels)
    assert Preparer().install([f"{NAME}==1.0"]) == made
    assert kept(wheels)[0].stat().st_mtime > 0, "what is used is not removed"


def test_what_there_is_none_of_is_said_in_the_installers_last_words_and_nothing_is_kept(wheels: Path) -> None:
    python, why = Preparer().install([f"{NAME}==2.0"])
    assert python == ""
    assert why == (
        f"Could not find a version that satisfies the requirement {NAME}==2.0 (from versions: none); "
        f"No matching distribution found for {NAME}==2.0"
    )
    assert kept(wheels) == []


def test_an_installation_ends_when_its_time_is_over(wheels: Path) -> None:
    with pytest.raises(NotInstalledError, match=r"^not installed within 0 s$"):
        installing.install([f"{NAME}==1.0"], 0.0)
    assert kept(wheels) == []


def test_what_dies_or_says_something_else_is_told_as_it_stands(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(wheels)  # Ray's worker stands where what has travelled lies
    (wheels / "speedscore" / "fleet").mkdir(parents=True)
    (wheels / "speedscore" / "__init__.py").touch()
    (wheels / "speedscore" / "fleet" / "__init__.py").touch()
    (wheels / "speedscore" / "fleet" / "installing.py").write_text("print('out of order'); raise SystemExit(3)")
    assert Preparer().missing({}) == ([], "no answer from missing: out of order\n")


@pytest.mark.parametrize("there", ["uv", "none"])
def test_where_there_is_no_pip_uv_installs_and_where_there_is_neither_it_is_said(
    there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if there == "uv" else None)
    if there == "uv":
        assert installing._installer(Path("/new/bin/python")) == [
            *("/bin/uv", "pip", "install", "--python", "/new/bin/python")
        ]
    else:
        with pytest.raises(NotInstalledError, match=r"^there is neither pip nor uv to install with: .* -m ensurepip$"):
            installing._installer(Path("/new/bin/python"))
