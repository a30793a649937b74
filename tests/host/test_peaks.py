"""A peak is the maker's for exactly that device, and an unknown one says why."""

from __future__ import annotations

import pytest

from speedscore.host.peaks import FLOAT32_PEAKS, TENSOR_PEAKS, peak_flops_per_second, why_no_peak

_CORES_AND_BOOST_HERTZ = {
    "Tesla T4": (2560, 1590e6),
    "Tesla V100-PCIE-16GB": (5120, 1380e6),
    "Tesla V100-PCIE-32GB": (5120, 1380e6),
    "Tesla V100-SXM2-16GB": (5120, 1530e6),
    "Tesla V100-SXM2-32GB": (5120, 1530e6),
    "NVIDIA A10": (9216, 1695e6),
    "NVIDIA A40": (10752, 1740e6),
    "NVIDIA A100-PCIE-40GB": (6912, 1410e6),
    "NVIDIA A100 80GB PCIe": (6912, 1410e6),
    "NVIDIA A100-SXM4-40GB": (6912, 1410e6),
    "NVIDIA A100-SXM4-80GB": (6912, 1410e6),
    "NVIDIA L4": (7424, 2040e6),
    "NVIDIA L40": (18176, 2490e6),
    "NVIDIA L40S": (18176, 2520e6),
    "NVIDIA H100 PCIe": (14592, 1755e6),
    "NVIDIA H100 80GB HBM3": (16896, 1980e6),
    "NVIDIA H200": (16896, 1980e6),
}


@pytest.mark.parametrize("device_kind", FLOAT32_PEAKS)
def test_a_peak_is_two_flops_a_core_and_cycle(device_kind: str) -> None:
    cores, boost_hertz = _CORES_AND_BOOST_HERTZ[device_kind]
    peak = FLOAT32_PEAKS[device_kind]
    # Datasheets round to one place or to none.
    assert peak.flops_per_second == pytest.approx(2 * cores * boost_hertz, rel=0.011)
    assert peak.precision == "float32"
    assert peak.source.startswith("NVIDIA ")


def test_a_known_device_has_its_peak_and_nothing_to_explain() -> None:
    peak = peak_flops_per_second("NVIDIA H100 80GB HBM3", "float32")
    assert peak is not None
    assert peak.flops_per_second == 67e12
    assert why_no_peak("NVIDIA H100 80GB HBM3", "float32") == ""


@pytest.mark.parametrize(
    ("device_kind", "reason"),
    [
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "no float32 peak is listed"),
        ("NVIDIA H100", "no float32 peak is listed"),
        ("TPU v5 lite", "Google publishes peaks of the TPU v5 lite in bfloat16 and int8"),
        ("cpu", "follows from its clock"),
    ],
    ids=["slice", "form", "float32", "clock"],
)
def test_what_is_not_known_is_not_guessed(device_kind: str, reason: str) -> None:
    assert peak_flops_per_second(device_kind, "float32") is None
    assert reason in why_no_peak(device_kind, "float32")


# Without ids of their own: a name that holds a device is for -k.
@pytest.mark.parametrize("device_kind", TENSOR_PEAKS, ids=range(len(TENSOR_PEAKS)))
def test_a_peak_of_the_tensor_cores_is_dense_and_of_its_own_precision(device_kind: str) -> None:
    for precision, peak in TENSOR_PEAKS[device_kind].items():
        assert peak_flops_per_second(device_kind, precision) == peak
        assert (peak.precision, why_no_peak(device_kind, precision)) == (precision, "")
    if device_kind.startswith("NVIDIA"):
        float32 = FLOAT32_PEAKS[device_kind]
        tf32, bfloat16 = (TENSOR_PEAKS[device_kind][precision].flops_per_second for precision in ("tf32", "bfloat16"))
        assert float32.flops_per_second <= tf32
        # On every card so far, so that a figure with sparsity in one column shows.
        assert bfloat16 == pytest.approx(2 * tf32, rel=0.02)


def test_a_card_without_such_tensor_cores_has_no_peak_in_bfloat16() -> None:
    assert peak_flops_per_second("Tesla T4", "bfloat16") is None
    assert "no bfloat16 peak is listed" in why_no_peak("Tesla T4", "bfloat16")
