"""The workload's optimizer as Keras' own, but for what the workloads define in another way; every option written out.

Keras' Adam adds epsilon to √v before the bias correction of v, and its SGD has no coupled decay. It never computes a
gradient.
"""

# Where Keras is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from speedscore.bench_suite.workloads.workload import AdamW, Sgd

AddDecay = Callable[[Sequence[Any], Sequence[Any], float], list[Any]]
"""(gradients, values of the variables, decay) → each gradient with decay · value added."""


def add_decay(gradients: Sequence[Any], values: Sequence[Any], decay: float) -> list[Any]:
    """Written once for all backends."""
    return [gradient + decay * value for gradient, value in zip(gradients, values, strict=True)]


def make_optimizer(
    options: Sgd | AdamW, *, add_decay: AddDecay = add_decay, rate: Any = None, clip_norm: float | None = None
) -> tuple[Any, str]:
    """The Keras optimizer, not built yet, and its text.

    ``rate`` is a schedule in the place of the constant learning rate; the norm of all gradients together is at most
    ``clip_norm``, where that is given.
    """
    common = {"learning_rate": options.learning_rate if rate is None else rate, "global_clipnorm": clip_norm}
    if not isinstance(options, AdamW):
        return _make_sgd(options, common, add_decay), "keras.optimizers.SGD, with coupled decay"
    if options.weight_decay:
        adamw = _make_adam(keras.optimizers.AdamW, options, common | {"weight_decay": options.weight_decay})
        return adamw, "keras.optimizers.AdamW, its epsilon beside the corrected √v"
    return _make_adam(keras.optimizers.Adam, options, common), "keras.optimizers.Adam, its epsilon beside √v̂"


def _make_adam(kind: Any, options: AdamW, common: dict[str, Any]) -> Any:
    # On PyTorch the constructor gives a class of its own, which updates all variables by a few foreach calls.
    own: Any = type(kind())

    class Corrected(own):
        """Divides by √v + ε·√(1 − β₂ᵗ), which is √v̂ + ε, less a factor that stands above the line too."""

        @property
        def epsilon(self) -> Any:
            steps = ops.cast(self.iterations + 1, "float32")
            return options.epsilon * ops.sqrt(1 - ops.power(options.beta2, steps))

        @epsilon.setter
        def epsilon(self, value: float) -> None:
            """The constructor's, which is the workload's already."""

    return Corrected(beta_1=options.beta1, beta_2=options.beta2, epsilon=options.epsilon, amsgrad=False, **common)


def _make_sgd(options: Sgd, common: dict[str, Any], add_decay: AddDecay) -> Any:
    own: Any = type(keras.optimizers.SGD())

    class DecayedSgd(own):
        """Adds the decay to the gradients; Keras' momentum holds learning rate · velocity, which moves the same."""

        def apply(self, grads: Any, trainable_variables: Any = None) -> None:
            variables = self._trainable_variables if trainable_variables is None else trainable_variables
            values = [variable.value for variable in variables]
            super().apply(add_decay(grads, values, options.weight_decay), trainable_variables)

    return DecayedSgd(momentum=options.momentum, nesterov=False, weight_decay=None, **common)
