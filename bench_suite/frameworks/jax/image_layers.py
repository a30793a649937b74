"""What the five forms of ResNet-50 on JAX share: convolutions, pooling, and the statistics of batch normalisation.

Functions of arrays, NHWC throughout, called from raw JAX's pure functions and from the modules of Flax, Haiku and
Equinox alike. TensorFlow's folder has the convolution once more in its own operations, for a framework is imported in
its own folder only. Nothing here holds weights or knows the order of a network's layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from speedscore.bench_suite.workloads.resnet50 import BN_DECAY
from speedscore.host.fields import Scalar

Convolve = Callable[[Any, Any, int], Any]
"""(images [N, H, W, in], kernel [k, k, in, out], stride) → [N, H/stride, W/stride, out], padded by k // 2 all round."""

LARGEST_PATCHES_BYTES = 4 * 2**20
"""Patches beyond this no longer stay in a processor's cache, and XLA's own convolution is as fast or faster again."""


class ConvolutionForm(NamedTuple):
    """The form of convolution that suits a platform."""

    convolve: Convolve
    for_flax: Callable[..., Any]
    """The same with the parameters of ``lax.conv_general_dilated``, in whose place Flax's layers call it."""
    description: dict[str, Scalar]
    """``layout`` and ``convolution``, as a program's description says them."""


def choose_convolution(platform: str) -> ConvolutionForm:
    """The fastest of XLA's forms on ``platform``."""
    on_host = platform == "cpu"
    text = f"product over patches up to {LARGEST_PATCHES_BYTES} bytes" if on_host else "lax.conv_general_dilated"
    return ConvolutionForm(
        convolve=convolve_by_product if on_host else convolve_natively,
        for_flax=_convolve_for_flax if on_host else lax.conv_general_dilated,
        description={"layout": "NHWC, HWIO kernels", "convolution": text},
    )


def _convolve_for_flax(images: Any, kernel: Any, strides: tuple[int, int], padding: Any, **options: Any) -> Any:
    """By product over patches; all of the model's paddings are symmetric."""
    del padding, options
    return convolve_by_product(images, kernel, strides[0])


def convolve_natively(images: Any, kernel: Any, stride: int) -> Any:
    """XLA's own convolution."""
    padding = kernel.shape[0] // 2
    return lax.conv_general_dilated(
        images,
        kernel,
        window_strides=(stride, stride),
        padding=((padding, padding), (padding, padding)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def convolve_by_product(images: Any, kernel: Any, stride: int) -> Any:
    """One matrix product over the patches [pixels, k·k·in], the form that XLA's host backend runs fastest."""
    size, _, inputs, outputs = kernel.shape
    batch, height, width, _ = images.shape
    padding = size // 2
    rows, columns = ((extent + 2 * padding - size) // stride + 1 for extent in (height, width))
    pixels, depth = batch * rows * columns, size * size * inputs
    if size > 1 and pixels * depth * images.dtype.itemsize > LARGEST_PATCHES_BYTES:
        return convolve_natively(images, kernel, stride)
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


def max_pool(images: Any) -> Any:
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


def batch_statistics(images: Any) -> tuple[Any, Any]:
    """Mean and biased variance [channels] over batch, height and width; the variance as E[x²] − E[x]²."""
    # One pass over the images instead of two, as Flax does by default: up to 5 % of a training step. Rounding may
    # carry the difference below zero, never the variance.
    mean = images.mean((0, 1, 2))
    return mean, jnp.maximum(jnp.square(images).mean((0, 1, 2)) - jnp.square(mean), 0.0)


def update_running(running: tuple[Any, Any], batch: tuple[Any, Any], images: Any) -> tuple[Any, Any]:
    """Running mean and variance after the ``batch_statistics`` of ``images``; the variance is made unbiased first."""
    count = math.prod(images.shape[:-1])
    mean, variance = batch
    return _move(running[0], mean), _move(running[1], variance * (count / (count - 1)))


def _move(running: Any, batch: Any) -> Any:
    return BN_DECAY * running + (1 - BN_DECAY) * lax.stop_gradient(batch)
