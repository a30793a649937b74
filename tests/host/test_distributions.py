"""Which packages are found, under which names, and how those of two machines differ."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from speedscore.host.distributions import differing, installed_versions


def test_every_distribution_is_found_under_the_name_that_the_registry_gives_it() -> None:
    versions = installed_versions()
    assert versions["msgspec"] == metadata.version("msgspec")
    assert versions["pytest-benchmark"] == metadata.version("pytest-benchmark")
    assert list(versions) == sorted(versions)


def test_of_two_of_one_name_the_first_on_the_path_counts_and_half_a_package_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, name, version in (("first", "Made_Up.Pack", "2.0"), ("then", "made-up-pack", "1.0"), ("then", "x", "")):
        info = tmp_path / folder / f"{name.lower().replace('-', '_').replace('.', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\n{f'Version: {version}' * bool(version)}\n"
        )
    for folder in ("then", "first"):
        monkeypatch.syspath_prepend(tmp_path / folder)
    versions = installed_versions()
    assert versions["made-up-pack"] == "2.0"
    assert "x" not in versions


def test_what_a_package_brings_for_itself_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray has a psutil of its own, and puts it on the path first."""
    for folder, version in (("site-packages", "2.0"), ("site-packages/a_package/its_own", "1.0")):
        info = tmp_path / folder / f"made_up-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: made-up\nVersion: {version}\n")
        monkeypatch.syspath_prepend(tmp_path / folder)
    assert installed_versions()["made-up"] == "2.0"


def test_what_both_have_and_what_takes_part_must_agree() -> None:
    here = {"triton": "3.1", "black": "1", "pip": "24", "pytest-xdist": "3", "numpy": "2"}
    there = {"triton": "3.2", "pip": "25", "pytest-xdist": "2", "numpy": "2", "only-there": "1"}
    assert differing(here, there) == {"triton": ("3.1", "3.2")}
