"""ResNet-50 v1.5 in TensorFlow, NHWC throughout: ``tf.nn.conv2d``, ``tf.nn.max_pool2d`` and ``tf.nn.moments``.

It holds no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layers import dense
from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel, Tensors
from speedscore.bench_suite.frameworks.tensorflow.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.resnet50 import BN_DECAY, NORM_EPSILON, STAGE_BLOCKS, Resnet50
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32

Convolve = Callable[[Any, Any, int], Any]
"""(images [N, H, W, in], kernel [k, k, in, out], stride) → [N, H/stride, W/stride, out], padded by k // 2 all round."""


class ImageLayers(NamedTuple):
    """The layers that the idiomatic and the tuned form of the network differ in."""

    convolve: Convolve
    max_pool: Callable[[Any], Any]
    """Images [N, H, W, C] to the maximum over 3 × 3 windows of stride 2, padded by 1."""
    batch_statistics: Callable[[Any], tuple[Any, Any]]
    """Mean and biased variance [channels] over batch, height and width."""
    description: dict[str, Scalar]


def make(workload: Resnet50, *, platform: str) -> TensorflowModel:
    """The model's function; on the host it is run without XLA, as TensorFlow does unless it is asked."""
    # On the host oneDNN's convolutions are faster than XLA's, and have no place in what XLA compiles: on one core
    # a training step took 1.5 times as long as the tuned one at smoke and 1.7 times at small, with XLA's 2.0 and 4.1.
    return make_network(IDIOMATIC, xla=platform != "cpu", precision=workload.precision)


def make_network(layers: ImageLayers, *, xla: bool, precision: Precision = FLOAT32) -> TensorflowModel:
    """The model's function with these layers."""
    compute = compute_type(precision)

    def apply(params: Tensors, state: Tensors, images: Any, training: bool) -> tuple[Any, Tensors]:
        """Images [batch, height, width, 3] to logits [batch, classes], and the new running statistics."""
        new_state: dict[str, Any] = {}

        def conv_bn(images: Any, conv: str, bn: str, stride: int = 1) -> Any:
            images = layers.convolve(images, tf.cast(params[f"{conv}.kernel"], compute), stride)
            if training:
                mean, variance = layers.batch_statistics(tf.cast(images, tf.float32))
                new_state.update(_update_running(state, bn, mean, variance, count=math.prod(images.shape[:-1])))
            else:
                mean, variance = state[f"{bn}.mean"], state[f"{bn}.var"]
            scale = params[f"{bn}.scale"] * tf.math.rsqrt(variance + NORM_EPSILON)
            return tf.cast((tf.cast(images, tf.float32) - mean) * scale + params[f"{bn}.bias"], compute)

        images = layers.max_pool(tf.nn.relu(conv_bn(tf.cast(images, compute), "stem.conv", "stem.bn", 2)))
        for stage, blocks in enumerate(STAGE_BLOCKS):
            for block in range(blocks):
                name = f"stage{stage}.block{block}"
                stride = 2 if stage and not block else 1
                shortcut = images
                if not block:
                    shortcut = conv_bn(images, f"{name}.shortcut.conv", f"{name}.shortcut.bn", stride)
                images = tf.nn.relu(conv_bn(images, f"{name}.conv0", f"{name}.bn0"))
                images = tf.nn.relu(conv_bn(images, f"{name}.conv1", f"{name}.bn1", stride))
                images = tf.nn.relu(conv_bn(images, f"{name}.conv2", f"{name}.bn2") + shortcut)
        logits = dense(params, "head", tf.reduce_mean(images, axis=(1, 2)))
        return logits, (new_state if training else state)

    return TensorflowModel(apply, dict, dict, layers.description | describe_compute(precision), xla=xla)


def convolve(images: Any, kernel: Any, stride: int) -> Any:
    """TensorFlow's own convolution."""
    padding = kernel.shape[0] // 2
    around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    return tf.nn.conv2d(images, kernel, (1, stride, stride, 1), around, data_format="NHWC", dilations=(1, 1, 1, 1))


def max_pool(images: Any) -> Any:
    """TensorFlow's own pooling."""
    # XLA takes no tf.nn.max_pool2d with explicit padding.
    padded = tf.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-float("inf"))
    return tf.nn.max_pool2d(padded, 3, 2, "VALID")


def batch_statistics(images: Any) -> tuple[Any, Any]:
    """Mean and biased variance [channels] over batch, height and width."""
    mean, variance = tf.nn.moments(images, axes=(0, 1, 2))
    return mean, variance


def describe(convolution: str, pooling: str) -> dict[str, Scalar]:
    """What a program's description says of its image layers."""
    return {"layout": "NHWC, HWIO kernels", "convolution": convolution, "pooling": pooling}


IDIOMATIC = ImageLayers(convolve, max_pool, batch_statistics, describe("tf.nn.conv2d", "tf.nn.max_pool2d"))


def _update_running(state: Tensors, bn: str, mean: Any, variance: Any, *, count: int) -> dict[str, Any]:
    """Running statistics after a batch of ``count`` values a channel; the variance is made unbiased first."""
    unbiased = variance * (count / (count - 1))
    return {
        f"{bn}.{name}": BN_DECAY * state[f"{bn}.{name}"] + (1 - BN_DECAY) * batch
        for name, batch in (("mean", mean), ("var", unbiased))
    }
