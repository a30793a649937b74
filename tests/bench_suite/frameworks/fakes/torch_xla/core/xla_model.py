"""The device's name, memory and waiting, as torch_xla answers for a TPU."""

from __future__ import annotations

import torch

import torch_xla

hardware = "TPU"
"""A test puts another name here."""


def xla_device_hw(device: torch.device) -> str:
    del device
    return hardware


def xla_device_kind(device: torch.device) -> str:
    del device
    return "TPU v0"


def wait_device_ops() -> None:
    torch_xla.calls.append("wait")


def get_memory_info(device: torch.device) -> dict[str, int]:
    del device
    return {"bytes_used": 1, "bytes_limit": 3, "peak_bytes_used": 2}
