"""A figure that no processor could reach is no figure, and one that is merely good stands."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.measuring.plausibility import GEMM_TIMES, MOST_OF_GEMM, why_impossible


@pytest.mark.parametrize(
    ("flops", "gemm", "peak", "said"),
    [
        (100, 100.0, None, ""),
        (250, 100.0, None, ""),
        (251, 100.0, None, "251 % of a large matrix product"),
        (100, None, 100.0, ""),
        (101, None, 100.0, "101 % of the device's peak"),
        (275, None, None, ""),
        (0, 100.0, 100.0, ""),
    ],
    ids=["as fast", "at the limit", "beyond", "at the peak", "beyond the peak", "unknown", "no operations"],
)
def test_steps_that_did_too_much_cannot_have_done_it(
    flops: int, gemm: float | None, peak: float | None, said: str
) -> None:
    reason = why_impossible(flops, [1.0, 1.0, 0.1], gemm_flops_per_second=gemm, peak_flops_per_second=peak)
    assert said in reason
    assert bool(reason) == bool(said)


def test_in_bfloat16_a_processor_may_beat_its_float32_product_by_as_much_as_it_can() -> None:
    most = int(100 * MOST_OF_GEMM * GEMM_TIMES["bfloat16"])
    for flops, is_possible in ((most, True), (most + 1, False)):
        reason = why_impossible(
            flops, [1.0], gemm_flops_per_second=100.0, peak_flops_per_second=None, precision="bfloat16"
        )
        assert (reason == "") == is_possible
