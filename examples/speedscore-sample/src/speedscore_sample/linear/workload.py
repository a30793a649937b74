"""A linear classifier: one dense layer, softmax, stochastic gradient descent.

Here stand its shapes, data, weights and FLOPs. It never computes a forward pass: ``make_reference`` does.

Canonical names: ``dense.kernel`` [in, out] and ``dense.bias`` [out]. The loss is the mean softmax cross-entropy.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.workload import Sgd, Tolerances, Weights
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32


class Linear(msgspec.Struct, frozen=True):
    """The workload at one preset."""

    preset: str
    features: int
    classes: int
    batch: int
    cut: str
    """What the preset cut against a full size, or ``none``."""
    optimizer: Sgd
    tolerances: Tolerances
    model: str = "samplelinear"
    precision: Precision = FLOAT32

    def parameters(self) -> Weights:
        return canonical.dense("dense", self.features, self.classes, gain=1.0, bias=0.5)

    def state(self) -> Weights:
        return {}

    def inputs(self) -> NDArray[np.float32]:
        """[batch, features]."""
        return canonical.normal("inputs", (self.batch, self.features))

    def targets(self) -> NDArray[np.int32]:
        """[batch]."""
        return canonical.integers("targets", (self.batch,), below=self.classes)

    def single_input(self) -> NDArray[np.float32]:
        """[1, features]."""
        return self.inputs()[:1]

    def training_flops(self) -> int:
        """Two matrix products: forward, and the kernel's gradient; nobody asks for that of the inputs."""
        return 2 * self._product_flops(self.batch)

    def inference_flops(self) -> int:
        return self._product_flops(1)

    def throughput_flops(self) -> int:
        return self._product_flops(self.batch)

    def _product_flops(self, batch: int) -> int:
        return 2 * batch * self.features * self.classes

    def describe(self) -> dict[str, str | int | float | bool | None]:
        return {"batch": self.batch, "features": self.features, "classes": self.classes, "cut": self.cut}


_OPTIMIZER = Sgd(learning_rate=0.1, momentum=0.9, weight_decay=0.01)

_TOLERANCES = Tolerances(
    outputs=1e-5,
    loss=2e-6,
    gradients=5e-6,
    update=1e-5,
    reason=(
        "Ten times the worst on the CPU of NumPy, JAX and PyTorch: outputs 8.6e-7, loss 1.4e-7, gradients 3.5e-7, "
        "update 6.0e-7. Without weight decay, torch's default, the update is 0.09 off; without momentum 0.6."
    ),
)

_PRESETS = {"smoke": Linear("smoke", 784, 10, 256, "none", _OPTIMIZER, _TOLERANCES)}


def make(preset: str) -> Linear:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    return canonical.pick(_PRESETS, "samplelinear", preset)
