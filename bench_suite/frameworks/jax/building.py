"""The one ``build`` of every library on JAX: each folder calls ``make_builder`` with its own drivers.

It never knows how a library jits, nor what a model computes.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from speedscore.bench_suite.frameworks.jax.devices import OneDevice, Placement, find_device
from speedscore.bench_suite.frameworks.jax.driver import Driver, Loss
from speedscore.bench_suite.frameworks.jax.jax_program import JaxProgram
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import DeviceName, Role


class MakeDriver(Protocol):
    """A library's driver of one of its models; ``model`` is what the model's file gives in that library."""

    def __call__(self, model: Any, *, optimizer: Any, loss: Loss) -> Driver: ...


class JaxBuilder:
    """The ``build`` of a library, which answers ``speedscore.bench_suite.frameworks.program.Builder``."""

    def __init__(self, library: str, *, drivers: Mapping[str, MakeDriver], packages: tuple[str, ...]) -> None:
        self._library = library
        self._drivers = drivers
        self._packages = packages

    def __call__(
        self, workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
    ) -> JaxProgram:
        del threads
        placement = OneDevice(find_device(device))
        return self.build_placed(
            workload, implementation=implementation, role=role, device=device, variant=variant, placement=placement
        )

    def build_placed(
        self,
        workload: Workload,
        *,
        implementation: str,
        role: Role,
        device: DeviceName,
        variant: str,
        placement: Placement,
    ) -> JaxProgram:
        """The same with its arrays where ``placement`` puts them; ``device`` is the kind that these places are of."""
        if variant not in self._drivers:
            remedy = f"there are {', '.join(self._drivers)}" if any(self._drivers) else "leave it empty"
            raise ValueError(f"{self._library} has no variant {variant!r}; {remedy}")
        model = importlib.import_module(implementation).make(workload, platform=device)
        make_driver = partial(self._drivers[variant], model)
        return JaxProgram(workload, make_driver, role=role, placement=placement, packages=self._packages)


def make_builder(library: str, *, drivers: Mapping[str, MakeDriver], packages: tuple[str, ...] = ()) -> JaxBuilder:
    """The ``build`` of a library.

    ``drivers`` are by variant, the empty name where there is but one; ``packages`` are the distributions whose versions
    are recorded beside JAX's. The builder's ``implementation`` offers ``make(workload, platform=...)``, which returns
    what the library's driver takes. ``threads`` cannot be set from here: XLA sizes its pool from the process's affinity
    or ``PJRT_NPROC`` when JAX is first used, and ``describe`` says what came of it. It raises DeviceUnavailable, and
    ValueError for a variant that there is not.
    """
    return JaxBuilder(library, drivers=drivers, packages=packages)
