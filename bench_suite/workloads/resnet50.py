"""ResNet-50 v1.5 (He et al. 2015, with the stride in the 3 × 3 convolution) for image classification, with SGD.

Here stand its shapes, data, weights and FLOPs. It never computes a forward pass.

Canonical names, kernels as HWIO: ``stem.conv.kernel`` (7 × 7, stride 2), ``stem.bn``; a 3 × 3 max-pool of stride 2;
``stage{s}.block{b}.conv{0,1,2}.kernel`` (1 × 1, 3 × 3, 1 × 1) and ``.bn{0,1,2}``, s and b from 0; in the first block of
each stage ``.shortcut.conv.kernel`` and ``.shortcut.bn``; ``head.kernel`` [in, classes] and ``head.bias``. Each ``bn``
has ``.scale`` and ``.bias``, and as state ``.mean`` and ``.var``. Padding is symmetric: 3 for 7 × 7, 1 for 3 × 3 and
for the max-pool, else 0. ReLU follows every normalisation, but that of a shortcut never and the last of a block only
after the shortcut is added. In training a normalisation uses the batch's biased variance, and its running state becomes
``BN_DECAY`` · old + (1 − ``BN_DECAY``) · batch, with the unbiased variance. The loss is the mean softmax cross-entropy.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.tf32 import tf32_tolerances
from speedscore.bench_suite.workloads.workload import Sgd, Tolerances, Weights
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32

CHANNELS = 3
STAGE_BLOCKS = (3, 4, 6, 3)
EXPANSION = 4
"""A block's output channels over the width of its 3 × 3 convolution."""
NORM_EPSILON = 1e-5
"""Of every batch normalisation, added to the variance."""
BN_DECAY = 0.9
"""Of the running mean and variance."""
LARGEST_PATCHES_BYTES = 4 * 2**20
"""Of the tuned lines on XLA, which compute a convolution as a product over patches: larger ones no longer stay in a
processor's cache, and XLA's own convolution is as fast or faster again."""


class Convolution(msgspec.Struct, frozen=True):
    """A convolution of the network and the batch normalisation that follows it."""

    conv: str
    """Canonical name of the kernel, without ``.kernel``."""
    bn: str
    """Canonical name of the normalisation."""
    size: int
    """Height and width of the kernel."""
    inputs: int
    outputs: int
    """Channels."""
    stride: int
    output_size: int
    """Height and width of the feature map that it makes."""

    @property
    def closes_block(self) -> bool:
        return self.bn.endswith("bn2")

    def flops(self, batch: int) -> int:
        """Of one forward pass."""
        return 2 * batch * self.output_size * self.output_size * self.size * self.size * self.inputs * self.outputs


class Resnet50(msgspec.Struct, frozen=True):
    """The workload at one preset. All fifty layers stand in every preset."""

    preset: str
    width: int
    """Channels of the stem and of the first stage's 3 × 3 convolutions; 64 in the paper."""
    image_size: int
    """Height and width in pixels; a multiple of 32, and at least 64 so that the last stage keeps 2 × 2 pixels."""
    classes: int
    batch: int
    cut: str
    """What the preset cut against the paper, or ``none``."""
    optimizer: Sgd
    tolerances: Tolerances
    bias: float = 3.0
    """Of the normalisations within a block and of its shortcut: in standard deviations of the values that ReLU cuts."""
    model: str = "resnet50"
    precision: Precision = FLOAT32

    @property
    def features(self) -> int:
        """Inputs of the head."""
        return self.width * int(2 ** (len(STAGE_BLOCKS) - 1)) * EXPANSION

    def convolutions(self) -> Iterator[Convolution]:
        """All convolutions in the order in which they run; a shortcut after the three of its block."""
        yield Convolution("stem.conv", "stem.bn", 7, CHANNELS, self.width, 2, self.image_size // 2)
        inputs, size = self.width, self.image_size // 4
        for stage, blocks in enumerate(STAGE_BLOCKS):
            width = self.width * 2**stage
            for block in range(blocks):
                name = f"stage{stage}.block{block}"
                stride = 2 if stage and not block else 1
                reduced = size // stride
                outputs = width * EXPANSION
                yield Convolution(f"{name}.conv0", f"{name}.bn0", 1, inputs, width, 1, size)
                yield Convolution(f"{name}.conv1", f"{name}.bn1", 3, width, width, stride, reduced)
                yield Convolution(f"{name}.conv2", f"{name}.bn2", 1, width, outputs, 1, reduced)
                if not block:
                    shortcut = f"{name}.shortcut"
                    yield Convolution(f"{shortcut}.conv", f"{shortcut}.bn", 1, inputs, outputs, stride, reduced)
                inputs, size = outputs, reduced

    def parameters(self) -> Weights:
        return canonical.merge(
            (
                *(_convolution_parameters(conv, bias=self.bias) for conv in self.convolutions()),
                canonical.dense("head", self.features, self.classes, gain=1.0, bias=0.1),
            )
        )

    def state(self) -> Weights:
        return canonical.merge(
            {
                f"{conv.bn}.mean": canonical.normal(f"{conv.bn}.mean", (conv.outputs,), standard_deviation=0.2),
                f"{conv.bn}.var": canonical.uniform(f"{conv.bn}.var", (conv.outputs,), low=0.01, high=0.03),
            }
            for conv in self.convolutions()
        )

    def inputs(self) -> NDArray[np.float32]:
        """[batch, height, width, channels]."""
        return canonical.normal("inputs", (self.batch, self.image_size, self.image_size, CHANNELS))

    def targets(self) -> NDArray[np.int32]:
        """[batch]."""
        return canonical.integers("targets", (self.batch,), below=self.classes)

    def single_input(self) -> NDArray[np.float32]:
        """[1, height, width, channels]."""
        return self.inputs()[:1]

    def training_flops(self) -> int:
        """Forward pass, kernel gradient and input gradient of each convolution and the head, less that of the images.

        Normalisation, activation and pooling do not count.
        """
        return 3 * self._forward_flops(self.batch) - next(self.convolutions()).flops(self.batch)

    def inference_flops(self) -> int:
        """One forward pass, convolutions and head."""
        return self._forward_flops(1)

    def throughput_flops(self) -> int:
        """One forward pass of the batch."""
        return self._forward_flops(self.batch)

    def _forward_flops(self, batch: int) -> int:
        return sum(conv.flops(batch) for conv in self.convolutions()) + 2 * batch * self.features * self.classes

    def describe(self) -> dict[str, Scalar]:
        return {
            "batch": self.batch,
            "image_size": self.image_size,
            "classes": self.classes,
            "width": self.width,
            "layers": 50,
            "cut": self.cut,
        }


def _convolution_parameters(conv: Convolution, *, bias: float) -> Weights:
    # A tenth of He's gain leaves variances near 0.01, where an epsilon that is ten times off can still be seen.
    shape = (conv.size, conv.size, conv.inputs, conv.outputs)
    kernel = canonical.kernel(f"{conv.conv}.kernel", shape, gain=2**0.5 / 10)
    # ReLU's slope jumps at zero, so a value that rounding moves across it changes the gradients of all layers before:
    # with usual biases an honest float32 gradient is 1e-2 off. A large bias and a small last scale keep most values on
    # one side. The stem has no bias, for before a max-pool it would never be cut.
    scale = 0.1 if conv.closes_block else 1.0
    unbiased = conv.closes_block or conv.bn == "stem.bn"
    norm = canonical.norm(conv.bn, conv.outputs, scale=scale, bias=0.0 if unbiased else bias)
    return {f"{conv.conv}.kernel": kernel, **norm}


_OPTIMIZER = Sgd(learning_rate=3e-4, momentum=0.9, weight_decay=5e-3)

_TOLERANCES = Tolerances(
    outputs=1e-5,
    loss=5e-6,
    gradients=2e-3,
    most_gradients=1e-4,
    update=5e-2,
    state=1.5e-4,
    reason=(
        "About ten times the worst on the CPU of JAX, PyTorch eager and compiled at smoke and small, and of PyTorch "
        "eager at full: outputs 9.2e-7, loss 2.7e-7, update 4.3e-3. Gradients are 1e-5 off until rounding moves one "
        "value across ReLU's kink: that makes 1e-3 of it in the layers before, hence their wide limit, and the close "
        "one of the quarter that is nearest. A backward convolution in TF32 or float16 is 6e-4 off in every kernel, "
        "one in bfloat16 5e-3. An epsilon of 1e-6 is 1.4e-4 off in the outputs; a running momentum of 0.01 or torch's "
        "default weight decay is more than 1 off in the update."
    ),
)
_FULL_TOLERANCES = msgspec.structs.replace(
    _TOLERANCES,
    gradients=2e-2,
    most_gradients=None,
    # A biased variance is 2e-4 off here, and at the smaller sizes hundreds of times as much.
    state=1e-4,
    reason=(
        f"{_TOLERANCES.reason} At this size some of the hundreds of millions of values always cross the kink, in every "
        "layer: an honest gradient has been seen 4e-3 off, more than one in TF32 is, so that only the smaller presets "
        "tell them apart."
    ),
)

_BFLOAT16 = Tolerances(
    outputs=1e-2,
    loss=1e-2,
    gradients=0.25,
    update=0.6,
    state=4e-2,
    optimizer=5e-2,
    least_outputs=1e-3,
    reason=(
        "As of mlp, but for the outputs. The worst on the CPU of JAX and PyTorch at smoke, and of PyTorch at "
        "small: outputs 5.2e-3, loss 3.6e-3 (of one image), state 1.2e-2; gradients 8.2e-2 and update 0.2, for at "
        "each of its kinks ReLU has values that are rounded to the other side. The logits of two images are only "
        "2.7e-2 apart, which holds the limit of the outputs at twice the worst. No honest program was nearer than "
        "2.8e-3. A kernel that is transposed is refused; an epsilon of 1e-6 is not seen here but in the case in "
        "float32."
    ),
)
_TOLERANCES_BELOW_FLOAT32: dict[Precision, Tolerances] = {"bfloat16": _BFLOAT16, "tf32": tf32_tolerances(_BFLOAT16)}

_PRESETS = {
    workload.preset: workload
    for workload in (
        Resnet50("smoke", 32, 64, 100, 8, "width, image size, classes, batch", _OPTIMIZER, _TOLERANCES),
        Resnet50("small", 64, 64, 1000, 16, "image size, batch", _OPTIMIZER, _TOLERANCES),
        Resnet50("full", 64, 224, 1000, 64, "none", _OPTIMIZER, _FULL_TOLERANCES, bias=1.5),
    )
}


def make(preset: str, precision: Precision = FLOAT32) -> Resnet50:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    workload = canonical.pick(_PRESETS, "resnet50", preset)
    if precision == FLOAT32:
        return workload
    return msgspec.structs.replace(workload, precision=precision, tolerances=_TOLERANCES_BELOW_FLOAT32[precision])
