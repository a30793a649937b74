"""A workload in raw JAX: a model's pure functions under ``jax.jit``, optax upon them.

A model's file gives a ``PureModel``.
"""

from __future__ import annotations

from functools import partial

from speedscore.bench_suite.frameworks.jax.building import make_builder
from speedscore.bench_suite.frameworks.jax.driver import PureDriver

build = make_builder("raw JAX", drivers={"": partial(PureDriver, variant="jit")})
