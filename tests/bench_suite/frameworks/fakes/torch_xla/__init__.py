"""The part of torch_xla that is used, with the host as its device. Its calls are as in torch_xla 2.9."""

from __future__ import annotations

import torch

__version__ = "0.0+fake"

calls: list[str] = []
"""What was called that a device would have had to do."""


def device() -> torch.device:
    return torch.device("cpu")


def sync() -> None:
    calls.append("sync")
