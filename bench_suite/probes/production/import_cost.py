"""What ``import`` costs: seconds, resident memory and modules loaded, in fresh processes, without computing anything.

It never builds a model. The packages are those of the framework's line; a device is not touched.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Sequence
from typing import Any

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, libraries
from speedscore.bench_suite.probes.tools import Tools

PROCESSES = 3
"""The first may have to read the files from the disk."""
_THIS = "speedscore.bench_suite.probes.production.import_cost"


def list_cases() -> Sequence[ProbeCase]:
    """One a framework."""
    return [ProbeCase("import", framework=line.id, is_quick=True) for line in libraries()]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Import the framework's packages in some fresh processes, one after the other."""
    line = FRAMEWORKS[case.framework]
    seconds, rss_bytes, modules, versions = [], [], [], {}
    for _ in range(PROCESSES):
        process = tools.start()
        imported = process.call(f"{_THIS}:import_packages", packages=line.packages)
        seconds.append(imported["seconds"])
        rss_bytes.append(imported["rss_bytes"])
        modules.append(imported["modules"])
        versions = process.versions(*line.distributions)
        process.close()
    return Answer(
        "imported",
        tuple(seconds),
        versions,
        measurements={"import_seconds": seconds, "import_rss_bytes": rss_bytes, "imported_modules": modules},
    )


def import_packages(memory: dict[str, Any], *, packages: Sequence[str]) -> dict[str, float]:
    """Runs in the framework's process: seconds of importing, and what it added to memory and modules."""
    import psutil  # here, for it is no part of what is measured

    del memory
    before = psutil.Process().memory_info().rss
    modules = len(sys.modules)
    began = time.perf_counter()
    for package in packages:
        importlib.import_module(package)
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "modules": len(sys.modules) - modules,
        "rss_bytes": max(0, psutil.Process().memory_info().rss - before),
    }
