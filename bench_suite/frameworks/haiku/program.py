"""A workload as a Haiku program: the transformed functions of its model, driven exactly as raw JAX is.

Haiku has no jit and no optimizer of its own, so nothing here but the model can make it slower or faster than raw JAX.
A model's file gives a ``PureModel``.
"""

from __future__ import annotations

from functools import partial

from speedscore.bench_suite.frameworks.jax.building import make_builder
from speedscore.bench_suite.frameworks.jax.driver import PureDriver

build = make_builder("Haiku", drivers={"": partial(PureDriver, variant="jit")}, packages=("dm-haiku",))
