"""Runs a small program in the process of its framework. It imports nothing itself."""

from __future__ import annotations

import runpy
import time
from typing import Any


def run_program(memory: dict[str, Any], *, path: str) -> dict[str, Any]:
    """Its seconds, imports included, and what it left: ``losses``, and ``devices`` where it says how many it used."""
    del memory
    began = time.perf_counter()
    variables = runpy.run_path(path)
    return {
        "seconds": time.perf_counter() - began,
        "losses": [float(loss) for loss in variables["losses"]],
        "devices": int(variables.get("devices", 1)),
    }
