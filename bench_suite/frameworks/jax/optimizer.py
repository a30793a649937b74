"""The workload's optimizer in optax, with every option written out, so that no default of optax is relied on."""

from __future__ import annotations

from typing import Any

import optax

from speedscore.bench_suite.workloads.workload import AdamW, Sgd


def make_optimizer(options: Sgd | AdamW, *, schedule: Any = None) -> tuple[Any, str]:
    """The optax transformation of the workload's optimizer with every option written out, and its text.

    ``schedule``, where there is one, gives the learning rate in the place of the constant one.
    """
    rate = options.learning_rate if schedule is None else schedule
    if isinstance(options, AdamW):
        adamw = optax.adamw(
            rate,
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
        optax.sgd(rate, momentum=options.momentum, nesterov=False, accumulator_dtype=None),
    )
    return sgd, "optax.add_decayed_weights, optax.sgd"
