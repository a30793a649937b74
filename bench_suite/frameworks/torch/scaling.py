"""A training program in PyTorch over several processes with a device each: by data, by FSDP2, by tensor parallelism.

``data`` is ``DistributedDataParallel``: every process has all parameters, and a part of the batch. ``fsdp`` is
``fully_shard``: a part of every parameter, and of the batch. ``tensor`` is ``parallelize_module``: some columns or rows
of the products, and the whole batch. The step is what a PyTorch user writes. It compiles nothing and never reads a
clock.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.sharding import Member, Spread
from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.frameworks.torch import scaling_model
from speedscore.bench_suite.frameworks.torch.layout import TorchModel, read, write
from speedscore.bench_suite.frameworks.torch.optimizer import make_optimizer
from speedscore.bench_suite.frameworks.torch.platforms import find_platform
from speedscore.bench_suite.frameworks.torch.program import make_objective
from speedscore.bench_suite.workloads.workload import Array, Weights, Workload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

# Some of it is exported to users and not to the type checker.
_distributed: Any = distributed

TENSOR = "tensor"
"""The way in which every process has the whole batch."""
_LIMIT = timedelta(seconds=180)
"""Of one collective, and of finding each other: a process that waits longer waits for one that has died."""


def require_devices(devices: int, device: DeviceName) -> None:
    """The host has one for each process. Raises DeviceUnavailable where there are fewer GPUs."""
    if device == "gpu" and (found := torch.cuda.device_count()) < devices:
        raise DeviceUnavailable(
            f"asked for {devices} devices of the kind 'gpu', but torch {torch.__version__} found {found}; run on a "
            "machine that has as many"
        )


@contextmanager
def joined(member: Member | None, device: DeviceName) -> Iterator[None]:
    """Raises DeviceUnavailable where there is no device for each process, ValueError where the process is by itself."""
    if member is None:
        raise ValueError("PyTorch shares a program out over processes; expected to be told which of them this is")
    require_devices(member.processes, device)
    if device == "gpu":
        torch.cuda.set_device(member.rank)
    where: dict[str, Any] = {"rank": member.rank, "world_size": member.processes}
    if member.rendezvous:
        where["store"] = _distributed.FileStore(member.rendezvous, member.processes)
    distributed.init_process_group("nccl" if device == "gpu" else "gloo", timeout=_LIMIT, **where)
    try:
        yield
    finally:
        # A wrapper that outlives the group ends it while it holds the interpreter, and waits for the group's thread,
        # which may be waiting for the interpreter.
        gc.collect()
        distributed.destroy_process_group()


def build(workload: Workload, *, line: Framework, way: str, devices: int, device: DeviceName) -> ShardedTorchProgram:
    """To be called in each of the processes that have joined; ``devices`` is their number."""
    platform = find_platform(device, graphs=False)
    mesh = init_device_mesh("cuda" if device == "gpu" else "cpu", (devices,))
    if way == TENSOR:
        model = scaling_model.make(workload, mesh)  # type: ignore[arg-type]
    else:
        model = importlib.import_module(f"{line.package}.{line.module_of(workload.model)}").make(workload)
    model.module.to(platform.device).train()
    return ShardedTorchProgram(
        workload, model, way=way, platform=platform, wrap=lambda module: _WRAP[way](module, mesh)
    )


def _replicate(module: Any, mesh: Any) -> Any:
    del mesh
    return DistributedDataParallel(module)


def _shard_fully(module: Any, mesh: Any) -> Any:
    for block in module.blocks:
        fully_shard(block, mesh=mesh)
    return fully_shard(module, mesh=mesh)


def _leave(module: Any, mesh: Any) -> Any:
    """It is split already."""
    del mesh
    return module


_WRAP: dict[str, Callable[[Any, Any], Any]] = {"data": _replicate, "fsdp": _shard_fully, TENSOR: _leave}


class ShardedTorchProgram:
    """One process's part of a program: the verbs of ``program.Program`` that train it and read what it trained."""

    def __init__(
        self, workload: Workload, model: TorchModel, *, way: str, platform: Any, wrap: Callable[[Any], Any]
    ) -> None:
        self._workload = workload
        self._places = model.places
        self._way = way
        self._platform = platform
        self._rank, self._processes = distributed.get_rank(), distributed.get_world_size()
        self.module: Any = wrap(model.module)
        self._parameters: dict[str, Any] = dict(model.module.named_parameters())
        self._objective = make_objective(self.module)
        self._loss: Any = None
        self.feed(workload.inputs(), workload.targets())
        self.load()

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        whole = [torch.from_numpy(np.ascontiguousarray(values)).long() for values in (inputs, targets)]
        self._examples = len(inputs)
        self._batch = [self._own_part(tensor).to(self._platform.device) for tensor in whole]

    def _own_part(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor if self._way == TENSOR else tensor.tensor_split(self._processes)[self._rank]

    def load(self) -> None:
        whole = {name: torch.empty(tensor.shape) for name, tensor in self._parameters.items()}
        write(self._places, whole, self._workload.parameters())
        with torch.no_grad():
            for name, tensor in self._parameters.items():
                tensor.grad = None
                if isinstance(tensor, DTensor):
                    # Each process cuts its own part out of the whole, and none is sent to another.
                    part = distribute_tensor(
                        whole[name].to(self._platform.device),
                        tensor.device_mesh,
                        tensor.placements,
                        src_data_rank=None,
                    )
                    tensor.to_local().copy_(part.to_local())
                else:
                    tensor.copy_(whole[name])
        # Fused as in every program; but it takes no split and whole parameters together, which tensor parallelism has.
        self.optimizer = make_optimizer(
            self._workload.optimizer, self._parameters.values(), fused=self._way != TENSOR, capturable=False
        )
        self.wait()

    def compile(self) -> dict[str, float]:
        return {}

    def counts(self) -> dict[str, int]:
        return {}

    def step(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._objective(*self._batch)[0]
        loss.backward()
        self.optimizer.step()
        self._loss = loss.detach()

    def wait(self) -> None:
        self._platform.wait()

    def loss(self) -> float:
        if self._loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return self._mean(self._loss)

    def forward(self) -> NDArray[np.float32]:
        logits = self._objective(*self._batch)[1]
        for module in self.module.modules():
            # What a pass has gathered stays until the backward pass that does not come here.
            if isinstance(module, FSDPModule):
                module.reshard()
        if self._way != TENSOR:
            parts = [torch.empty_like(logits) for _ in range(self._processes)]
            distributed.all_gather(parts, logits.contiguous())
            logits = torch.cat(parts)
        values: NDArray[np.float32] = logits.cpu().numpy()
        return values

    def loss_and_gradients(self) -> tuple[float, Weights]:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._objective(*self._batch)[0]
        loss.backward()
        gradients = {name: tensor.grad for name, tensor in self._parameters.items() if tensor.grad is not None}
        canonical = read(self._places, _whole(gradients))
        self.optimizer.zero_grad(set_to_none=True)
        return self._mean(loss.detach()), canonical

    def weights(self) -> Weights:
        return read(self._places, _whole(self._parameters))

    def trained_count(self) -> int:
        return sum(tensor.numel() for tensor in self._parameters.values() if tensor.requires_grad)

    def describe(self) -> dict[str, Scalar]:
        return {"platform": self._platform.name, "device_kind": self._platform.kind, **self._platform.describe()}

    def spread(self) -> Spread:
        """Of this process."""
        moments = [value for state in self.optimizer.state.values() for value in state.values() if value.numel() > 1]
        return Spread(
            devices=self._processes,
            parameters=_held_share(self._parameters.values()),
            optimizer=_held_share(moments),
            batch=len(self._batch[0]) / self._examples,
        )

    def _mean(self, loss: torch.Tensor) -> float:
        """Over the parts of the batch, which are of one size."""
        if self._way != TENSOR:
            loss = loss.clone()
            distributed.all_reduce(loss)
            loss = loss / self._processes
        return float(loss)


def spread(program: ShardedTorchProgram) -> Spread:
    return program.spread()


def _whole(tensors: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tensor.full_tensor().detach() if isinstance(tensor, DTensor) else tensor
        for name, tensor in tensors.items()
    }


def _held_share(tensors: Any) -> float:
    held = whole = 0
    for tensor in tensors:
        local = tensor.to_local() if isinstance(tensor, DTensor) else tensor
        held += local.numel()
        whole += tensor.numel()
    return held / whole
