"""A case that seems to compute faster than its device fails, with the share and what it was held against."""

from __future__ import annotations

import msgspec
import pytest

from speedscore.bench_suite.measuring.outcomes import CaseFailed, CaseMeasured, CaseOutcome
from speedscore.bench_suite.measuring.plausible import GEMM_ALLOWANCE, ImpossibleRate, fastest_gemm, refuse_impossible
from speedscore.record.descriptions import ProgramDescription
from tests.bench_suite.measuring.fakes import FakeClock, steady
from tests.bench_suite.measuring.test_block import measured, run


def a_case(*, seconds_per_step: float, device_kind: str | None = None, gemm: float | None = 1e9) -> CaseMeasured:
    """A training step of 6e9 FLOPs."""
    honest = measured(run(FakeClock(), {"a": steady(seconds_per_step)})[0]["a"])
    assert honest.gauged is not None
    return msgspec.structs.replace(
        honest,
        flops=6_000_000_000,
        gauged=msgspec.structs.replace(honest.gauged, gemm_flops_per_second=gemm),
        program=ProgramDescription(device_kind=device_kind),
    )


def failure(outcome: CaseOutcome) -> str:
    assert isinstance(outcome, CaseFailed)
    assert isinstance(outcome.error, ImpossibleRate)
    return str(outcome.error)


def test_nobody_multiplies_matrices_much_faster_than_the_matrix_product() -> None:
    slow, fast = a_case(seconds_per_step=6.1 / GEMM_ALLOWANCE), a_case(seconds_per_step=6 / 2.75)
    assert refuse_impossible(slow, gemm_flops_per_second=1e9) is slow
    message = failure(refuse_impossible(fast, gemm_flops_per_second=1e9))
    assert message.startswith("ran at 275 % of the fastest matrix product measured in this block (1 GFLOP/s)")
    assert "it cannot have done the work" in message


def test_the_fastest_product_of_the_block_is_the_limit_of_all() -> None:
    """One that was measured while something else ran says nothing of the others."""
    disturbed, quiet = a_case(seconds_per_step=6.0, gemm=2e8), a_case(seconds_per_step=6.0)
    gemm = fastest_gemm([disturbed, quiet, CaseFailed(RuntimeError())])
    assert gemm == 1e9
    assert refuse_impossible(disturbed, gemm_flops_per_second=gemm) is disturbed


def test_nothing_is_faster_than_the_peak_of_its_datasheet() -> None:
    peak_seconds = 6e9 / 67e12
    at_peak, above = (
        a_case(seconds_per_step=peak_seconds / share, device_kind="NVIDIA H100 80GB HBM3", gemm=None)
        for share in (1.0, 1.2)
    )
    assert refuse_impossible(at_peak, gemm_flops_per_second=1e9) is at_peak
    assert failure(refuse_impossible(above, gemm_flops_per_second=1e9)).startswith(
        "ran at 120 % of the device's peak (NVIDIA H100 SXM datasheet"
    )


@pytest.mark.parametrize("seconds_per_step", [0.1, 1e-9])
def test_a_block_tells_such_a_case_as_failed(seconds_per_step: float) -> None:
    """The fake worker's product runs at 1e9, and its step has 6 FLOPs."""
    outcome = run(FakeClock(), {"a": steady(seconds_per_step)})[0]["a"]
    assert isinstance(outcome, CaseFailed) is (seconds_per_step < 6e-9 / GEMM_ALLOWANCE)
