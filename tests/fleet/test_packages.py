"""Which packages machines are asked for, and which of those a machine has."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from speedscore.fleet.packages import asked_of_machines, missing_here
from tests.fleet.made_up_packages import seem_installed

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA256 = "a" * 64


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages that comes first on the path."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    return site


def from_git(**more: object) -> dict[str, object]:
    vcs = {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT}
    return {"url": "https://host/owner/made-up", "vcs_info": vcs, **more}


def test_all_that_is_installed_is_asked_for_but_what_installs_and_what_travels_as_code() -> None:
    asked = asked_of_machines().requirements
    assert asked["msgspec"] == f"msgspec=={metadata.version('msgspec')}"
    assert {"pytest", "pytest-benchmark"} <= asked.keys(), "a gate's sides need them"
    assert not {"pip", "setuptools", "wheel", "uv", "speedscore"} & asked.keys()


@pytest.mark.parametrize(
    ("version", "direct_url", "requirement"),
    [
        ("1.2.post1", None, "made-up==1.2.post1"),
        ("1.2+cpu", None, "made-up==1.2"),
        ("1.2", from_git(), f"made-up @ git+https://host/owner/made-up@{COMMIT}"),
        (
            "1.2",
            from_git(subdirectory="python/made-up"),
            f"made-up @ git+https://host/owner/made-up@{COMMIT}#subdirectory=python/made-up",
        ),
        (
            "1.2",
            {"url": "https://host/made_up.whl", "archive_info": {"hashes": {"sha256": SHA256}}},
            f"made-up @ https://host/made_up.whl#sha256={SHA256}",
        ),
        (
            "1.2",
            {"url": "https://host/made_up.whl", "archive_info": {"hash": f"sha256={SHA256}"}},
            f"made-up @ https://host/made_up.whl#sha256={SHA256}",
        ),
    ],
    ids=["registry", "label", "commit", "subdirectory", "archive", "archive as it was told before"],
)
def test_a_version_is_asked_for_in_any_build_and_an_address_with_its_commit_or_digest(
    site: Path, version: str, direct_url: object, requirement: str
) -> None:
    seem_installed(site, "made-up", version, direct_url=direct_url)
    asked = asked_of_machines()
    assert asked.requirements["made-up"] == requirement
    assert "made-up" not in asked.staying
    assert missing_here({"made-up": requirement}) == []


@pytest.mark.parametrize(
    ("version", "direct_url"),
    [
        ("1.2", {"url": "file:///home/me/made-up", "dir_info": {"editable": True}}),
        ("1.2", {"url": "file:///home/me/made_up.whl", "archive_info": {}}),
        ("1.2", {**from_git(), "url": "file:///home/me/made-up"}),
        ("1.2", {**from_git(), "url": "/home/me/made-up"}),
        ("1.2", {"url": "https://host/made-up"}),
        ("1.2", "nonsense"),
        ("of last week", None),
    ],
    ids=["folder", "file", "repository here", "path", "not told what", "nonsense", "no version"],
)
def test_what_came_from_files_of_this_machine_or_cannot_be_named_stays(
    site: Path, version: str, direct_url: object
) -> None:
    seem_installed(site, "made-up", version, direct_url=direct_url)
    asked = asked_of_machines()
    assert asked.staying == ("made-up",)
    assert "made-up" not in asked.requirements


def test_a_checkout_on_the_path_is_asked_of_no_registry_which_may_have_another_thing_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seem_installed(tmp_path / "checkout", "made-up", "1.2")
    monkeypatch.syspath_prepend(tmp_path / "checkout")
    assert asked_of_machines().staying == ("made-up",)


def test_what_conda_has_built_in_a_folder_of_its_own_is_asked_for_by_version(site: Path) -> None:
    built = {"url": "file:///home/conda/feedstock_root/build_artifacts/made-up", "dir_info": {}}
    seem_installed(site, "made-up", "1.2", direct_url=built, installer="conda")
    assert asked_of_machines().requirements["made-up"] == "made-up==1.2"


def test_another_build_of_a_version_is_enough_and_another_version_or_commit_is_not(site: Path) -> None:
    seem_installed(site, "made-up", "1.2+cu130")
    seem_installed(site, "by-commit", "1.2", direct_url=from_git())
    seem_installed(site, "from-a-file", "1.2", direct_url={"url": "file:///a.whl", "archive_info": {}})
    other = f"by-commit @ git+https://host/owner/made-up@{COMMIT[::-1]}"
    assert (
        missing_here({"made-up": "made-up==1.2", "by-commit": "by-commit==1.2", "from-a-file": "from-a-file==1.2"})
        == []
    )
    assert missing_here({"made-up": "made-up==1.3", "absent": "absent==1", "by-commit": other}) == [
        "absent==1",
        other,
        "made-up==1.3",
    ]


def test_what_asks_and_what_installs_import_nothing_that_a_machine_with_ray_may_lack() -> None:
    """Ray itself brings ``packaging``."""
    script = (
        "import sys, speedscore.fleet.preparing, speedscore.fleet.installing\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    said = subprocess.check_output([sys.executable, "-I", "-S", "-c", _with_path(script)], text=True)
    assert set(said.split()) <= {"__main__", "packaging", "speedscore"}


def _with_path(script: str) -> str:
    """Without ``site``, which may load what is not asked for."""
    return f"import sys; sys.path += {[path for path in sys.path if path]!r}\n{script}"
