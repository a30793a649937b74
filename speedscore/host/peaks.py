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


def _tensor_cores(precision: Precision, teraflops: float, datasheet: str) -> Peak:
    return Peak(teraflops * 1e12, precision, f"NVIDIA {datasheet} datasheet, {precision} tensor cores without sparsity")


def _both(tf32: float, bfloat16: float, datasheet: str) -> dict[Precision, Peak]:
    return {
        "tf32": _tensor_cores("tf32", tf32, datasheet),
        "bfloat16": _tensor_cores("bfloat16", bfloat16, datasheet),
    }


def _tpu(teraflops: float, name: str) -> dict[Precision, Peak]:
    return {
        "bfloat16": Peak(teraflops * 1e12, "bfloat16", f"Google Cloud TPU documentation, {name}, peak a chip (bf16)")
    }


_A100_TENSOR = _both(156.0, 312.0, "A100")
_H100_SXM_TENSOR = _both(494.7, 989.4, "H100 SXM")

TENSOR_PEAKS: dict[str, dict[Precision, Peak]] = {
    "NVIDIA A10": _both(62.5, 125.0, "A10"),
    "NVIDIA A40": _both(74.8, 149.7, "A40"),
    "NVIDIA A100-PCIE-40GB": _A100_TENSOR,
    "NVIDIA A100 80GB PCIe": _A100_TENSOR,
    "NVIDIA A100-SXM4-40GB": _A100_TENSOR,
    "NVIDIA A100-SXM4-80GB": _A100_TENSOR,
    "NVIDIA L4": _both(60.0, 121.0, "L4"),
    "NVIDIA L40": _both(90.5, 181.0, "L40"),
    "NVIDIA L40S": _both(183.0, 362.0, "L40S"),
    "NVIDIA H100 PCIe": _both(378.0, 756.0, "H100 PCIe"),
    "NVIDIA H100 80GB HBM3": _H100_SXM_TENSOR,
    "NVIDIA H200": _both(494.7, 989.4, "H200 SXM"),
    # As JAX calls them: v5e and v6e are "lite".
    "TPU v4": _tpu(275.0, "v4"),
    "TPU v5 lite": _tpu(197.0, "v5e"),
    "TPU v5": _tpu(459.0, "v5p"),
    "TPU v6 lite": _tpu(918.0, "v6e"),
}
"""By the whole name, as above. Datasheets print the figure with sparsity first, which is twice these: no dense product
comes near it. The T4 and the V100 have tensor cores for neither."""


def peak_flops_per_second(device_kind: str, precision: Precision) -> Peak | None:
    """The peak of a device; None where none is known, and ``why_no_peak`` says why.

    ``device_kind`` is what JAX calls ``device.device_kind`` and PyTorch ``torch.cuda.get_device_name()``.
    """
    if precision == "float32":
        return FLOAT32_PEAKS.get(device_kind)
    return TENSOR_PEAKS.get(device_kind, {}).get(precision)


def why_no_peak(device_kind: str, precision: Precision) -> str:
    """Empty when there is a peak."""
    if peak_flops_per_second(device_kind, precision) is not None:
        return ""
    if device_kind.startswith("TPU"):
        return f"Google publishes peaks of the {device_kind} in bfloat16 and int8, none in {precision}"
    if device_kind == "cpu":
        return "a processor's peak follows from its clock, which changes with what it computes"
    return f"no {precision} peak is listed for the device kind {device_kind!r}"
