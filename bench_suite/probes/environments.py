"""Environments beside this one, for packages that cannot live in it: made once, kept, and found again by their pins.

Each is a file ``environments/<name>.txt`` of exact versions. Nothing is ever installed into this environment, and none
is changed once it is made: other pins are another environment. One that was not made to its end is never used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from speedscore.bench_suite.probes.making import last_words, locked, run_command
from speedscore.bench_suite.probes.probe import ProbeUnavailable
from speedscore.host.caches import cache_folder

PINS = Path(__file__).parent / "environments"
"""The folder of the files of pins."""
_LIMIT_SECONDS = 1800.0
"""PyTorch's build for NVIDIA's graphics processors is some gigabytes."""
_DONE = ".complete"
_failed: dict[Path, str] = {}
"""What could not be made in this session, with the reason: a registry that cannot be reached is waited for once."""


def environments_folder() -> Path:
    """Where they are kept. Raises ProbeUnavailable where there is no such place."""
    try:
        return cache_folder("environments")
    except OSError as error:
        raise ProbeUnavailable(f"needs an environment of its own, which cannot be kept here: {error}") from None


def find_environment(name: str, *, stopped: threading.Event, pins_folder: Path = PINS) -> Path:
    """The interpreter of the environment of that name; it is made where there is none.

    Raises ProbeUnavailable where it cannot be made, with the installer's own last words; MakingStopped soon after
    ``stopped`` is set, with nothing left running; LookupError where there is no such file of pins.
    """
    pins_file = pins_folder / f"{name}.txt"
    if not pins_file.is_file():
        raise LookupError(f"there is no environment {name!r}: expected {pins_file}")
    folder = environments_folder() / f"{name}-{_digest(pins_file)}"
    if not _is_complete(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with locked(folder.with_name(f"{folder.name}.lock"), stopped=stopped) as lock:
                # Another session, or another probe of this one, may have made it by now, or have tried in vain.
                if folder not in _failed and not _is_complete(folder):
                    _make(folder, pins_file, lock=lock, stopped=stopped)
        except (OSError, subprocess.SubprocessError) as error:
            _failed[folder] = last_words(error)
    if folder in _failed:
        raise ProbeUnavailable(
            f"needs an environment of its own, which cannot be made here ({_failed[folder]}); to see why: "
            f"python -m venv /tmp/{name} && /tmp/{name}/bin/python -m pip install -r {pins_file}"
        )
    return _python(folder)


def _digest(pins_file: Path) -> str:
    """Names the pins and the Python that they are installed for."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return hashlib.sha256(f"{version}\n{sys.base_prefix}\n{pins_file.read_text()}".encode()).hexdigest()[:12]


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _is_complete(folder: Path) -> bool:
    # A link to a Python that has been uninstalled leads nowhere.
    return (folder / _DONE).is_file() and _python(folder).exists()


def _make(folder: Path, pins_file: Path, *, lock: IO[str], stopped: threading.Event) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # Constraints are for this environment; the pins of the other are all in its file.
    variables = {name: value for name, value in os.environ.items() if name not in ("PIP_CONSTRAINT", "PYTHONPATH")}
    variables |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    deadline = time.monotonic() + _LIMIT_SECONDS
    try:
        for command in _commands(folder, pins_file):
            left_seconds = deadline - time.monotonic()
            run_command(command, variables=variables, lock=lock, stopped=stopped, limit_seconds=left_seconds)
        (folder / _DONE).touch()
    finally:
        if not (folder / _DONE).is_file():
            shutil.rmtree(folder, ignore_errors=True)


def _commands(folder: Path, pins_file: Path) -> tuple[Sequence[str], ...]:
    """What makes it, one after the other."""
    pip = (str(_python(folder)), "-m", "pip", "install", "--quiet", "--retries", "1")
    return (sys.executable, "-m", "venv", str(folder)), (*pip, "--requirement", str(pins_file))
