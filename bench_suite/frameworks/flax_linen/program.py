"""A workload as a Flax Linen program: ``module.apply`` as a pure function, driven exactly as raw JAX is.

Linen brings no jit of its own, and its ``TrainState`` holds no more than the trees that are carried here; so nothing
but the model can make it slower or faster than raw JAX. A model's file gives a ``PureModel``.
"""

from __future__ import annotations

from functools import partial

from speedscore.bench_suite.frameworks.jax.building import make_builder
from speedscore.bench_suite.frameworks.jax.driver import PureDriver

build = make_builder("Flax Linen", drivers={"": partial(PureDriver, variant="apply under jax.jit")}, packages=("flax",))
