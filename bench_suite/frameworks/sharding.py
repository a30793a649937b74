"""What a framework's ``scaling`` module answers: a training program whose arrays are shared out over several devices.

A framework without the module in its folder has JAX's, where it stands on JAX. This module imports no framework.
"""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import DeviceName

_ON_JAX = "speedscore.bench_suite.frameworks.jax"


class Spread(msgspec.Struct, frozen=True):
    """How much lies where; each share is of the bytes of the whole, on the device that has the most of it."""

    devices: int
    """That hold a part of the batch and of the parameters, or all of them."""
    parameters: float
    optimizer: float
    """Of the optimizer's arrays that are as large as the parameters; its counts of steps are left out."""
    batch: float


class Member(msgspec.Struct, frozen=True):
    """One of the processes that hold a program together."""

    rank: int
    processes: int
    rendezvous: str
    """Where they find each other: what it is, is the framework's affair. Empty: the environment says it all."""


class Scaling(Protocol):
    """The module. In several processes, all call the same verbs of their programs in the same order.

    A program's ``feed`` is given the whole batch, and what is read of it is of the whole: the mean loss, all logits,
    whole parameters.
    """

    @staticmethod
    def require_devices(devices: int, device: DeviceName) -> None:
        """Raises DeviceUnavailable, with what was found, where this machine has fewer of the kind."""
        ...

    @staticmethod
    def joined(member: Member | None, device: DeviceName) -> AbstractContextManager[None]:
        """Inside it the process is one of several; None is a process by itself."""
        ...

    @staticmethod
    def build(workload: Workload, *, line: Framework, way: str, devices: int, device: DeviceName) -> Program:
        """A training program over the first ``devices``; in one of several processes over all that have joined."""
        ...

    @staticmethod
    def spread(program: Any) -> Spread:
        """Of a program that ``build`` made and that has made a step, so that the optimizer has its arrays."""
        ...


def scaling_module(framework: str) -> str:
    """The module ``scaling`` of the framework's folder, or JAX's for a library on JAX that has none.

    Raises LookupError where there is neither.
    """
    line = FRAMEWORKS[framework]
    for package in (line.package, *((_ON_JAX,) if line.ecosystem == "jax" else ())):
        if importlib.util.find_spec(f"{package}.scaling") is not None:
            return f"{package}.scaling"
    raise LookupError(f"{framework} has no module scaling in {line.package}")
