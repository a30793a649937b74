"""The process that runs checks: ``python -m tests.bench_suite.frameworks.checks.process MODULE THREADS CHECK …``.

It prints a line of JSON for each check as soon as it has ended. A check that fails does not keep the next from running.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback

from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.running import PACKAGE


def main(module: str, threads: int, names: list[str]) -> None:
    programs.set_threads(threads)
    checks = importlib.import_module(f"{PACKAGE}.{module}")
    for name in names:
        function, _, program = name.partition(" ")
        outcome: dict[str, object] = {"name": name}
        try:
            outcome["facts"] = getattr(checks, function)(*([program] if program else []))
        except Exception:  # noqa: BLE001  # whatever it is, it is what the test shows
            outcome["traceback"] = traceback.format_exc()
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
