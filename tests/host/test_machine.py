"""The fingerprint holds what can be read, leaves out what cannot, and guesses nothing."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pynvml
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.host import fingerprint as machine
from speedscore.host.fingerprint import fingerprint
from speedscore.host.graphics import read_graphics
from speedscore.host.processors import allowed_processors
from speedscore.host.variables import RECORDED_VARIABLES
from speedscore.record.run_file import write_json
from tests.git import git

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a machine has in it must not decide these tests."""

    def refuse() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", refuse)
    # The process that is started to ask would see the true library.
    monkeypatch.setattr(machine, "ask_graphics", read_graphics)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside every checkout."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def commit_a_file(folder: Path) -> str:
    git(folder, "init", "--quiet")
    (folder / "source.py").write_text("first = 1\n")
    git(folder, "add", "source.py")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return git(folder, "rev-parse", "HEAD")


X86 = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC
flags\t\t: fpu avx sme smep avx512f fma pti

processor\t: 1
model\t\t: 99
"""
ARM = """processor\t: 0
Features\t: fp asimd sve2 cpuid
CPU implementer\t: 0x41
CPU part\t: 0xd40
"""


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        (X86, {"model": "AMD EPYC", "generation": "cpu family 25, model 1", "vector_instructions": "avx avx512f fma"}),
        (ARM, {"generation": "CPU implementer 0x41, CPU part 0xd40", "vector_instructions": "asimd sve2"}),
        ("", {}),
    ],
    ids=["x86", "arm", "nothing"],
)
def test_processors_of_one_name_are_told_apart_by_generation_and_instructions(
    told: str, fields: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = machine._lines
    monkeypatch.setattr(machine, "_lines", lambda path: told.splitlines() if path.name == "cpuinfo" else lines(path))
    known = {name.removeprefix("cpu."): value for name, value in fingerprint(folder).items() if name.startswith("cpu.")}
    named = ("model", "generation", "vector_instructions")
    assert {name: known[name] for name in named if name in known} == fields


def planted_nvidia(monkeypatch: pytest.MonkeyPatch, **replaced: Any) -> None:
    planted: dict[str, Any] = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlSystemGetDriverVersion": lambda: "999.1",
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: f"Card {handle}",
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=1 << 30),  # noqa: ARG005
        "nvmlDeviceGetClockInfo": lambda handle, clock: 1980,  # noqa: ARG005
        "nvmlDeviceGetEnforcedPowerLimit": lambda handle: 700_000,  # noqa: ARG005
        "nvmlDeviceGetCurrentClocksThrottleReasons": lambda handle: 0,  # noqa: ARG005
        "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=3),  # noqa: ARG005
    }
    for name, function in (planted | replaced).items():
        monkeypatch.setattr(pynvml, name, function)


def refuse_to_tell(*_: object) -> None:
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


def test_the_fingerprint_is_flat_plain_and_can_be_saved(folder: Path) -> None:
    found = fingerprint(folder)
    assert all(isinstance(name, str) and isinstance(value, str | int | float | None) for name, value in found.items())
    write_json(folder / "fingerprint.json", found)


def test_machine_and_interpreter_are_told(folder: Path) -> None:
    found = fingerprint(folder)
    assert {"system.name", "system.release", "system.machine", "python.version", "cpu.logical"} <= found.keys()
    assert isinstance(found["memory.total_bytes"], int)
    assert found["memory.total_bytes"] > 1 << 20
    assert found["cpu.affinity"] == ",".join(map(str, allowed_processors()))


def test_installed_packages_are_told_by_version_and_missing_ones_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "PACKAGES", ("pytest", "no-such-package"))
    packages = {name: value for name, value in fingerprint(folder).items() if name.startswith("package.")}
    assert packages == {"package.pytest": metadata.version("pytest")}


def test_each_package_that_a_framework_needs_is_told() -> None:
    """A machine of a fleet that has another version of one must not be taken for alike."""
    assert {name for line in FRAMEWORKS.values() for name in line.distributions} <= set(machine.PACKAGES)


def test_variables_are_told_only_where_they_are_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RECORDED_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert not [name for name in fingerprint(folder) if name.startswith("variable.")]
    monkeypatch.setenv("XLA_FLAGS", "--some_flag")
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    told = {name: value for name, value in fingerprint(folder).items() if name.startswith("variable.")}
    assert told == {"variable.XLA_FLAGS": "--some_flag", "variable.OMP_NUM_THREADS": ""}


@needs_git
def test_the_commit_is_told_and_whether_files_differ_from_it(folder: Path) -> None:
    commit = commit_a_file(folder)
    found = fingerprint(folder)
    assert (found["git.commit"], found["git.dirty"]) == (commit, False)
    (folder / "source.py").write_text("second = 2\n")
    assert fingerprint(folder)["git.dirty"] is True


@needs_git
def test_a_folder_inside_the_checkout_tells_the_checkouts_commit(folder: Path) -> None:
    commit_a_file(folder)
    (folder / "package").mkdir()
    (folder / "package" / "module.py").touch()
    git(folder, "add", "package")
    git(folder, "commit", "--quiet", "--message", "Add a package")
    assert fingerprint(folder / "package")["git.commit"] == git(folder, "rev-parse", "HEAD")


@needs_git
def test_a_package_installed_inside_somebody_elses_checkout_tells_no_commit(folder: Path) -> None:
    commit_a_file(folder)
    (folder / "site-packages").mkdir()
    (folder / "site-packages" / "module.py").touch()
    assert not [name for name in fingerprint(folder / "site-packages") if name.startswith("git.")]


@needs_git
def test_outside_a_checkout_no_commit_is_told(folder: Path) -> None:
    assert not [name for name in fingerprint(folder) if name.startswith("git.")]


def test_without_git_no_commit_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(folder))
    assert not [name for name in fingerprint(folder) if name.startswith("git.")]


def test_without_a_driver_no_card_is_told(folder: Path) -> None:
    assert not [name for name in fingerprint(folder) if name.startswith("gpu.")]


def test_a_card_is_told_with_its_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted_nvidia(monkeypatch)
    cards = {name: value for name, value in fingerprint(folder).items() if name.startswith("gpu.")}
    assert cards == {
        "gpu.driver": "999.1",
        "gpu.count": 1,
        "gpu.0.name": "Card 0",
        "gpu.0.memory_bytes": 1 << 30,
        "gpu.0.sm_clock_mhz": 1980,
        "gpu.0.power_limit_milliwatts": 700_000,
        "gpu.0.throttle_reasons": 0,
        "gpu.0.utilisation_percent": 3,
    }


@pytest.mark.parametrize(
    ("reading", "field"),
    [
        pytest.param("nvmlDeviceGetClockInfo", "sm_clock_mhz", id="clock"),
        pytest.param("nvmlDeviceGetEnforcedPowerLimit", "power_limit_milliwatts", id="power"),
        pytest.param("nvmlDeviceGetUtilizationRates", "utilisation_percent", id="utilisation"),
        pytest.param("nvmlDeviceGetMemoryInfo", "memory_bytes", id="memory shared with the processor"),
    ],
)
def test_what_a_card_does_not_tell_is_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, reading: str, field: str
) -> None:
    planted_nvidia(monkeypatch, **{reading: refuse_to_tell})
    found = fingerprint(folder)
    assert f"gpu.0.{field}" not in found
    assert found["gpu.0.name"] == "Card 0"


def test_which_specimen_a_card_is_goes_into_no_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted_nvidia(monkeypatch, nvmlDeviceGetUUID=lambda handle: f"GPU-{handle}")
    assert read_graphics().uuids == ("GPU-0",)
    assert not [value for value in fingerprint(folder).values() if "GPU-" in str(value)]
    planted_nvidia(monkeypatch, nvmlDeviceGetUUID=refuse_to_tell)
    assert read_graphics().uuids == ("",)


def test_the_priority_of_the_process_is_recorded(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    assert fingerprint(folder)["process.niceness"] == os.getpriority(os.PRIO_PROCESS, 0)
    monkeypatch.setattr(psutil.Process, "nice", lambda _: 19)
    assert fingerprint(folder)["process.niceness"] == 19
