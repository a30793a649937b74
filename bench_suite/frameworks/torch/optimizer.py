"""The workload's optimizer as PyTorch's own, every option written out. It never computes a gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from speedscore.bench_suite.workloads.workload import AdamW, Sgd


def make_optimizer(
    options: Sgd | AdamW, parameters: Iterable[Any], *, fused: bool, capturable: bool
) -> torch.optim.Optimizer:
    """A fresh optimizer of these parameters; ``fused`` and ``capturable`` are the platform's."""
    # Fused beside a compiled step(), interleaved on one core, medians in ms: AdamW 0.27 : 1.15 for mlp and 0.46 : 1.06
    # for gpt at smoke, 1.8 : 3.2 for mlp at small. SGD 5.3 : 3.0 for resnet50 at smoke, which made 2 to 3 % of its
    # whole step; against that, each fresh optimizer that load() makes would be compiled anew.
    if isinstance(options, AdamW):
        return torch.optim.AdamW(
            parameters,
            lr=options.learning_rate,
            betas=(options.beta1, options.beta2),
            eps=options.epsilon,
            weight_decay=options.weight_decay,
            amsgrad=False,
            foreach=False,
            fused=fused,
            capturable=capturable,
        )
    return torch.optim.SGD(
        parameters,
        lr=options.learning_rate,
        momentum=options.momentum,
        dampening=0.0,
        weight_decay=options.weight_decay,
        nesterov=False,
        foreach=False,
        fused=fused,
    )


def optimizer_class(options: Sgd | AdamW) -> str:
    """The class that ``make_optimizer`` takes, as a program's description says it."""
    return "torch.optim.AdamW" if isinstance(options, AdamW) else "torch.optim.SGD"
