"""The fingerprint of the machine and of pytest's side: what a figure must be read with.

Flat dotted names and plain values, so that two runs can be compared field by field. What cannot be read is left out;
nothing is guessed, and no framework is imported: versions come from package metadata.
"""

from __future__ import annotations

import itertools
import os
import platform
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import psutil

from speedscore.host.control_groups import memory_limit_bytes, quota_processors
from speedscore.host.fields import Scalar
from speedscore.host.git import git_says
from speedscore.host.graphics import ask_graphics
from speedscore.host.processors import allowed_processors
from speedscore.host.variables import CHECKOUT, recorded_variables

PACKAGES = (
    "dm-haiku",
    "equinox",
    "flax",
    "jax",
    "jaxlib",
    "keras",
    "libtpu",
    "numpy",
    "optax",
    "pytest",
    "pytest-benchmark",
    "speedscore",
    "tensorflow",
    "torch",
    "torch-xla",
)

_GENERATION = ("cpu family", "model", "CPU implementer", "CPU part")
_VECTOR_INSTRUCTIONS = re.compile(r"sse4|avx|amx|fma|f16c|asimd|sve|bf16|i8mm")
"""Beginnings of names that Linux gives them, on x86 and on ARM. Other flags come and go with the kernel."""

BUSY_FROM = 0.2
"""Processors taken by others from which a person is warned; an idle machine's own housekeeping stays below."""


def fingerprint(source: Path) -> dict[str, Scalar]:
    """Everything that can be read here. ``source`` is a folder of the checkout whose commit is recorded."""
    return {
        **_system(),
        **_processor(),
        **ask_graphics().fields,
        **_packages(),
        **_git(source),
        **{f"variable.{name}": value for name, value in recorded_variables().items()},
    }


def busy_processors(look_seconds: float) -> float:
    """How many processors are at work right now, over the time given; asked while nothing of ours runs."""
    return psutil.cpu_percent(interval=look_seconds) / 100 * (psutil.cpu_count(logical=True) or 1)


def processor_kind() -> str:
    """The name with generation and vector instructions, as far as the system tells: one name may stand for several."""
    known = {"cpu.model": platform.machine(), **_processor()}
    named = ("cpu.model", "cpu.generation", "cpu.vector_instructions")
    return "; ".join(str(known[name]) for name in named if name in known)


def _system() -> dict[str, Scalar]:
    return {
        "system.name": platform.system(),
        "system.release": platform.release(),
        "system.machine": platform.machine(),
        "python.version": platform.python_version(),
        "python.implementation": platform.python_implementation(),
        "python.compiler": platform.python_compiler(),
        # Of the process, which its workers inherit: below others it waits for them.
        "process.niceness": psutil.Process().nice(),
        "memory.total_bytes": psutil.virtual_memory().total,
        "memory.limit_bytes": _limit(memory_limit_bytes()),
    }


def _processor() -> dict[str, Scalar]:
    fields: dict[str, Scalar] = {
        "cpu.logical": psutil.cpu_count(logical=True),
        "cpu.physical": psutil.cpu_count(logical=False),
        "cpu.affinity": ",".join(map(str, allowed_processors())),
        "cpu.quota_processors": _limit(quota_processors()),
    }
    fields |= _first_processor(_lines(Path("/proc/cpuinfo")))
    governor = _lines(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
    if governor:
        fields["cpu.governor"] = governor[0]
    return fields


def _first_processor(lines: Sequence[str]) -> dict[str, Scalar]:
    """What Linux says of it.

    A cloud gives several generations one name ("AMD EPYC"), and libraries choose their kernels by the instructions.
    """
    said: dict[str, str] = {}
    for line in itertools.takewhile(str.strip, lines):
        name, _, value = line.partition(":")
        said[name.strip()] = value.strip()
    generation = ", ".join(f"{name} {said[name]}" for name in _GENERATION if name in said)
    flags = said.get("flags", said.get("Features", "")).split()
    vectors = " ".join(sorted(flag for flag in flags if _VECTOR_INSTRUCTIONS.match(flag)))
    found = {"cpu.model": said.get("model name", ""), "cpu.generation": generation, "cpu.vector_instructions": vectors}
    return {name: value for name, value in found.items() if value}


def _limit(value: float | None) -> Scalar:
    """No limit is said in a word: a field that is missing would only be one that an older run did not record."""
    return "none" if value is None else value


def _packages() -> dict[str, Scalar]:
    fields: dict[str, Scalar] = {}
    for name in PACKAGES:
        try:
            fields[f"package.{name}"] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return fields


def _git(source: Path) -> dict[str, Scalar]:
    travelled, _, rest = os.environ.get(CHECKOUT, "").partition(" ")
    dirty, _, root = rest.partition(" ")
    if root and source.resolve().is_relative_to(Path(root).resolve()):
        return {"git.commit": travelled, "git.dirty": dirty == "1"}
    commit = git_says(source, "rev-parse", "HEAD")
    # An installed package may lie inside somebody else's repository, whose commit says nothing about ours.
    if not commit or not git_says(source, "ls-files", "--", "."):
        return {}
    return {"git.commit": commit, "git.dirty": bool(git_says(source, "status", "--porcelain"))}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
