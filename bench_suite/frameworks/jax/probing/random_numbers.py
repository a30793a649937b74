"""Random numbers of JAX from one seed."""

from __future__ import annotations

from typing import Any

import jax

from speedscore.bench_suite.frameworks.digests import digest_arrays

_SHAPE = (257,)


def draw(memory: dict[str, Any], *, seed: int) -> dict[str, str]:
    """Digests of some of each kind."""
    del memory
    return digest_arrays(draw_from(jax.random.split(jax.random.key(seed), 4)))


def draw_from(keys: Any) -> dict[str, Any]:
    """Of each kind some, from four keys."""
    return {
        "normal": jax.random.normal(keys[0], _SHAPE),
        "uniform": jax.random.uniform(keys[1], _SHAPE),
        "integers": jax.random.randint(keys[2], _SHAPE, 0, 1000),
        "permutation": jax.random.permutation(keys[3], 257),
    }
