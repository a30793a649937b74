"""The multilayer perceptron in PyTorch. It states shapes and options, and trains nothing itself."""

from __future__ import annotations

from itertools import chain

from torch import nn

from speedscore.bench_suite.frameworks.torch.layout import Place, TorchModel, dense
from speedscore.bench_suite.workloads.mlp import Mlp


def make(workload: Mlp) -> TorchModel:
    """The module with its weights as PyTorch draws them; inputs [batch, features], logits [batch, classes]."""
    layers = [nn.Linear(inputs, outputs, bias=True) for inputs, outputs in workload.layer_sizes]
    after_hidden = ((layer, nn.GELU(approximate="none")) for layer in layers[:-1])
    module = nn.Sequential(*chain.from_iterable(after_hidden), layers[-1])
    places: dict[str, Place] = {}
    for index in range(len(layers)):
        places |= dense(f"dense{index}", str(2 * index))
    return TorchModel(module, places)
