"""Loss and gradients with ``torch.utils.checkpoint`` around each block, in PyTorch, eager or compiled.

The modules are those of the suite's own models. Selective keeps the results of products and convolutions, by
``create_selective_checkpoint_contexts``. In a residual network the running statistics move twice where a block is
computed twice, as they do for PyTorch's users; they are no results.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from torch.nn import functional
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts

from speedscore.bench_suite.frameworks.torch.layout import TorchModel, read, write
from speedscore.bench_suite.frameworks.torch.memory_layout import choose_layout
from speedscore.bench_suite.frameworks.torch.residuals import count_living_bytes, count_saved_bytes
from speedscore.bench_suite.frameworks.torch.tasks import Named, Prepare, TorchTask
from speedscore.bench_suite.workloads.remat import Policy, Remat, largest_batch, with_batch
from speedscore.bench_suite.workloads.task import TaskWorkload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

_FOLDER = __name__.rpartition(".")[0]
_DEVICES: dict[str, DeviceName] = {"cpu": "cpu", "cuda": "gpu", "xla": "tpu"}
_KEPT = {
    "none": "whatever it needs",
    "full": "the block's input",
    "selective": "the block's input, results of products and convolutions",
}
_PRODUCTS = {
    torch.ops.aten.mm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.convolution.default,
}


def make(task: TaskWorkload, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task; model and loss are handed to ``prepare`` as one function, as in a model's program."""
    network = _Network(cast(Remat, task), prepare, device)
    description: dict[str, Scalar] = {"form": "the suite's own module", "kept": _KEPT[network.task.policy]}
    return TorchTask(network.start, network.call, network.read, description, network.counts)


class _Network:
    """A model with its blocks checkpointed, on its device."""

    def __init__(self, task: Remat, prepare: Prepare, device: torch.device) -> None:
        self.task = task
        self._model = _make_model(task)
        self._images = self._model.trial is not None
        self._memory_format = torch.contiguous_format
        if self._images and _channels_last(task, self._model, device):
            self._memory_format = torch.channels_last
        self._module = self._model.module.to(device).to(memory_format=self._memory_format).train()
        _checkpoint_blocks(self._module, task.policy)
        self._parameters: dict[str, torch.Tensor] = dict(self._module.named_parameters())
        self._objective = _make_objective(self._module)
        self._prepared = prepare(self._objective)
        self._batch: tuple[torch.Tensor, ...] = ()

    def start(self, arguments: Named) -> tuple[torch.Tensor, ...]:
        """Write the parameters into the module; a call takes inputs, targets and scale."""
        values = {name.partition(".")[2]: tensor.cpu().numpy() for name, tensor in arguments.items() if "." in name}
        write(self._model.places, {**self._parameters, **dict(self._module.named_buffers())}, values)
        inputs = arguments["inputs"]
        if self._images:
            inputs = inputs.permute(0, 3, 1, 2).contiguous(memory_format=self._memory_format)
        self._batch = inputs, arguments["targets"], arguments["scale"]
        return self._batch

    def call(self, batch: tuple[torch.Tensor, ...]) -> Any:
        loss = self._prepared(*batch)
        return loss.detach(), torch.autograd.grad(loss, list(self._parameters.values()))

    def read(self, _: Any, given: Any) -> Named:
        loss, gradients = given
        canonical = read(self._model.places, dict(zip(self._parameters, gradients, strict=True)))
        return {"loss": loss, **{f"gradient.{name}": torch.from_numpy(values) for name, values in canonical.items()}}

    def counts(self) -> dict[str, int]:
        """Compiled, what is kept is counted at the present batch alone: for another it would be compiled anew."""
        own = len(self.task.network.targets())
        if self._prepared is not self._objective:
            given = (*self._module.parameters(), *self._module.buffers(), *self._batch)
            return {"residual_bytes": count_saved_bytes(partial(self._prepared, *self._batch), given)}
        count = partial(_count_eager_bytes, self.task)
        return {"residual_bytes": count(own), "largest_batch": largest_batch(count, self.task)}


def _make_model(task: Remat) -> TorchModel:
    model: TorchModel = importlib.import_module(f"{_FOLDER}.{task.network.model}").make(task.network)
    return model


def _channels_last(task: Remat, model: TorchModel, device: torch.device) -> bool:
    """As the model's own program has it."""
    name = _DEVICES[device.type]
    kind = torch.cuda.get_device_name() if name == "gpu" else name
    implementation, arguments = f"{_FOLDER}.{task.network.model}", model.trial or {}
    return choose_layout(
        task.network, implementation=implementation, arguments=arguments, device=name, kind=kind
    ).channels_last


def _make_objective(module: Any) -> Callable[..., torch.Tensor]:
    def objective(inputs: torch.Tensor, targets: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        logits = module(inputs)
        return scale * functional.cross_entropy(logits.flatten(0, -2), targets.flatten())

    return objective


def _checkpoint_blocks(module: Any, policy: Policy) -> None:
    """Put a checkpoint into the forward pass of each block; names and parameters stay as they are."""
    if policy == "none":
        return
    blocks = module.blocks if hasattr(module, "blocks") else [block for stage in module.stages for block in stage]
    options: dict[str, Any] = {"use_reentrant": False}
    if policy == "selective":
        options["context_fn"] = partial(create_selective_checkpoint_contexts, _keep_products)
    for block in blocks:
        block.forward = partial(checkpoint, block.forward, **options)


def _keep_products(context: Any, operation: Any, *args: Any, **kwargs: Any) -> CheckpointPolicy:
    del context, args, kwargs
    return CheckpointPolicy.MUST_SAVE if operation in _PRODUCTS else CheckpointPolicy.PREFER_RECOMPUTE


def _count_eager_bytes(task: Remat, batch: int) -> int:
    """Residuals of so many examples, on the meta device."""
    other = with_batch(task, batch)
    module = _make_model(other).module.to("meta").train()
    _checkpoint_blocks(module, task.policy)
    inputs, targets = (torch.from_numpy(values) for values in (other.network.inputs(), other.network.targets()))
    inputs = inputs.permute(0, 3, 1, 2) if inputs.ndim == 4 else inputs.long()
    given = inputs.to("meta"), targets.long().to("meta"), torch.ones((), device="meta")
    return count_living_bytes(
        partial(_make_objective(module), *given), (*module.parameters(), *module.buffers(), *given)
    )
