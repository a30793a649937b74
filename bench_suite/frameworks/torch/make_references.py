"""Makes the reference files: ``python -m speedscore.bench_suite.frameworks.torch.make_references [model] [preset]``.

The perceptron, the language model and the encoder are computed by hand in NumPy. The residual network is written here
once more in PyTorch's float64, plainly and apart from the timed program, which it shares no line with. Nothing here is
ever timed.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from speedscore.bench_suite.workloads.methods import numpy_method
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.reference import save_reference
from speedscore.bench_suite.workloads.reference_steps import Doubles, Method, Pass, make_reference
from speedscore.bench_suite.workloads.resnet50 import BN_DECAY, NORM_EPSILON, STAGE_BLOCKS
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.bench_suite.workloads.workload import Array, Workload

Tensors = dict[str, torch.Tensor]


class ResidualNetwork:
    """The forward pass on float64 tensors under their canonical names, images as NCHW."""

    def __init__(self, parameters: Tensors, state: Tensors, *, training: bool) -> None:
        self.parameters = parameters
        self.state = state
        self.training = training
        self.state_after: Tensors = {}

    def convolve(self, x: torch.Tensor, name: str, stride: int, padding: int) -> torch.Tensor:
        kernel = self.parameters[f"{name}.kernel"].permute(3, 2, 0, 1)
        return functional.conv2d(x, kernel, stride=stride, padding=padding)

    def normalise(self, x: torch.Tensor, name: str) -> torch.Tensor:
        mean, variance = self.state[f"{name}.mean"], self.state[f"{name}.var"]
        if self.training:
            mean = x.mean((0, 2, 3))
            variance = x.var((0, 2, 3), correction=0)
            samples = x.numel() / x.shape[1]
            batch = {"mean": mean, "var": variance * samples / (samples - 1)}
            for key, value in batch.items():
                before = self.state[f"{name}.{key}"]
                self.state_after[f"{name}.{key}"] = BN_DECAY * before + (1 - BN_DECAY) * value.detach()
        normed = (x - mean[:, None, None]) / torch.sqrt(variance + NORM_EPSILON)[:, None, None]
        return normed * self.parameters[f"{name}.scale"][:, None, None] + self.parameters[f"{name}.bias"][:, None, None]

    def block(self, x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        y = torch.relu(self.normalise(self.convolve(x, f"{name}.conv0", 1, 0), f"{name}.bn0"))
        y = torch.relu(self.normalise(self.convolve(y, f"{name}.conv1", stride, 1), f"{name}.bn1"))
        y = self.normalise(self.convolve(y, f"{name}.conv2", 1, 0), f"{name}.bn2")
        if f"{name}.shortcut.conv.kernel" in self.parameters:
            x = self.normalise(self.convolve(x, f"{name}.shortcut.conv", stride, 0), f"{name}.shortcut.bn")
        return torch.relu(x + y)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.normalise(self.convolve(images, "stem.conv", 2, 3), "stem.bn"))
        x = functional.max_pool2d(x, kernel_size=3, stride=2, padding=1)
        for stage, blocks in enumerate(STAGE_BLOCKS):
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                # Recomputing a block in the backward pass keeps the full size within 16 GiB of memory.
                x = checkpoint(self.block, x, f"stage{stage}.block{block}", stride, use_reentrant=False)
        return x.mean((2, 3)) @ self.parameters["head.kernel"] + self.parameters["head.bias"]


def _tensors(values: Doubles) -> Tensors:
    return {name: torch.from_numpy(array.copy()) for name, array in values.items()}


def _images(inputs: Array) -> torch.Tensor:
    return torch.from_numpy(inputs.astype(np.float64)).permute(0, 3, 1, 2).contiguous()


def _arrays(tensors: Any) -> Doubles:
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


def train_resnet50(parameters: Doubles, state: Doubles, inputs: Array, targets: NDArray[np.int32]) -> Pass:
    """One forward and backward pass in training mode."""
    leaves = {name: tensor.requires_grad_() for name, tensor in _tensors(parameters).items()}
    network = ResidualNetwork(leaves, _tensors(state), training=True)
    logits = network.logits(_images(inputs))
    loss = functional.cross_entropy(logits, torch.from_numpy(targets).long())
    state_after = _arrays(network.state_after)
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    return Pass(logits.detach().numpy(), loss.item(), _arrays(dict(zip(leaves, gradients, strict=True))), state_after)


def predict_resnet50(parameters: Doubles, state: Doubles, inputs: Array) -> NDArray[np.float64]:
    """Logits in evaluation mode."""
    with torch.no_grad():
        network = ResidualNetwork(_tensors(parameters), _tensors(state), training=False)
        logits: NDArray[np.float64] = network.logits(_images(inputs)).numpy()
    return logits


def find_method(workload: Workload) -> Method:
    """How the reference of this workload is computed. Raises ValueError for a model that has no reference."""
    if (by_hand := numpy_method(workload)) is not None:
        return by_hand
    if workload.model == "resnet50":
        version = torch.__version__.partition("+")[0]
        made_by = f"float64 PyTorch {version}, written apart from the timed program; optimizer in NumPy"
        return Method(train_resnet50, predict_resnet50, made_by)
    raise ValueError(f"model {workload.model!r} has no reference; add one here or in workloads.methods")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("model", nargs="?", choices=tuple(MODELS), help="all of them when left out")
    parser.add_argument("preset", nargs="?", choices=tuple(PRESETS), help="all of them when left out")
    chosen = parser.parse_args()
    for preset in [chosen.preset] if chosen.preset else PRESETS:
        for model in [chosen.model] if chosen.model else MODELS:
            workload = make_workload(model, preset)
            path = save_reference(workload, make_reference(workload, find_method(workload)))
            print(f"{path}: {path.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main()
