"""Random numbers of PyTorch from one seed."""

from __future__ import annotations

from typing import Any

import torch

from speedscore.bench_suite.frameworks.digests import digest_arrays

_SIZE = 257


def draw(memory: dict[str, Any], *, seed: int) -> dict[str, str]:
    """Digests of some of each kind."""
    del memory
    torch.manual_seed(seed)
    return digest_arrays(
        {
            "normal": torch.randn(_SIZE),
            "uniform": torch.rand(_SIZE),
            "integers": torch.randint(0, 1000, (_SIZE,)),
            "permutation": torch.randperm(_SIZE),
        }
    )
