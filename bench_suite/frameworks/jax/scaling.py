"""A training program on JAX over several devices: the same driver and step, its arrays shared out by ``jax.sharding``.

The step is compiled from where its arguments lie, as JAX's documentation teaches ("computation follows data"); XLA's
partitioner puts in what the devices must tell each other. It serves every library on JAX, for it asks the library's own
``to_trees`` which axis of which array a canonical axis has become. It never changes what a model computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import jax
import numpy as np
from jax import sharding
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.jax.building import JaxBuilder
from speedscore.bench_suite.frameworks.jax.devices import find_device, place
from speedscore.bench_suite.frameworks.jax.driver import Carry, Driver, ShardingDriver, Tree
from speedscore.bench_suite.frameworks.jax.jax_program import JaxProgram
from speedscore.bench_suite.frameworks.jax.watching import config
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.sharding import Member, Spread
from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.workloads.scaling import split_axis
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.record.phases import DeviceName

# Without annotations.
PartitionSpec: Any = sharding.PartitionSpec

DATA = "data"
"""The way in which each device has all parameters and a part of the batch; the other is ``model``."""
_AXIS = "devices"


def require_devices(devices: int, device: DeviceName) -> None:
    """Raises DeviceUnavailable where JAX has fewer devices of the kind."""
    find_device(device)
    if (found := len(jax.devices(device))) < devices:
        raise DeviceUnavailable(
            f"asked for {devices} devices of the kind {device!r}, but JAX {jax.__version__} found {found}; run on a "
            "machine that has as many"
        )


@contextmanager
def joined(member: Member | None, device: DeviceName) -> Iterator[None]:
    """A process joins once and stays: what JAX knows of its devices is settled when they are first asked for."""
    if member is not None and not jax.distributed.is_initialized():
        if device == "cpu":
            config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(member.rendezvous, member.processes, member.rank)
    yield


def build(workload: Workload, *, line: Framework, way: str, devices: int, device: DeviceName) -> JaxProgram:
    """Raises DeviceUnavailable where JAX has fewer devices of the kind."""
    require_devices(devices, device)
    mesh = Mesh(np.array(jax.devices(device)[:devices]), (_AXIS,))
    return cast(JaxBuilder, line.load()).build_placed(
        workload,
        implementation=f"{line.package}.{line.module_of(workload.model)}",
        role="training",
        device=device,
        variant=line.variant,
        placement=SharedOut(mesh, way=way, workload=workload),
    )


class SharedOut:
    """Answers ``devices.Placement``: over a mesh of one axis, by data or by model."""

    def __init__(self, mesh: Mesh, *, way: str, workload: Workload) -> None:
        self._mesh = mesh
        self._way = way
        self._workload = workload
        self._whole = NamedSharding(mesh, PartitionSpec())
        self.device = mesh.devices.flat[0]

    def put_weights(self, trees: tuple[Tree, Tree], driver: Driver) -> tuple[Tree, Tree]:
        params, state = trees
        places = self._whole if self._way == DATA else jax.tree.map(self._split_where_marked, self._marked(driver))
        return place(params, places), place(state, self._whole)

    def start(self, driver: Driver, trees: tuple[Tree, Tree], *, trains: bool) -> Carry:
        return cast(ShardingDriver, driver).start_sharded(*trees) if trains else driver.start(*trees, trains=False)

    def put_batch(self, batch: tuple[Any, ...]) -> Any:
        return place(batch, NamedSharding(self._mesh, PartitionSpec(_AXIS)) if self._way == DATA else self._whole)

    def require(self, arrays: Iterable[Any]) -> None:
        # An array that JAX made of a number alone, as a count of steps, is on one device until the first step.
        wanted = set(self._mesh.devices.flat)
        for array in arrays:
            if array.ndim and array.sharding.device_set != wanted:
                raise DeviceUnavailable(
                    f"expected every array over {len(wanted)} devices, found one over {array.sharding.device_set}"
                )

    def read(self, array: Any) -> NDArray[Any]:
        if array.is_fully_addressable or array.is_fully_replicated:
            return np.array(array)
        return np.array(multihost_utils.process_allgather(array, tiled=True))

    def _marked(self, driver: Driver) -> Tree:
        """The library's own tree of parameters, each counting along the axis that is to be split, and else zero."""
        marked: Weights = {}
        for name, values in self._workload.parameters().items():
            axis = split_axis(name)
            marked[name] = np.zeros_like(values)
            if axis is not None:
                np.moveaxis(marked[name], axis, -1)[...] = np.arange(values.shape[axis])
        return driver.to_trees(marked, self._workload.state())[0]

    def _split_where_marked(self, marked: NDArray[np.float32]) -> NamedSharding:
        axes = [_AXIS if np.ptp(marked, axis=axis).any() else None for axis in range(marked.ndim)]
        return NamedSharding(self._mesh, PartitionSpec(*axes))


def spread(program: JaxProgram) -> Spread:
    """From the arrays' own shards; in one of several processes of those that it has."""
    params, carried, batch = program.arrays
    carried = [array for array in carried if array.size > 1]
    held, held_params, held_batch = _bytes_by_device(carried), _bytes_by_device(params), _bytes_by_device(batch)
    whole, whole_params, whole_batch = (sum(array.nbytes for array in arrays) for arrays in (carried, params, batch))
    return Spread(
        devices=min(len(array.sharding.device_set) for array in (*params, *batch)),
        parameters=max(held_params.values()) / whole_params,
        optimizer=max(held[device] - held_params[device] for device in held) / (whole - whole_params),
        batch=max(held_batch.values()) / whole_batch,
    )


def _bytes_by_device(arrays: Iterable[Any]) -> dict[Any, int]:
    held: dict[Any, int] = {}
    for array in arrays:
        for shard in array.addressable_shards:
            held[shard.device] = held.get(shard.device, 0) + shard.data.nbytes
    return held
