"""Environments beside this one, for packages that cannot live in it: made once, kept, and found again by their pins.

Each is a file ``environments/<name>.txt`` of exact versions. Nothing is ever installed into this environment, and none
is changed once it is made: other pins are another environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from speedscore.bench_suite.probes.probe import ProbeUnavailable

_PINS = Path(__file__).parent / "environments"
_LIMIT_SECONDS = 900.0
_DONE = ".complete"
_SHOWN_LINES = 3


def environments_folder() -> Path:
    """Where they are kept: ``speedscore/environments`` in the user's folder of caches (XDG Base Directory 0.8)."""
    caches = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(caches) if Path(caches).is_absolute() else Path.home() / ".cache") / "speedscore" / "environments"


def find_environment(name: str) -> Path:
    """The interpreter of the environment of that name; it is made where there is none.

    Raises ProbeUnavailable where it cannot be made, with the installer's own last words; LookupError where there is no
    such file of pins.
    """
    pins_file = _PINS / f"{name}.txt"
    if not pins_file.is_file():
        raise LookupError(f"there is no environment {name!r}: expected {pins_file}")
    pins = pins_file.read_text()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(f"{version}\n{sys.prefix}\n{pins}".encode()).hexdigest()[:12]
    folder = environments_folder() / f"{name}-{digest}"
    python = folder / "bin" / "python"
    if (folder / _DONE).is_file():
        return python
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f"{folder.name}.lock").open("w") as lock:
            # Another session may be making it; what it has made by then is found below.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / _DONE).is_file():
                _make(folder, pins_file)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ProbeUnavailable(
            f"needs an environment of its own, which cannot be made here ({_words(error)}); to see why: "
            f"python -m venv /tmp/{name} && /tmp/{name}/bin/python -m pip install -r {pins_file}"
        ) from None
    return python


def _make(folder: Path, pins_file: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True, symlinks=True)
    # Our own constraints are for this environment; the pins of that one are all in its file.
    variables = {name: value for name, value in os.environ.items() if name not in ("PIP_CONSTRAINT", "PYTHONPATH")}
    subprocess.run(
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(pins_file)],
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        env=variables | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    (folder / _DONE).touch()


def _words(error: Exception) -> str:
    text = getattr(error, "stderr", None) or str(error)
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    return "; ".join(lines[-_SHOWN_LINES:]) or type(error).__name__
