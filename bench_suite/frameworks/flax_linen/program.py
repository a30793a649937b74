"""A workload as a Flax Linen program: ``module.apply`` as a pure function, driven exactly as raw JAX is.

Linen brings no jit of its own, and its ``TrainState`` holds no more than the trees that are carried here; so nothing
but the model can make it slower or faster than raw JAX.
"""

from __future__ import annotations

import importlib
from typing import Any

from speedscore.bench_suite.frameworks.jax.driver import Driver, Loss, PureDriver
from speedscore.bench_suite.frameworks.jax.program import JaxProgram
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import DeviceName, Role


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> JaxProgram:
    """Build a workload in Flax Linen; answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``implementation`` offers ``make(workload, platform=...)``, which returns a ``Model`` of
    ``speedscore.bench_suite.frameworks.jax.driver``. ``threads`` cannot be set from here, as in raw JAX. Raises
    DeviceUnavailable, and ValueError for a variant that there is not.
    """
    if variant:
        raise ValueError(f"Flax Linen has no variant {variant!r}; leave it empty")
    del threads
    model = importlib.import_module(implementation).make(workload, platform=device)

    def make_driver(optimizer: Any, loss: Loss) -> Driver:
        return PureDriver(model, optimizer=optimizer, loss=loss, variant="apply under jax.jit")

    return JaxProgram(workload, make_driver, role=role, device=device, packages=("flax",))
