"""A workload as an Equinox program: its own driver under the ``JaxProgram`` that serves every JAX library.

It knows neither how Equinox jits nor what a model computes.
"""

from __future__ import annotations

import importlib
from typing import Any

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxDriver
from speedscore.bench_suite.frameworks.jax.driver import Driver, Loss
from speedscore.bench_suite.frameworks.jax.program import JaxProgram
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import DeviceName, Role


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> JaxProgram:
    """Build a workload in Equinox; answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``implementation`` offers ``make(workload, platform=...)``, which returns a ``Model`` of
    ``speedscore.bench_suite.frameworks.equinox.driver``. ``threads`` cannot be set from here, as in raw JAX. Raises
    DeviceUnavailable, and ValueError for a variant that there is not.
    """
    if variant:
        raise ValueError(f"Equinox has no variant {variant!r}; leave it empty")
    del threads
    model = importlib.import_module(implementation).make(workload, platform=device)

    def make_driver(optimizer: Any, loss: Loss) -> Driver:
        return EquinoxDriver(model, optimizer=optimizer, loss=loss)

    return JaxProgram(workload, make_driver, role=role, device=device, packages=("equinox",))
