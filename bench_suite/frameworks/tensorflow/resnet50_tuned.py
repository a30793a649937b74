"""ResNet-50 v1.5 in TensorFlow with the convolutions and the pooling that XLA's host backend runs fastest.

No user would write them, so they stand in a line of their own. The rest of the network is that of ``resnet50``.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel
from speedscore.bench_suite.frameworks.tensorflow.resnet50 import ImageLayers, convolve, describe, make_network
from speedscore.bench_suite.workloads.resnet50 import LARGEST_PATCHES_BYTES, Resnet50


def make(workload: Resnet50, *, platform: str) -> TensorflowModel:
    """The model's function, for the host alone."""
    del workload, platform
    return make_network(TUNED, xla=True)


def convolve_by_product(images: Any, kernel: Any, stride: int) -> Any:
    """One matrix product over the patches [pixels, k·k·in], the form that XLA's host backend runs fastest."""
    size, _, inputs, outputs = kernel.shape
    batch, height, width, _ = images.shape
    padding = size // 2
    rows, columns = ((extent + 2 * padding - size) // stride + 1 for extent in (height, width))
    pixels, depth = batch * rows * columns, size * size * inputs
    if size > 1 and pixels * depth * images.dtype.size > LARGEST_PATCHES_BYTES:
        return convolve(images, kernel, stride)
    padded = tf.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0))) if padding else images
    last_row, last_column = (rows - 1) * stride + 1, (columns - 1) * stride + 1
    taps = [
        padded[:, row : row + last_row : stride, column : column + last_column : stride, :]
        for row in range(size)
        for column in range(size)
    ]
    patches = tf.reshape(tf.concat(taps, axis=-1), (pixels, depth))
    return tf.reshape(tf.matmul(patches, tf.reshape(kernel, (depth, outputs))), (batch, rows, columns, outputs))


def max_pool_by_selection(images: Any) -> Any:
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


def batch_statistics_in_one_pass(images: Any) -> tuple[Any, Any]:
    """Mean and biased variance [channels] over batch, height and width; the variance as E[x²] − E[x]²."""
    # One pass over the images instead of two. Rounding may carry the difference below zero, never the variance.
    mean = tf.reduce_mean(images, axis=(0, 1, 2))
    return mean, tf.maximum(tf.reduce_mean(tf.square(images), axis=(0, 1, 2)) - tf.square(mean), 0.0)


TUNED = ImageLayers(
    convolve_by_product,
    max_pool_by_selection,
    batch_statistics_in_one_pass,
    describe(f"product over patches up to {LARGEST_PATCHES_BYTES} bytes", "maxima of slices"),
)
