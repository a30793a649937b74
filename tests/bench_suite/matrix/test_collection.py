"""``-k`` with a device selects exactly that device's cases out of the whole collection, and nothing by accident.

pytest matches ``-k`` against parts of names, folders and markers included, so that an innocent "output" would be
selected with one of the devices. Every name of the collection is looked at, and so is the check itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from speedscore.bench_suite.matrix.asking import is_asked_for
from speedscore.bench_suite.matrix.cases import matrix
from speedscore.bench_suite.probes.export.targets import TARGETS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.record.phases import DEVICES, DeviceName, Phase
from tests.places import ROOT

MODULES = {phase: f"bench_suite/test_{phase.removeprefix('warm_')}.py" for phase in get_args(Phase)}
"""Both compilations stand in one module: a warm one is nothing without the cold one before it."""

NAME_READER = '''
"""Writes the names that -k could match: of each item, its parents, markers, function attributes and keywords."""

import json
import os

import pytest


def pytest_collection_finish(session):
    items = {}
    for item in session.items:
        nodes = [node for node in item.listchain() if not isinstance(node, pytest.Session) and node.nodeid != "."]
        names = {node.name for node in nodes}
        names |= {marker.name for marker in item.iter_markers()}
        names |= set(getattr(getattr(item, "function", None), "__dict__", {}))
        names |= set(item.listextrakeywords())
        items[item.nodeid] = sorted(names)
    registered = [line.partition(":")[0].partition("(")[0] for line in session.config.getini("markers")]
    with open(os.environ["NAMES_FILE"], "w") as file:
        json.dump({"items": items, "markers": registered}, file)
'''


class Names(msgspec.Struct, frozen=True):
    """What a collection would let ``-k`` match."""

    items: dict[str, list[str]]
    """Node id → names of the item and of all that it stands in."""
    markers: list[str]


def without_pytest() -> dict[str, str]:
    """This environment without what it says to pytest."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def collect(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=root,
        env=without_pytest() | variables,
        check=False,
        capture_output=True,
        text=True,
    )


def selected(root: Path, *arguments: str) -> list[str]:
    """Node ids of a collection."""
    done = collect(root, *arguments)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


def read_names(root: Path, scratch: Path, *folders: str) -> Names:
    (scratch / "name_reader.py").write_text(NAME_READER)
    names_path = scratch / "names.json"
    done = collect(root, "-p", "name_reader", *folders, PYTHONPATH=str(scratch), NAMES_FILE=str(names_path))
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    return msgspec.json.decode(names_path.read_bytes(), type=Names)


def cases_of(device: DeviceName) -> list[str]:
    """Node ids of the device's cases and probes, from the tables alone, but for those that must be asked for."""
    measured = [
        f"{MODULES[phase]}::test_{phase}[{case.id}]"
        for phase in get_args(Phase)
        for case in matrix(phase)
        if case.device == device and is_asked_for(case, keywords=device, marks="", arguments=())
    ]
    asked = [
        f"{file_of(name)}::test_{name}[{case.id}]"
        for name, family in FAMILIES.items()
        for case in family.list_cases()
        if case.device == device
    ]
    return measured + asked


def file_of(family: str) -> str:
    """The file of the suite that holds the test of a family of probes."""
    (path,) = [path for path in (ROOT / "bench_suite").glob("test_*.py") if f"def test_{family}(" in path.read_text()]
    return f"bench_suite/{path.name}"


def accidental_names(names: Names, cases: set[str]) -> list[str]:
    """Names with a device in them, other than the names of the cases themselves and their bracketed ids."""
    found = []
    for nodeid, parts in names.items.items():
        own_name = nodeid.rpartition("::")[2] if nodeid in cases else None
        found += [part for part in parts if part != own_name and _holds_device(part)]
    return sorted({*found, *filter(_holds_device, names.markers)})


def _holds_device(name: str) -> bool:
    return any(device in name.lower() for device in DEVICES)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Names:
    """Of the whole repository."""
    return read_names(ROOT, tmp_path_factory.mktemp("names"), "bench_suite", "tests")


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A small root of its own, with an offender among innocent tests."""
    root = tmp_path / "planted"
    (root / "inputs").mkdir(parents=True)
    (root / "pytest.ini").write_text("[pytest]\nmarkers =\n    innocent: of no device\n")
    (root / "inputs" / "test_report.py").write_text(
        "def test_output():\n    pass\n\n\ndef test_innocent():\n    pass\n",
    )
    return root


@pytest.mark.bare
@pytest.mark.parametrize("position", range(len(DEVICES)))
def test_a_device_selects_exactly_its_own_cases(position: int) -> None:
    device = DEVICES[position]
    assert sorted(selected(ROOT, "-k", device)) == sorted(cases_of(device))


@pytest.mark.bare
def test_a_case_that_only_who_asks_for_it_has_is_among_the_last_that_failed(tmp_path: Path) -> None:
    case = next(case for case in matrix("training") if not is_asked_for(case, keywords="", marks="", arguments=()))
    node = f"{MODULES['training']}::test_training[{case.id}]"
    (tmp_path / "v" / "cache").mkdir(parents=True)
    (tmp_path / "v" / "cache" / "lastfailed").write_text(json.dumps({node: True}))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--lf", "-o", f"cache_dir={tmp_path}"]
    done = subprocess.run(
        [*command, MODULES["training"]], cwd=ROOT, check=False, capture_output=True, text=True, env=without_pytest()
    )
    assert [line for line in done.stdout.splitlines() if "::" in line] == [node]


@pytest.mark.bare
def test_without_selection_every_case_is_collected(names: Names) -> None:
    cases = [nodeid for device in DEVICES for nodeid in cases_of(device)]
    assert len(cases) == len(set(cases))
    assert set(cases) == {nodeid for nodeid in names.items if nodeid.startswith("bench_suite/")}
    assert any(nodeid.startswith("tests/") for nodeid in names.items)


def test_no_name_holds_a_device_by_accident(names: Names) -> None:
    cases = {nodeid for device in DEVICES for nodeid in cases_of(device)}
    assert {"speedscore_phase", "benchmark", "parametrize"} <= set(names.markers)
    assert accidental_names(names, cases) == []


def test_the_id_of_a_probe_holds_no_device_and_no_target_but_its_own() -> None:
    targets = set(TARGETS)
    for family in FAMILIES.values():
        for case in family.list_cases():
            told = case.id.removesuffix(f"-{case.device}")
            assert not _holds_device(told), case.id
            held = {target for target in targets if target in told}
            assert not held or (case.target and all(target in case.target for target in held)), case.id


def test_the_selection_finds_a_planted_offender(planted: Path) -> None:
    assert selected(planted, "-k", "tpu") == ["inputs/test_report.py::test_output"]


def test_the_look_at_the_names_finds_a_planted_offender(planted: Path, tmp_path: Path) -> None:
    assert accidental_names(read_names(planted, tmp_path), set()) == ["test_output"]


@pytest.mark.parametrize(
    ("planted_names", "offender"),
    [
        pytest.param(Names(items={"a::b": ["b", "outputs", "a"]}, markers=[]), "outputs", id="folder"),
        pytest.param(Names(items={"a::b[1]": ["b[1]", "a", "NoGpuHere"]}, markers=[]), "NoGpuHere", id="class"),
        pytest.param(Names(items={}, markers=["needs_cpu"]), "needs_cpu", id="marker"),
        pytest.param(Names(items={"a::case[x-cpu]": ["case[x-cpu]", "cpu"]}, markers=[]), "cpu", id="of a case"),
    ],
)
def test_the_look_at_the_names_finds_an_offender_of_each_kind(planted_names: Names, offender: str) -> None:
    assert accidental_names(planted_names, {"a::case[x-cpu]"}) == [offender]


def test_an_unknown_preset_ends_collecting_with_one_line() -> None:
    done = collect(ROOT, "--preset", "enormous")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stdout.strip() == ""
    assert done.stderr.strip() == f"ERROR: --preset: unknown preset 'enormous'; there are {', '.join(PRESETS)}"
