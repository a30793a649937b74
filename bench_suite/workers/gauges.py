"""What figures are held against, measured in the process that made them: a matrix product, and an empty step.

Neither is a benchmark of a framework. A peak from a datasheet says little of a shared processor; a large product that
its best library runs on the same threads, in the same minute, says what could have been reached.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import numpy as np

from speedscore.host.clock import seconds

GEMM_SIZE = 1536
_GEMM_SECONDS = 0.15
_SAMPLES = 30
_SAMPLE_SECONDS = 0.002


def gemm_flops_per_second() -> float:
    """Rate of a float32 product of two square matrices of ``GEMM_SIZE`` in NumPy; the median over 0.15 s."""
    generator = np.random.default_rng(0)
    left, right = (generator.standard_normal((GEMM_SIZE, GEMM_SIZE), dtype=np.float32) for _ in range(2))
    out = left @ right
    times: list[float] = []
    while sum(times) < _GEMM_SECONDS or len(times) < 3:
        started = seconds()
        np.matmul(left, right, out=out)
        times.append(seconds() - started)
    return 2 * GEMM_SIZE**3 / median(times)


def call_seconds(call: Callable[[], None]) -> tuple[float, ...]:
    """Seconds of one call, thirty times over; each sample is the mean of as many calls as fill two milliseconds."""
    started = seconds()
    call()
    call()
    calls = max(1, round(_SAMPLE_SECONDS / max(1e-9, (seconds() - started) / 2)))
    samples = []
    for _ in range(_SAMPLES):
        started = seconds()
        for _ in range(calls):
            call()
        samples.append((seconds() - started) / calls)
    return tuple(samples)
