"""A workload as an Equinox program: its own driver under the ``JaxProgram`` that serves every JAX library.

It knows neither how Equinox jits nor what a model computes. A model's file gives an ``EquinoxModel``.
"""

from __future__ import annotations

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxDriver
from speedscore.bench_suite.frameworks.jax.building import make_builder

build = make_builder("Equinox", drivers={"": EquinoxDriver}, packages=("equinox",))
