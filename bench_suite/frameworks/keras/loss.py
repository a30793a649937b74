"""The loss of every workload as Keras' own: mean softmax cross-entropy over the targets that count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from speedscore.bench_suite.workloads.workload import Workload

Loss = Callable[[Any, Any], Any]
"""(logits [..., classes], targets [...]) → mean loss, a scalar."""


def make_loss(workload: Workload) -> Loss:
    """Negative targets have no part in it, where the workload has any."""
    crossentropy = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=None, reduction="mean_with_sample_weight"
    )
    if (workload.targets() >= 0).all():
        return lambda logits, targets: crossentropy(targets, logits)

    def masked(logits: Any, targets: Any) -> Any:
        # As weights, as KerasHub's masked language models have them: ignore_class would copy the logits.
        counted = ops.cast(targets >= 0, "float32")
        return crossentropy(ops.maximum(targets, 0), logits, sample_weight=counted)

    return masked
