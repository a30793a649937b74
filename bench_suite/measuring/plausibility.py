"""Whether a figure can be true: a step that did more than its processors can do has not done its work.

It knows the model's own operations and what a large matrix product achieved on the same threads, or the device's
datasheet. It measures nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32

MOST_OF_GEMM = 2.5
"""Times what a large float32 matrix product of NumPy achieved, the fastest of up to nine. It is above 1 since a
framework's own product may be the better one (1.10 on two quiet processors: JAX, passes of the perceptron), and since
a virtual machine's neighbours slow whatever runs beside them where no counter tells: an honest program has been seen at
1.53 of the fastest."""
MOST_WHERE_BUSY = 4.0
"""The same where others were seen to use the processors while the product was timed. Against a single product, which is
no longer what it is held against, an honest program has been seen at 4.4."""


def most_of_gemm(precision: Precision, *, busy: bool) -> float:
    """Times the product that a step may be as fast as."""
    return (MOST_WHERE_BUSY if busy else MOST_OF_GEMM) * GEMM_TIMES[precision]


def flops_rate(flops: int, rounds_seconds: Sequence[float]) -> float:
    """Operations a second of the middle round; 0 where nothing is known of them."""
    return flops / median(rounds_seconds) if rounds_seconds else 0.0


GEMM_TIMES: dict[Precision, float] = {"float32": 1.0, "tf32": 1.0, "bfloat16": 32.0}
"""How many times as fast a processor can multiply in a precision as in float32, which NumPy measures. Intel's
tiles (AMX) do 2,048 operations of bfloat16 a cycle and core, its two units of AVX-512 do 64 of float32, and 128 of
bfloat16 (Intel 64 and IA-32 Architectures Optimization Reference Manual)."""


def why_impossible(
    flops: int,
    rounds_seconds: Sequence[float],
    *,
    gemm_flops_per_second: float | None,
    peak_flops_per_second: float | None,
    precision: Precision = FLOAT32,
    busy: bool = False,
) -> str:
    """Why steps of so many operations cannot have taken so short; empty where they can, or nothing is known.

    ``busy``: others used the processors while the product was timed.
    """
    if not flops or not rounds_seconds:
        return ""
    rate = flops_rate(flops, rounds_seconds)
    for limit, most, what in (
        (gemm_flops_per_second, most_of_gemm(precision, busy=busy), "a large matrix product on the same threads"),
        (peak_flops_per_second, 1.0, "the device's peak by its datasheet"),
    ):
        if limit and rate > most * limit:
            return (
                f"{rate / 1e9:.0f} GFLOP/s is {100 * rate / limit:.0f} % of {what}, and at most {100 * most:.0f} % "
                "can be: the steps cannot have done their work"
            )
    return ""
