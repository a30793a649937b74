"""A workload as a Flax NNX program: variant ``jit`` as Flax's guides write it, variant ``tuned`` the fastest found.

Both variants drive the same modules. This module knows neither models nor what the variants do.
"""

from __future__ import annotations

import importlib
from typing import Any

from speedscore.bench_suite.frameworks.flax_nnx.driver import JitDriver, make_pure_driver
from speedscore.bench_suite.frameworks.jax.driver import Driver, Loss
from speedscore.bench_suite.frameworks.jax.program import JaxProgram
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import DeviceName, Role

VARIANTS = {"jit": JitDriver, "tuned": make_pure_driver}


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> JaxProgram:
    """Build a workload in Flax NNX; answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``implementation`` offers ``make(workload, platform=...)``, which returns a ``layout.Model``. ``threads`` cannot be
    set from here, as in raw JAX. Raises DeviceUnavailable, and ValueError for a variant that there is not.
    """
    if variant not in VARIANTS:
        raise ValueError(f"Flax NNX has no variant {variant!r}; there are {', '.join(VARIANTS)}")
    del threads
    model = importlib.import_module(implementation).make(workload, platform=device)

    def make_driver(optimizer: Any, loss: Loss) -> Driver:
        return VARIANTS[variant](model, optimizer=optimizer, loss=loss)

    return JaxProgram(workload, make_driver, role=role, device=device, packages=("flax",))
