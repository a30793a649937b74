"""Whether a figure can be what it says: no program computes faster than the device that it ran on.

It judges what was measured against a matrix product of the same block, or against the device's datasheet. It measures
nothing, and knows nothing of why a program would seem so fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from speedscore.bench_suite.measuring.outcomes import CaseFailed, CaseMeasured, CaseOutcome
from speedscore.host.peaks import peak_flops_per_second

GEMM_ALLOWANCE = 1.25
"""So much of the fastest matrix product of a block may a case reach. NumPy's own is no limit of the processor: honest
perceptrons of XLA, whose library is another, reached 1.07 of it on one machine, and a product is timed for a moment."""
PEAK_ALLOWANCE = 1.05
"""So much of a datasheet's peak: a device may run at a clock a little above the one that its maker reckons with."""


class ImpossibleRate(RuntimeError):
    """A case ran faster than its device computes. The message says how much, and against what."""


def fastest_gemm(outcomes: Iterable[CaseOutcome]) -> float | None:
    """FLOP/s of the fastest matrix product that the workers of a block measured; None where none did."""
    rates = [
        outcome.gauged.gemm_flops_per_second
        for outcome in outcomes
        if isinstance(outcome, CaseMeasured) and outcome.gauged is not None
    ]
    return max((rate for rate in rates if rate is not None), default=None)


def refuse_impossible(outcome: CaseOutcome, *, gemm_flops_per_second: float | None) -> CaseOutcome:
    """The outcome, or its failure where the median round computed more than the device can."""
    if not isinstance(outcome, CaseMeasured):
        return outcome
    rate = outcome.flops / median(outcome.rounds_seconds)
    peak = peak_flops_per_second(str(outcome.program.device_kind), "float32")
    if peak is not None and rate > PEAK_ALLOWANCE * peak.flops_per_second:
        return _refused(rate / peak.flops_per_second, f"the device's peak ({peak.source})", PEAK_ALLOWANCE)
    on_host = outcome.gauged is not None and outcome.gauged.gemm_flops_per_second is not None
    if on_host and gemm_flops_per_second is not None and rate > GEMM_ALLOWANCE * gemm_flops_per_second:
        measured = f"the fastest matrix product measured in this block ({gemm_flops_per_second / 1e9:.3g} GFLOP/s)"
        return _refused(rate / gemm_flops_per_second, measured, GEMM_ALLOWANCE)
    return outcome


def _refused(share: float, measured: str, allowance: float) -> CaseFailed:
    return CaseFailed(
        ImpossibleRate(
            f"ran at {100 * share:.0f} % of {measured}: it cannot have done the work (up to {100 * allowance:.0f} % is "
            "allowed); look for a pass whose result is dropped or remembered, or, where every case of the block is so "
            "fast, for a container's quota that throttled the product"
        )
    )
