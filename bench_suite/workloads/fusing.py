"""Query, key and value as one: three canonical kernels side by side, for the one product that every framework makes.

In NumPy, on canonical names and layouts, and so the same for every framework; it never sees a framework's own arrays.
"""

from __future__ import annotations

import numpy as np

from speedscore.bench_suite.workloads.transformer import ATTENTION_PARTS
from speedscore.bench_suite.workloads.workload import Weights

_FUSED = "qkv"


def fuse(weights: Weights) -> Weights:
    """With ``….qkv.kernel`` [D, 3D] and ``….qkv.bias`` [3D] in the place of query, key and value; the rest as it is."""
    fused = {name: value for name, value in weights.items() if not any(f".{part}." in name for part in ATTENTION_PARTS)}
    for name in weights:
        if ".query." in name:
            parts = [weights[name.replace(".query.", f".{part}.")] for part in ATTENTION_PARTS]
            fused[name.replace(".query.", f".{_FUSED}.")] = np.concatenate(parts, axis=-1)
    return fused


def split(weights: Weights) -> Weights:
    """The other way round than ``fuse``."""
    canonical: Weights = {}
    for name, value in weights.items():
        if f".{_FUSED}." in name:
            thirds = np.split(value, len(ATTENTION_PARTS), axis=-1)
            for part, third in zip(ATTENTION_PARTS, thirds, strict=True):
                canonical[name.replace(f".{_FUSED}.", f".{part}.")] = third
        else:
            canonical[name] = value
    return canonical
