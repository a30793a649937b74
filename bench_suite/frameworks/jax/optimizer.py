"""The workload's optimizer in optax, with every option written out, so that no default of optax is relied on."""

from __future__ import annotations

from typing import Any

import optax

from speedscore.bench_suite.workloads.workload import AdamW, Sgd


def make_optimizer(options: Sgd | AdamW) -> tuple[Any, str]:
    """The optax transformation of the workload's optimizer with every option written out, and its text."""
    if isinstance(options, AdamW):
        adamw = optax.adamw(
            options.learning_rate,
            b1=options.beta1,
            b2=options.beta2,
            eps=options.epsilon,
            eps_root=0.0,
            mu_dtype=None,
            weight_decay=options.weight_decay,
            mask=None,
            nesterov=False,
        )
        return adamw, "optax.adamw"
    sgd = optax.chain(
        # Before the momentum: the decay is coupled, as in torch.optim.SGD.
        optax.add_decayed_weights(options.weight_decay, mask=None),
        optax.sgd(options.learning_rate, momentum=options.momentum, nesterov=False, accumulator_dtype=None),
    )
    return sgd, "optax.add_decayed_weights, optax.sgd"
