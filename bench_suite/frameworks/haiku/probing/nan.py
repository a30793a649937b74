"""A step of Haiku that can give a NaN; the switch is JAX's."""

from __future__ import annotations

from typing import Any

import haiku as hk
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.jax.probing.nan import INPUTS_SHAPE, jit_step, switch
from speedscore.bench_suite.frameworks.nan_steps import HEALTHY_OFFSET, WEIGHT, WIDTH, Step

__all__ = ["make_step", "switch"]


def make_step(*, operation: str, mode: str) -> Step:
    del mode

    def forward(inputs: Any, offset: Any) -> Any:
        constant = hk.initializers.Constant(WEIGHT)
        hidden = jnp.tanh(hk.Linear(WIDTH, w_init=constant)(inputs))
        values = hk.Linear(WIDTH, w_init=constant)(hidden) + offset
        if operation == "log":
            return jnp.log(values).mean()  # NaN by log
        return jnp.sqrt(values).mean()  # NaN by sqrt

    model: Any = hk.without_apply_rng(hk.transform(forward))
    return jit_step(model.apply, model.init(None, jnp.ones(INPUTS_SHAPE), HEALTHY_OFFSET))
