"""Makes an environment and runs a first program in it. The second half runs under that environment's interpreter.

It imports nothing but the standard library, and whatever packages it is told to by name.
"""

from __future__ import annotations

import importlib
import os
import runpy
import subprocess
import time
import venv
from pathlib import Path
from typing import Any

_SHOWN_LINES = 3


class NotInstalled(Exception):
    """pip could not install what was asked for; the message is its own last words."""


def make_environment(memory: dict[str, Any], *, folder: str) -> float:
    """Seconds of making a bare environment with pip in it, as ``python -m venv`` does."""
    del memory
    began = time.perf_counter()
    venv.create(folder, with_pip=True, symlinks=True)
    return time.perf_counter() - began


def install(
    memory: dict[str, Any], *, folder: str, requirements: list[str], constraints: list[str]
) -> dict[str, float]:
    """Seconds of installing, and the bytes that lie there afterwards and did not before.

    Raises NotInstalled. Packages come from wherever pip is set up to get them, its cache included.
    """
    del memory
    constraints_path = Path(folder) / "constraints.txt"
    constraints_path.write_text("".join(f"{line}\n" for line in constraints))
    before_bytes = _bytes_under(Path(folder))
    began = time.perf_counter()
    done = subprocess.run(
        [
            str(Path(folder) / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--retries",
            "1",
            "--constraint",
            str(constraints_path),
            *requirements,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={
            **{name: value for name, value in os.environ.items() if name not in ("PIP_CONSTRAINT", "PYTHONPATH")},
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise NotInstalled("; ".join(lines[-_SHOWN_LINES:]) or f"pip ended with {done.returncode}")
    return {"seconds": seconds, "bytes": _bytes_under(Path(folder)) - before_bytes}


def _bytes_under(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def run_program(memory: dict[str, Any], *, path: str, packages: list[str]) -> dict[str, Any]:
    """Seconds of importing the packages and of running the program, and the values that it left in ``gradient``."""
    del memory
    began = time.perf_counter()
    for package in packages:
        importlib.import_module(package)
    imported = time.perf_counter()
    variables = runpy.run_path(path)
    gradient = variables["gradient"]
    array = gradient if hasattr(gradient, "tolist") else gradient.numpy()  # TensorFlow's have no tolist
    finished = time.perf_counter()
    return {
        "import_seconds": imported - began,
        "gradient_seconds": finished - imported,
        "gradient": _flatten(array.tolist()),
    }


def _flatten(values: Any) -> list[float]:
    return [number for part in values for number in _flatten(part)] if isinstance(values, list) else [float(values)]
