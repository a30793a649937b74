"""A multilayer perceptron for classification: equal hidden layers, exact GELU, AdamW.

Here stand its shapes, data, weights and FLOPs. It never computes a forward pass: ``mlp_reference`` does.

Canonical names: ``dense{i}.kernel`` [in, out] and ``dense{i}.bias`` [out], for i from 0. After every layer but the last
comes GELU in its exact form, x · Φ(x) with the error function. The loss is the mean softmax cross-entropy.
"""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.tf32 import tf32_tolerances
from speedscore.bench_suite.workloads.workload import AdamW, Tolerances, Weights
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32

CLASSES = 10
FEATURES = 784
"""The pixels of a 28 × 28 image, as in MNIST."""


class Mlp(msgspec.Struct, frozen=True):
    """The workload at one preset."""

    preset: str
    width: int
    """Of each hidden layer."""
    hidden_layers: int
    batch: int
    cut: str
    """What the preset cut against ``full``, or ``none``."""
    optimizer: AdamW
    tolerances: Tolerances
    model: str = "mlp"
    precision: Precision = FLOAT32

    @property
    def layer_sizes(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of each dense layer, first to last."""
        sizes = (FEATURES, *(self.width,) * self.hidden_layers, CLASSES)
        return tuple(itertools.pairwise(sizes))

    def parameters(self) -> Weights:
        return canonical.merge(
            # A gain of √2 keeps the activations' size through GELU, which passes about half of the variance.
            canonical.dense(f"dense{index}", inputs, outputs, gain=2**0.5, bias=0.5)
            for index, (inputs, outputs) in enumerate(self.layer_sizes)
        )

    def state(self) -> Weights:
        return {}

    def inputs(self) -> NDArray[np.float32]:
        """[batch, features]."""
        return canonical.normal("inputs", (self.batch, FEATURES))

    def targets(self) -> NDArray[np.int32]:
        """[batch]."""
        return canonical.integers("targets", (self.batch,), below=CLASSES)

    def single_input(self) -> NDArray[np.float32]:
        """[1, features]."""
        return self.inputs()[:1]

    def training_flops(self) -> int:
        """Three matrix products a layer (forward, kernel gradient, input gradient); the first has no input gradient."""
        inputs, outputs = self.layer_sizes[0]
        return 3 * self._forward_flops(self.batch) - 2 * self.batch * inputs * outputs

    def inference_flops(self) -> int:
        """One matrix product a layer."""
        return self._forward_flops(1)

    def throughput_flops(self) -> int:
        """One matrix product a layer, over the batch."""
        return self._forward_flops(self.batch)

    def _forward_flops(self, batch: int) -> int:
        return sum(2 * batch * inputs * outputs for inputs, outputs in self.layer_sizes)

    def describe(self) -> dict[str, Scalar]:
        return {
            "batch": self.batch,
            "features": FEATURES,
            "hidden_layers": self.hidden_layers,
            "width": self.width,
            "classes": CLASSES,
            "cut": self.cut,
        }


_OPTIMIZER = AdamW(learning_rate=3e-4, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.5)

_TOLERANCES = Tolerances(
    outputs=1e-5,
    loss=2e-6,
    gradients=2e-5,
    update=2e-3,
    reason=(
        "About ten times the worst on the CPU of JAX, PyTorch eager and compiled at smoke and small, and of PyTorch "
        "eager at full: outputs 1.1e-6, loss 1.8e-7, gradients 1.4e-6, update 2.3e-4. Adam's first steps have the "
        "size of the sign of a gradient, so the few gradients near zero make the update coarser. GELU in its tanh "
        "form is 3.5e-4 off in the outputs; torch's default weight decay is 0.29 off in the update."
    ),
)

_BFLOAT16 = Tolerances(
    outputs=2e-2,
    loss=1.2e-2,
    gradients=3e-2,
    update=0.12,
    optimizer=5e-2,
    least_outputs=1.5e-3,
    reason=(
        "bfloat16 keeps eight digits of two, so that each rounding is up to 2e-3 off, and an error comes of how many "
        "there are. About three times the worst on the CPU of JAX, Flax, PyTorch and TensorFlow at smoke, and of "
        "PyTorch at small: outputs 6.7e-3, loss 3.8e-3 (of one example), gradients 1.1e-2, update 3.7e-2. No honest "
        "program was nearer than 3.8e-3 in the outputs, and one in float32 is 1e-6 off. A forgotten bias or a kernel "
        "that is transposed is refused; GELU in its tanh form, 3.5e-4 off, is not seen: the case in float32, which "
        "is the same file, sees it."
    ),
)
_TOLERANCES_BELOW_FLOAT32: dict[Precision, Tolerances] = {"bfloat16": _BFLOAT16, "tf32": tf32_tolerances(_BFLOAT16)}

_PRESETS = {
    workload.preset: workload
    for workload in (
        Mlp("smoke", 512, 2, 128, "width, depth, batch", _OPTIMIZER, _TOLERANCES),
        Mlp("small", 1024, 4, 256, "width, batch", _OPTIMIZER, _TOLERANCES),
        Mlp("full", 4096, 4, 1024, "none", _OPTIMIZER, _TOLERANCES),
    )
}


def make(preset: str, precision: Precision = FLOAT32) -> Mlp:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    workload = canonical.pick(_PRESETS, "mlp", preset)
    if precision == FLOAT32:
        return workload
    return msgspec.structs.replace(workload, precision=precision, tolerances=_TOLERANCES_BELOW_FLOAT32[precision])
