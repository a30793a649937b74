"""A workload as a Flax NNX program: variant ``jit`` as Flax's guides write it, variant ``tuned`` the fastest found.

Both variants drive the same modules. This module knows neither models nor what the variants do. A model's file gives
an ``NnxModel``.
"""

from __future__ import annotations

from speedscore.bench_suite.frameworks.flax_nnx.driver import JitDriver, make_pure_driver
from speedscore.bench_suite.frameworks.jax.building import make_builder

build = make_builder("Flax NNX", drivers={"jit": JitDriver, "tuned": make_pure_driver}, packages=("flax",))
