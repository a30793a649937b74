"""What figures are held against is the rate of a large product, and the time of a call alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from speedscore.bench_suite.workers import gauges
from speedscore.bench_suite.workers.gauges import attainable_flops_per_second, call_seconds, gemm_flops_per_second
from speedscore.bench_suite.workers.product import Product, measure_product
from speedscore.bench_suite.workloads.presets import STANDARD_GAUGING, Gauging
from speedscore.host.processors import allowed_processors
from tests.clocks import FakeClock

GEMM_SIZE = STANDARD_GAUGING.gemm_size


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(gauges, "seconds", clock)
    return clock


def replace_product(monkeypatch: pytest.MonkeyPatch, clock: FakeClock, durations: list[float]) -> list[tuple[Any, ...]]:
    """Let each timed product take one of the durations, the last again and again, and say what was multiplied."""
    products: list[tuple[Any, ...]] = []

    def multiply(left: Any, right: Any, *, out: Any) -> None:
        clock.now += durations[min(len(products), len(durations) - 1)]
        products.append((left.shape, right.shape, {each.dtype for each in (left, right, out)}))

    monkeypatch.setattr(np, "matmul", multiply)
    return products


def test_the_rate_is_two_operations_for_each_term_of_a_float32_product(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    products = replace_product(monkeypatch, clock, [0.01])
    assert gemm_flops_per_second() == pytest.approx(2 * GEMM_SIZE**3 / 0.01)
    square = (GEMM_SIZE, GEMM_SIZE)
    assert set(map(repr, products)) == {repr((square, square, {np.dtype(np.float32)}))}
    assert 0.15 <= clock.now < 0.17, "long enough to be steady, short enough to cost nothing"


def test_the_rate_is_that_of_the_median_product(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    replace_product(monkeypatch, clock, [5.0, 1.0, 1.0])
    assert gemm_flops_per_second() == pytest.approx(2 * GEMM_SIZE**3 / 1.0)


def test_a_slow_product_is_timed_three_times(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    products = replace_product(monkeypatch, clock, [1.0])
    gemm_flops_per_second()
    assert len(products) == 3


def test_the_rate_of_this_machine_is_a_number_that_a_processor_can_have() -> None:
    assert 1e8 < gemm_flops_per_second() < 1e14


def test_what_others_took_of_the_processors_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    replace_product(monkeypatch, clock, [4.0])
    processor_times = iter(range(0, 100, 2))
    monkeypatch.setattr("time.process_time", lambda: float(next(processor_times)))
    # By the clock each took 4 s, and its two threads ran for 1 s each.
    assert attainable_flops_per_second(threads=2) == pytest.approx(2 * GEMM_SIZE**3 / 1.0)


def test_a_fresh_process_times_a_product_that_no_framework_is_near() -> None:
    found = measure_product(Product(Gauging(gemm_size=64, gemm_seconds=0.001), allowed_processors()))
    assert found is not None
    assert found > 1e8


@pytest.mark.parametrize(("cost_seconds", "calls_a_sample"), [(1e-6, 2000), (1e-3, 2), (0.5, 1)])
def test_a_call_is_timed_thirty_times_over_as_many_as_fill_two_milliseconds(
    clock: FakeClock, cost_seconds: float, calls_a_sample: int
) -> None:
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        clock.now += cost_seconds

    samples = call_seconds(call)
    assert samples == pytest.approx([cost_seconds] * 30)
    # Two calls come first, to see how long one takes.
    assert calls == pytest.approx(2 + 30 * calls_a_sample, rel=1e-3)
