"""Random numbers of Flax NNX from one seed: the streams of ``nnx.Rngs``."""

from __future__ import annotations

from typing import Any

from flax import nnx

from speedscore.bench_suite.frameworks.digests import digest_arrays
from speedscore.bench_suite.frameworks.jax.probing.random_numbers import draw_from


def draw(memory: dict[str, Any], *, seed: int) -> dict[str, str]:
    """Digests of some of each kind."""
    del memory
    rngs = nnx.Rngs(seed)
    return digest_arrays(draw_from([rngs.params() for _ in range(4)]))
