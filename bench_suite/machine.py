"""The fingerprint of the machine and of pytest's side: what a figure must be read with.

Flat dotted names and plain values, so that two runs can be compared field by field. What cannot be read is left out;
nothing is guessed, and no framework is imported: versions come from package metadata.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pynvml

from bench_suite.record import Scalar
from bench_suite.workers.isolation import RECORDED_VARIABLES, allowed_processors

PACKAGES = (
    "jax",
    "jaxlib",
    "libtpu",
    "numpy",
    "optax",
    "pytest",
    "pytest-benchmark",
    "speedscore",
    "torch",
    "torch-xla",
)


def fingerprint(source: Path) -> dict[str, Scalar]:
    """Everything that can be read here. ``source`` is a folder of the checkout whose commit is recorded."""
    return {
        **_system(),
        **_processor(),
        **_accelerators(),
        **_packages(),
        **_git(source),
        **{f"variable.{name}": os.environ[name] for name in RECORDED_VARIABLES if name in os.environ},
    }


def _system() -> dict[str, Scalar]:
    return {
        "system.name": platform.system(),
        "system.release": platform.release(),
        "system.machine": platform.machine(),
        "python.version": platform.python_version(),
        "memory.total_bytes": psutil.virtual_memory().total,
    }


def _processor() -> dict[str, Scalar]:
    found: dict[str, Scalar] = {
        "cpu.logical": psutil.cpu_count(logical=True),
        "cpu.physical": psutil.cpu_count(logical=False),
        "cpu.affinity": ",".join(map(str, allowed_processors())),
    }
    for line in _lines(Path("/proc/cpuinfo")):
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            found["cpu.model"] = value.strip()
            break
    governor = _lines(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
    if governor:
        found["cpu.governor"] = governor[0]
    return found


def _accelerators() -> dict[str, Scalar]:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return {}
    found: dict[str, Scalar] = {}
    try:
        found["gpu.driver"] = str(pynvml.nvmlSystemGetDriverVersion())
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            prefix = f"gpu.{index}"
            found[f"{prefix}.name"] = str(pynvml.nvmlDeviceGetName(handle))
            found[f"{prefix}.memory_bytes"] = int(pynvml.nvmlDeviceGetMemoryInfo(handle).total)
            for name, read in _GPU_READINGS.items():
                try:
                    found[f"{prefix}.{name}"] = int(read(handle))
                except pynvml.NVMLError:
                    # Some cards and virtual machines do not tell; the field is then missing, not zero.
                    continue
    finally:
        pynvml.nvmlShutdown()
    return found


_GPU_READINGS: dict[str, Callable[[Any], Any]] = {
    "sm_clock_mhz": lambda handle: pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM),
    "power_limit_milliwatts": lambda handle: pynvml.nvmlDeviceGetEnforcedPowerLimit(handle),
    "throttle_reasons": lambda handle: pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle),
    "utilisation_percent": lambda handle: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu,
}


def _packages() -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for name in PACKAGES:
        try:
            found[f"package.{name}"] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git(source: Path) -> dict[str, Scalar]:
    commit = _git_says(source, "rev-parse", "HEAD")
    if not commit:
        return {}
    return {"git.commit": commit, "git.dirty": bool(_git_says(source, "status", "--porcelain"))}


def _git_says(source: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=source, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
