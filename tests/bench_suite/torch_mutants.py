"""Certifies a PyTorch program after one thing about it was changed, and prints what its certificate says.

Run as a process of its own, for the pytest process never imports a framework: ``python torch_mutants.py MODEL``. The
mutation named ``none`` changes nothing. It never times anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch.nn import functional

from bench_suite.certificate import certify
from bench_suite.frameworks.torch import gpt, mlp, program, resnet50
from bench_suite.frameworks.torch.layout import Model, Place
from bench_suite.workloads.table import make_workload

Change = Callable[[Model], Model]


def _each(model: Model, kind: type[nn.Module], change: Callable[[Any], object]) -> Model:
    for module in model.module.modules():
        if isinstance(module, kind):
            change(module)
    return model


def _epsilon(kind: type[nn.Module], epsilon: float) -> Change:
    return lambda model: _each(model, kind, lambda module: setattr(module, "eps", epsilon))


def _gelu(approximate: str) -> Change:
    return lambda model: _each(model, nn.GELU, lambda module: setattr(module, "approximate", approximate))


def _transposed(name: str, axes: tuple[int, ...] = (0, 1)) -> Change:
    """Loads a kernel with as many inputs as outputs without the transposition that PyTorch's layout needs."""

    def change(model: Model) -> Model:
        place = model.places[name]
        untransposed = Place(place.tensor, axes, place.first_row, place.rows)
        return Model(model.module, {**model.places, name: untransposed}, model.channels_last, model.attention)

    return change


def _without_bias(name: str, path: str) -> Change:
    def change(model: Model) -> Model:
        model.module.get_submodule(path).register_parameter("bias", None)
        places = {key: place for key, place in model.places.items() if key != name}
        return Model(model.module, places, model.channels_last, model.attention)

    return change


def _freeze_statistics(model: Model) -> Model:
    """Batch normalisation stays in evaluation mode, whatever the module is told."""

    def freeze(norm: Any) -> None:
        norm.eval()
        norm.train = lambda _=True: norm

    return _each(model, nn.BatchNorm2d, freeze)


def _same(model: Model) -> Model:
    return model


MUTATIONS: dict[str, dict[str, Change]] = {
    "mlp": {
        "none": _same,
        "tanh-gelu": _gelu("tanh"),
        "no-bias": _without_bias("dense1.bias", "2"),
        "transposed": _transposed("dense1.kernel"),
        "default-decay": _same,
    },
    "gpt": {
        "none": _same,
        "erf-gelu": _same,
        "epsilon": _epsilon(nn.LayerNorm, 1e-6),
        "no-bias": _without_bias("block1.mlp.proj.bias", "blocks.1.proj"),
        "transposed": _transposed("block0.attn.value.kernel"),
        "default-decay": _same,
    },
    "resnet50": {
        "none": _same,
        "epsilon": _epsilon(nn.BatchNorm2d, 1e-6),
        "evaluation-mode": _freeze_statistics,
        "momentum": lambda model: _each(model, nn.BatchNorm2d, lambda norm: setattr(norm, "momentum", 0.01)),
        "transposed": _transposed("stage0.block1.conv1.kernel", (2, 3, 0, 1)),
        "default-decay": _same,
    },
}


def _patches(mutation: str) -> list[Any]:
    """What a mutation changes outside of the module."""
    if mutation == "erf-gelu":
        gelu = functional.gelu
        return [mock.patch.object(functional, "gelu", lambda x, **_: gelu(x, approximate="none"))]
    if mutation == "default-decay":
        kinds = {"AdamW": torch.optim.AdamW, "SGD": torch.optim.SGD}
        return [mock.patch.object(torch.optim, name, _without_decay(kind)) for name, kind in kinds.items()]
    return []


def _without_decay(kind: Any) -> Callable[..., Any]:
    def make(parameters: Any, *, weight_decay: float, **options: Any) -> Any:
        del weight_decay
        return kind(parameters, **options)

    return make


def main(model: str) -> None:
    workload = make_workload(model, "smoke")
    module: Any = {"mlp": mlp, "gpt": gpt, "resnet50": resnet50}[model]
    make = module.make
    for mutation, change in MUTATIONS[model].items():
        with ExitStack() as patches:
            patches.enter_context(mock.patch.object(module, "make", lambda shape, change=change: change(make(shape))))
            for patch in _patches(mutation):
                patches.enter_context(patch)
            mutant = program.build(workload, phase="training", device="cpu", variant="eager", threads=1)
            certificate = certify(mutant, workload, "training")
        checks = [[check.quantity, check.tensor, check.error, check.tolerance] for check in certificate.checks]
        print(json.dumps([mutation, checks]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
