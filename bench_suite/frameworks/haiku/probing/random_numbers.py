"""Random numbers of Haiku from one seed: the keys that ``hk.next_rng_key`` hands to a transformed function."""

from __future__ import annotations

from typing import Any

import haiku as hk
import jax

from speedscore.bench_suite.frameworks.digests import digest_arrays
from speedscore.bench_suite.frameworks.jax.probing.random_numbers import draw_from


def draw(memory: dict[str, Any], *, seed: int) -> dict[str, str]:
    """Digests of some of each kind."""
    del memory
    transformed = hk.transform(lambda: draw_from([hk.next_rng_key() for _ in range(4)]))
    return digest_arrays(transformed.apply({}, jax.random.key(seed)))
