"""Datasheet peaks of the devices that have one, by the name that JAX and PyTorch give a device.

A share of a peak means something only beside the peak's own number, type and source. It never guesses: a name that is
not in the table has no peak, however much it resembles one that is.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Precision = Literal["float32", "tf32", "bfloat16"]
"""What a peak is of. ``float32`` is float32 throughout: no TF32 on a GPU, no bfloat16 passes on a TPU."""


class Peak(msgspec.Struct, frozen=True):
    """What a maker promises of one device."""

    flops_per_second: float
    """Dense; a multiply and an add are two."""
    precision: Precision
    source: str
    """Who publishes it, where, and as what."""


def _nvidia(teraflops: float, datasheet: str) -> Peak:
    return Peak(teraflops * 1e12, "float32", f"NVIDIA {datasheet} datasheet, peak FP32 outside of the tensor cores")


_A100 = _nvidia(19.5, "A100")
_H100_SXM = _nvidia(67.0, "H100 SXM")
_V100_SXM2 = _nvidia(15.7, "Tesla V100 SXM2")
_V100_PCIE = _nvidia(14.0, "Tesla V100 PCIe")

FLOAT32_PEAKS = {
    "Tesla T4": _nvidia(8.1, "T4"),
    "Tesla V100-PCIE-16GB": _V100_PCIE,
    "Tesla V100-PCIE-32GB": _V100_PCIE,
    "Tesla V100-SXM2-16GB": _V100_SXM2,
    "Tesla V100-SXM2-32GB": _V100_SXM2,
    "NVIDIA A10": _nvidia(31.2, "A10"),
    "NVIDIA A40": _nvidia(37.4, "A40"),
    "NVIDIA A100-PCIE-40GB": _A100,
    "NVIDIA A100 80GB PCIe": _A100,
    "NVIDIA A100-SXM4-40GB": _A100,
    "NVIDIA A100-SXM4-80GB": _A100,
    "NVIDIA L4": _nvidia(30.3, "L4"),
    "NVIDIA L40": _nvidia(90.5, "L40"),
    "NVIDIA L40S": _nvidia(91.6, "L40S"),
    "NVIDIA H100 PCIe": _nvidia(51.0, "H100 PCIe"),
    "NVIDIA H100 80GB HBM3": _H100_SXM,
    "NVIDIA H200": _nvidia(67.0, "H200 SXM"),
}
"""By the whole name: a slice of a card (``... MIG 1g.5gb``) has another peak, and so has a card of another form.

Not here, because sources disagree on them or none was found: B200 (75 or 80), A10G, A30, H100 NVL, H200 NVL.
"""


def peak_flops_per_second(device_kind: str, precision: Precision) -> Peak | None:
    """The peak of a device; None where none is known, and ``why_no_peak`` says why.

    ``device_kind`` is what JAX calls ``device.device_kind`` and PyTorch ``torch.cuda.get_device_name()``.
    """
    return FLOAT32_PEAKS.get(device_kind) if precision == "float32" else None


def why_no_peak(device_kind: str, precision: Precision) -> str:
    """Empty when there is a peak."""
    if peak_flops_per_second(device_kind, precision) is not None:
        return ""
    if device_kind.startswith("TPU"):
        return f"Google publishes peaks of the {device_kind} in bfloat16 and int8, none in {precision}"
    if device_kind == "cpu":
        return "a processor's peak follows from its clock, which changes with what it computes"
    return f"no {precision} peak is listed for the device kind {device_kind!r}"
