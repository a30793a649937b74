"""Convolution and pooling of the tuned ResNet-50 on JAX: what XLA's host backend was found to run fastest.

No user would write them, so they stand in lines of their own (``jax-tuned``, ``flax-linen-tuned`` and so on). They are
called from raw JAX's pure functions and from the modules of Flax, Haiku and Equinox alike. TensorFlow's folder has them
once more in its own operations, for a framework is imported in its own folder only.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from speedscore.bench_suite.frameworks.jax.image_layers import ImageLayers, convolve, describe
from speedscore.bench_suite.workloads.resnet50 import LARGEST_PATCHES_BYTES


def convolve_for_flax(images: Any, kernel: Any, strides: tuple[int, int], padding: Any, **options: Any) -> Any:
    """By product over patches, in the place of ``lax.conv_general_dilated``; the model's paddings are symmetric."""
    del padding, options
    return convolve_by_product(images, kernel, strides[0])


def convolve_by_product(images: Any, kernel: Any, stride: int) -> Any:
    """One matrix product over the patches [pixels, k·k·in]."""
    size, _, inputs, outputs = kernel.shape
    batch, height, width, _ = images.shape
    padding = size // 2
    rows, columns = ((extent + 2 * padding - size) // stride + 1 for extent in (height, width))
    pixels, depth = batch * rows * columns, size * size * inputs
    if size > 1 and pixels * depth * images.dtype.itemsize > LARGEST_PATCHES_BYTES:
        return convolve(images, kernel, stride)
    padded = jnp.pad(images, ((0, 0), (padding, padding), (padding, padding), (0, 0))) if padding else images
    taps = [
        lax.slice(
            padded,
            (0, row, column, 0),
            (batch, row + (rows - 1) * stride + 1, column + (columns - 1) * stride + 1, inputs),
            (1, stride, stride, 1),
        )
        for row in range(size)
        for column in range(size)
    ]
    patches = jnp.concatenate(taps, axis=-1).reshape(pixels, depth)
    return (patches @ kernel.reshape(depth, outputs)).reshape(batch, rows, columns, outputs)


def max_pool_by_selection(images: Any) -> Any:
    """Maximum over 3 × 3 windows of stride 2, padded by 1: over rows, then over columns."""
    # The gradient of lax.reduce_window is a scatter, which XLA runs five times slower than these selections.
    for axis in (1, 2):
        pads = [(0, 0)] * images.ndim
        pads[axis] = (1, 1)
        padded = jnp.pad(images, pads, constant_values=-jnp.inf)
        last = images.shape[axis] - 1
        first, second, third = (lax.slice_in_dim(padded, tap, tap + last, 2, axis) for tap in range(3))
        images = jnp.maximum(jnp.maximum(first, second), third)
    return images


TUNED = ImageLayers(
    convolve_by_product,
    max_pool_by_selection,
    describe(f"product over patches up to {LARGEST_PATCHES_BYTES} bytes", "maxima of slices"),
)
