"""ResNet-50 v1.5 in TensorFlow, NHWC throughout.

Convolutions take the fastest of XLA's forms for the platform that they run on, and the description says which. It
holds no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layers import dense
from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel, Tensors
from speedscore.bench_suite.workloads.resnet50 import BN_DECAY, NORM_EPSILON, STAGE_BLOCKS, Resnet50

Convolve = Callable[[Any, Any, int], Any]
"""(images [N, H, W, in], kernel [k, k, in, out], stride) → [N, H/stride, W/stride, out], padded by k // 2 all round."""

LARGEST_PATCHES_BYTES = 4 * 2**20
"""Patches beyond this no longer stay in a processor's cache, and XLA's own convolution is as fast or faster again.

On one core a training step with XLA's own convolutions alone took 2.0 times as long at smoke and 4.1 times at small;
with oneDNN's, which has no place in a compiled step, 1.5 and 1.7 times."""


def make(workload: Resnet50, *, platform: str) -> TensorflowModel:
    """The model's function, with the convolutions that suit ``platform``."""
    del workload
    on_host = platform == "cpu"
    convolve = convolve_by_product if on_host else convolve_natively

    def apply(params: Tensors, state: Tensors, images: Any, training: bool) -> tuple[Any, Tensors]:
        """Images [batch, height, width, 3] to logits [batch, classes], and the new running statistics."""
        new_state: dict[str, Any] = {}

        def conv_bn(images: Any, conv: str, bn: str, stride: int = 1) -> Any:
            images = convolve(images, params[f"{conv}.kernel"], stride)
            if training:
                mean, variance = _batch_statistics(images)
                new_state.update(_update_running(state, bn, mean, variance, count=math.prod(images.shape[:-1])))
            else:
                mean, variance = state[f"{bn}.mean"], state[f"{bn}.var"]
            scale = params[f"{bn}.scale"] * tf.math.rsqrt(variance + NORM_EPSILON)
            return (images - mean) * scale + params[f"{bn}.bias"]

        images = max_pool(tf.nn.relu(conv_bn(images, "stem.conv", "stem.bn", 2)))
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

    convolution = f"product over patches up to {LARGEST_PATCHES_BYTES} bytes" if on_host else "tf.nn.conv2d"
    return TensorflowModel(apply, dict, dict, {"layout": "NHWC, HWIO kernels", "convolution": convolution})


def convolve_natively(images: Any, kernel: Any, stride: int) -> Any:
    """XLA's own convolution."""
    padding = kernel.shape[0] // 2
    around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    return tf.nn.conv2d(images, kernel, (1, stride, stride, 1), around, data_format="NHWC", dilations=(1, 1, 1, 1))


def convolve_by_product(images: Any, kernel: Any, stride: int) -> Any:
    """One matrix product over the patches [pixels, k·k·in], the form that XLA's host backend runs fastest."""
    size, _, inputs, outputs = kernel.shape
    batch, height, width, _ = images.shape
    padding = size // 2
    rows, columns = ((extent + 2 * padding - size) // stride + 1 for extent in (height, width))
    pixels, depth = batch * rows * columns, size * size * inputs
    if size > 1 and pixels * depth * images.dtype.size > LARGEST_PATCHES_BYTES:
        return convolve_natively(images, kernel, stride)
    padded = tf.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0))) if padding else images
    last_row, last_column = (rows - 1) * stride + 1, (columns - 1) * stride + 1
    taps = [
        padded[:, row : row + last_row : stride, column : column + last_column : stride, :]
        for row in range(size)
        for column in range(size)
    ]
    patches = tf.reshape(tf.concat(taps, axis=-1), (pixels, depth))
    return tf.reshape(tf.matmul(patches, tf.reshape(kernel, (depth, outputs))), (batch, rows, columns, outputs))


def max_pool(images: Any) -> Any:
    """Maximum over 3 × 3 windows of stride 2, padded by 1: over rows, then over columns."""
    # XLA takes no tf.nn.max_pool with explicit padding. After tf.pad it does, but the gradient is a scatter, with which
    # both passes took 17 times as long as these selections on the host.
    for axis in (1, 2):
        padding = [(1, 1) if dimension == axis else (0, 0) for dimension in range(4)]
        padded = tf.pad(images, padding, mode="CONSTANT", constant_values=-float("inf"))
        last = images.shape[axis] - 1
        before = (slice(None),) * axis
        first, second, third = (padded[(*before, slice(tap, tap + last, 2))] for tap in range(3))
        images = tf.maximum(tf.maximum(first, second), third)
    return images


def _batch_statistics(images: Any) -> tuple[Any, Any]:
    """Mean and biased variance [channels] over batch, height and width; the variance as E[x²] − E[x]²."""
    # One pass over the images instead of two. Rounding may carry the difference below zero, never the variance.
    mean = tf.reduce_mean(images, axis=(0, 1, 2))
    return mean, tf.maximum(tf.reduce_mean(tf.square(images), axis=(0, 1, 2)) - tf.square(mean), 0.0)


def _update_running(state: Tensors, bn: str, mean: Any, variance: Any, *, count: int) -> dict[str, Any]:
    """Running statistics after a batch of ``count`` values a channel; the variance is made unbiased first."""
    unbiased = variance * (count / (count - 1))
    return {
        f"{bn}.{name}": BN_DECAY * state[f"{bn}.{name}"] + (1 - BN_DECAY) * batch
        for name, batch in (("mean", mean), ("var", unbiased))
    }
