"""ResNet-50 v1.5 in Keras, by its functional way of building: ``Conv2D``, ``MaxPooling2D``, ``BatchNormalization``.

It computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

# Where Keras is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers

from speedscore.bench_suite.frameworks.keras.layers import KERNEL, dense
from speedscore.bench_suite.frameworks.keras.layout import KerasModel
from speedscore.bench_suite.workloads.resnet50 import (
    BN_DECAY,
    CHANNELS,
    EXPANSION,
    NORM_EPSILON,
    STAGE_BLOCKS,
    Resnet50,
)


class BatchNormalization(layers.BatchNormalization):
    """Keras' own but for one thing: the running variance follows the unbiased variance of a batch.

    Keras lets it follow the biased one (also in 3.15), which the workload does not.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Images in the layout of ``axis``, to the same."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        kept = self.moving_variance * self.momentum
        outputs = super().call(inputs, training=training, mask=mask)
        count = math.prod(inputs.shape) // inputs.shape[self.axis]
        # What Keras has added is (1 − momentum) · the biased variance.
        self.moving_variance.assign(kept + (self.moving_variance - kept) * (count / (count - 1)))
        return outputs


def make(workload: Resnet50) -> KerasModel:
    """The model with its weights as Keras draws them, in the layout that ``keras.config`` has for images."""
    channels_last = keras.config.image_data_format() == "channels_last"
    size = workload.image_size
    inputs = keras.Input((size, size, CHANNELS) if channels_last else (CHANNELS, size, size))
    images = layers.ReLU()(_conv_bn(inputs, "stem", "", width=workload.width, size=7, stride=2))
    images = layers.ZeroPadding2D(1)(images)
    images = layers.MaxPooling2D(3, strides=2, padding="valid")(images)
    for stage, blocks in enumerate(STAGE_BLOCKS):
        width = workload.width * int(2**stage)
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            images = _bottleneck(images, f"stage{stage}_block{block}", width=width, stride=stride, projected=not block)
    features = layers.GlobalAveragePooling2D()(images)
    logits = dense(workload.classes, "head")(features)
    description = {
        "layout": f"{'NHWC' if channels_last else 'NCHW'}, HWIO kernels",
        "convolution": "keras.layers.Conv2D",
        "pooling": "keras.layers.MaxPooling2D",
    }
    return KerasModel(keras.Model(inputs, logits, name="resnet50"), description, joint="_")


def _bottleneck(images: Any, name: str, *, width: int, stride: int, projected: bool) -> Any:
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut, which is a projection where ``projected``."""
    shortcut = images
    if projected:
        shortcut = _conv_bn(images, f"{name}_shortcut", "", width=width * EXPANSION, size=1, stride=stride)
    images = layers.ReLU()(_conv_bn(images, name, "0", width=width, size=1, stride=1))
    images = layers.ReLU()(_conv_bn(images, name, "1", width=width, size=3, stride=stride))
    images = _conv_bn(images, name, "2", width=width * EXPANSION, size=1, stride=1)
    return layers.ReLU()(layers.Add()([images, shortcut]))


def _conv_bn(images: Any, name: str, number: str, *, width: int, size: int, stride: int) -> Any:
    """A convolution padded by size // 2 all round, and its normalisation."""
    channels_axis = -1 if keras.config.image_data_format() == "channels_last" else 1
    if size > 1:
        # Keras' padding "same" puts one pixel more behind than before, where the stride is 2.
        images = layers.ZeroPadding2D(size // 2)(images)
    convolution = layers.Conv2D(
        width,
        size,
        strides=stride,
        padding="valid",
        use_bias=False,
        kernel_initializer=KERNEL,
        name=f"{name}_conv{number}",
    )
    normalisation = BatchNormalization(
        axis=channels_axis,
        momentum=BN_DECAY,
        epsilon=NORM_EPSILON,
        center=True,
        scale=True,
        synchronized=False,
        name=f"{name}_bn{number}",
    )
    return normalisation(convolution(images))
