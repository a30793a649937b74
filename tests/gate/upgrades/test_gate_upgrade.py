"""Gates of an upgrade, with made-up packages that lie in a folder: no index is asked."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.gate.backend_projects import environment_beside
from tests.gate.sample_repository import AT_A_GLANCE, QUICK, Ran, Repository

BENCHMARKS = """
import kite
import plume
from made_up_clock import counted, work

@counted
def test_flight(benchmark):
    benchmark(lambda: work(kite.units() + plume.UNITS))
"""
CORE = "def units():\n    return {units}\n"


def wheel(folder: Path, name: str, version: str, files: Mapping[str, str], *requires: str) -> Path:
    """A wheel of pure Python."""
    stem = f"{name.replace('-', '_')}-{version}"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    told = {
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        lines = []
        for file, text in (dict(files) | told).items():
            archive.writestr(file, text)
            digest = base64.urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{file},sha256={digest},{len(text)}\n")
        archive.writestr(record, "".join(lines) + f"{record},,\n")
    return path


def unpack(path: Path, site: Path) -> None:
    """Install a wheel as an installer of long ago would."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(site)


class Place:
    """A repository, an environment with the old packages, and a folder with the new ones."""

    def __init__(self, folder: Path) -> None:
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        self.cache = folder / "cache"
        self.python = environment_beside(folder / "environment")
        (site,) = (folder / "environment").glob("lib/python*/site-packages")
        for version, units in (("1.0", 100), ("2.0", 130)):
            core = wheel(self.wheels, "kite-core", version, {"kite_core.py": CORE.format(units=units)})
            kite = {"kite.py": "from kite_core import units\n"}
            made = [
                core,
                wheel(self.wheels, "kite", version, kite, f"kite-core=={version}"),
                wheel(self.wheels, "plume", version, {"plume.py": "UNITS = 10\n"}),
            ]
            if version == "1.0":
                for path in made:
                    unpack(path, site)
        self.repository = Repository(folder / "repository", settings=QUICK)
        self.repository.write({"test_kite.py": BENCHMARKS})

    def run(self, *options: str, **variables: str) -> Ran:
        installers = {
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_CONSTRAINT": "",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": str(self.wheels),
            "XDG_CACHE_HOME": str(self.cache),
        }
        every: dict[str, Any] = installers | variables
        return self.repository.run(*options, python=self.python, **every)

    @property
    def environments(self) -> set[str]:
        return {path.name for path in (self.cache / "speedscore" / "gate-upgrades").glob("*")}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("upgrade"))


@pytest.fixture(scope="module")
def slower(place: Place) -> Ran:
    """All three packages in a newer version, from a file, against constraints that pin the old ones."""
    (place.wheels / "new.txt").write_text("kite==2.0\nplume==2.0  # as it is\n")
    (place.wheels / "old.txt").write_text("kite==1.0\nkite-core==1.0\n")
    constraints = {"PIP_CONSTRAINT": str(place.wheels / "old.txt")}
    return place.run(f"--gate-upgrade={place.wheels / 'new.txt'}", "--gate-blame", "--gate-why=no", **constraints)


def test_a_slowdown_is_named_with_its_stage_and_the_packages_that_differ(slower: Ran) -> None:
    assert slower.code == 10, slower.printed
    changes = "kite 1.0 -> 2.0, kite-core 1.0 -> 2.0, plume 1.0 -> 2.0"
    assert slower.report["headline"].startswith("regressed: time of 1 case, in run; kite 1.0 -> 2.0, ")
    assert f"environments differ: {changes}" in slower.said
    verdict = slower.verdicts()["test_flight"]
    assert verdict["ratio"] == pytest.approx(140 / 110)
    assert verdict["notes"] == ["slower in run: 13.4 ms -> 17.1 ms"]
    assert "slower in run" in slower.markdown


def test_the_packages_that_made_it_slower_are_found_and_the_innocent_one_is_not(slower: Ran) -> None:
    blame = slower.report["upgrade"]["blame"]
    assert (blame["packages"], blame["before"]) == (["kite", "kite-core"], ["plume"])
    assert [(step["upgraded"], step["is_slower"]) for step in blame["steps"]] == [(["plume"], False)]
    assert (
        "test_kite.py::test_flight got slower with kite, kite-core (none was gated without the others)" in slower.said
    )


def test_constraints_that_do_not_admit_the_upgrade_are_said_to_be_left_out(slower: Ran) -> None:
    assert "upgrade: resolved without PIP_CONSTRAINT, which does not admit the upgrade" in slower.said


def test_the_command_for_one_case_names_the_upgrade_and_no_base(slower: Ran) -> None:
    command = slower.report["reproduce"]["test_kite.py::test_flight"]
    assert "--gate-upgrade=" in command
    assert "--gate-upgrade=" in slower.markdown
    assert "--gate=" not in slower.markdown


def test_an_environment_is_found_again_by_what_is_in_it(place: Place, slower: Ran) -> None:
    assert slower.code == 10
    before = place.environments
    place.repository.write({"pyproject.toml": AT_A_GLANCE})
    # As a lock file is exported: all packages with their hashes, and the checkout itself.
    digests = {path.name.split("-")[0]: sha256(path.read_bytes()) for path in place.wheels.glob("*-2.0-*.whl")}
    lines = [f"{name}==2.0 \\\n    --hash=sha256:{digest.hexdigest()}\n" for name, digest in digests.items()]
    (place.wheels / "locked.txt").write_text("".join(["-e .\n", *lines]))
    ran = place.run(f"--gate-upgrade={place.wheels / 'locked.txt'}")
    assert "upgrade: resolved without -e ., the code of this checkout, which both sides run" in ran.said, ran.printed
    assert ran.verdicts()["test_flight"]["outcome"] == "inconclusive"
    assert len(before) == 3  # without a change, with plume alone, with all
    assert place.environments == before


def test_an_upgrade_that_changes_nothing_is_said_to_be_none(place: Place) -> None:
    place.repository.write({"pyproject.toml": AT_A_GLANCE})
    ran = place.run("--gate-upgrade=plume==1.0", "--gate-inconclusive=pass")
    assert ran.code == 0
    assert "upgrade: the upgrade changes no package" in ran.said
    assert "environments differ" not in ran.said


def test_what_cannot_be_resolved_is_said_in_the_installers_own_words(place: Place) -> None:
    ran = place.run("--gate-upgrade=kite==3.0")
    assert ran.code == 13
    assert "cannot run: --gate-upgrade: resolving kite==3.0 failed" in ran.said
    assert "No matching distribution found for kite==3.0" in ran.said
