"""A large matrix product timed in a fresh process that never sees a framework: ``python -m ...workers.product``.

What a step is held against must not come from the process that the step ran in. It reads one JSON line, a ``Product``,
and prints one number: operations a second that the processors could do. Whoever asks starts it by ``measure_product``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from speedscore.bench_suite.workers.isolation import process_variables
from speedscore.bench_suite.workloads.presets import Gauging
from speedscore.host.import_path import import_path

_LIMIT_SECONDS = 60.0


class Product(msgspec.Struct, frozen=True):
    """What is to be multiplied, and where."""

    gauging: Gauging
    affinity: tuple[int, ...]
    """Processors that it may use; one thread runs on each."""


def measure_product(product: Product) -> float | None:
    """Operations a second, in a process of its own; None where that could not be had."""
    with tempfile.TemporaryDirectory() as folder:
        variables = process_variables(processors=len(product.affinity), caches=Path(folder), device="cpu")
        try:
            done = subprocess.run(
                [sys.executable, "-m", __name__],
                input=msgspec.json.encode(product),
                env=os.environ | variables | {"PYTHONPATH": import_path()},
                capture_output=True,
                timeout=_LIMIT_SECONDS,
                check=True,
            )
            return float(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError):
            return None


def main() -> None:
    product = msgspec.json.decode(sys.stdin.buffer.read(), type=Product)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, product.affinity)
    # Only now: NumPy reads the processors and the thread variables once.
    from speedscore.bench_suite.workers.gauges import attainable_flops_per_second

    print(attainable_flops_per_second(product.gauging, threads=len(product.affinity)))


if __name__ == "__main__":
    main()
