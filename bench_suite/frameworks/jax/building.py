"""The one ``build`` of every library on JAX: each folder calls ``make_builder`` with its own drivers.

It never knows how a library jits, nor what a model computes.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from speedscore.bench_suite.frameworks.jax.driver import Driver, Loss
from speedscore.bench_suite.frameworks.jax.jax_program import JaxProgram
from speedscore.bench_suite.frameworks.program import Builder
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import DeviceName, Role


class MakeDriver(Protocol):
    """A library's driver of one of its models; ``model`` is what the model's file gives in that library."""

    def __call__(self, model: Any, *, optimizer: Any, loss: Loss) -> Driver: ...


def make_builder(library: str, *, drivers: Mapping[str, MakeDriver], packages: tuple[str, ...] = ()) -> Builder:
    """The ``build`` of a library, which answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``drivers`` are by variant, the empty name where there is but one; ``packages`` are the distributions whose versions
    are recorded beside JAX's. The builder's ``implementation`` offers ``make(workload, platform=...)``, which returns
    what the library's driver takes. ``threads`` cannot be set from here: XLA sizes its pool from the process's affinity
    or ``PJRT_NPROC`` when JAX is first used, and ``describe`` says what came of it. It raises DeviceUnavailable, and
    ValueError for a variant that there is not.
    """

    def build(
        workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
    ) -> JaxProgram:
        del threads
        if variant not in drivers:
            remedy = f"there are {', '.join(drivers)}" if any(drivers) else "leave it empty"
            raise ValueError(f"{library} has no variant {variant!r}; {remedy}")
        model = importlib.import_module(implementation).make(workload, platform=device)
        make_driver = partial(drivers[variant], model)
        return JaxProgram(workload, make_driver, role=role, device=device, packages=packages)

    return build
