"""What figures are held against, measured in the process that made them: a matrix product, and an empty step.

Neither is a benchmark of a framework. A peak from a datasheet says little of a shared processor; a large product that
its best library runs on the same threads, in the same minute, says what could have been reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from speedscore.bench_suite.workloads.presets import STANDARD_GAUGING, Gauging
from speedscore.host.clock import seconds


def gemm_flops_per_second(gauging: Gauging = STANDARD_GAUGING) -> float:
    """Rate of a float32 product of two square matrices in NumPy; of the fastest of at least three.

    It stands for what could have been reached, and whatever else runs on the machine only takes from that: by the
    median, honest programs were faster than twice the product on a busy machine, and refused.
    """
    return max(rate for rate, _ in _product_rates(gauging))


def attainable_flops_per_second(gauging: Gauging = STANDARD_GAUGING, *, threads: int) -> float:
    """What so many threads could have reached, also where processors were withheld meanwhile.

    The time that the threads ran, by the system's own account, has nothing in it of what others took. The product runs
    on all of them, so its share of that time is the least that it could have taken.
    """
    return max(max(rate, threads * rate_of_thread) for rate, rate_of_thread in _product_rates(gauging))


def _product_rates(gauging: Gauging) -> Iterator[tuple[float, float]]:
    """Operations a second of each product, by the clock and by the time that the process had on processors."""
    shape = (gauging.gemm_size, gauging.gemm_size)
    generator = np.random.default_rng(0)
    left, right = (generator.standard_normal(shape, dtype=np.float32) for _ in range(2))
    out = left @ right
    operations = 2 * gauging.gemm_size**3
    times: list[float] = []
    while sum(times) < gauging.gemm_seconds or len(times) < 3:
        processor_started, started = time.process_time(), seconds()
        np.matmul(left, right, out=out)
        times.append(seconds() - started)
        processor_seconds = time.process_time() - processor_started
        yield operations / times[-1], operations / processor_seconds if processor_seconds else 0.0


def call_seconds(call: Callable[[], None], gauging: Gauging = STANDARD_GAUGING) -> tuple[float, ...]:
    """Seconds of one call, by sample; each sample is the mean of as many calls as fill its time."""
    started = seconds()
    call()
    call()
    calls = max(1, round(gauging.call_sample_seconds / max(1e-9, (seconds() - started) / 2)))
    samples = []
    for _ in range(gauging.call_samples):
        started = seconds()
        for _ in range(calls):
            call()
        samples.append((seconds() - started) / calls)
    return tuple(samples)
