"""What the forms of ResNet-50 on JAX share: convolution, pooling, and the statistics of batch normalisation.

Functions of arrays, NHWC throughout, as JAX's documentation teaches them; ``tuned_image_layers`` has the forms that are
written for speed alone. Nothing here holds weights or knows the order of a network's layers.
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
MaxPool = Callable[[Any], Any]
"""Images [N, H, W, C] to the maximum over 3 × 3 windows of stride 2, padded by 1."""


class ImageLayers(NamedTuple):
    """The two layers that the idiomatic and the tuned form of a network differ in."""

    convolve: Convolve
    max_pool: MaxPool
    description: dict[str, Scalar]
    """``layout``, ``convolution`` and ``pooling``, as a program's description says them."""


def convolve(images: Any, kernel: Any, stride: int) -> Any:
    """XLA's own convolution."""
    padding = kernel.shape[0] // 2
    return lax.conv_general_dilated(
        images,
        kernel,
        window_strides=(stride, stride),
        padding=((padding, padding), (padding, padding)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def max_pool(images: Any) -> Any:
    """XLA's own reduction over windows."""
    around = ((0, 0), (1, 1), (1, 1), (0, 0))
    return lax.reduce_window(images, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), around)


def describe(convolution: str, pooling: str) -> dict[str, Scalar]:
    """What a program's description says of its image layers."""
    return {"layout": "NHWC, HWIO kernels", "convolution": convolution, "pooling": pooling}


IDIOMATIC = ImageLayers(convolve, max_pool, describe("lax.conv_general_dilated", "lax.reduce_window"))


def batch_statistics(images: Any) -> tuple[Any, Any]:
    """Mean and biased variance [channels] over batch, height and width; the variance as E[x²] − E[x]².

    In float32, whatever the images are of.
    """
    # One pass over the images instead of two, as jax.nn.standardize, Flax and Haiku do by default: up to 5 % of a
    # training step. Rounding may carry the difference below zero, never the variance.
    values = images.astype(jnp.float32)
    mean = values.mean((0, 1, 2))
    return mean, jnp.maximum(jnp.square(values).mean((0, 1, 2)) - jnp.square(mean), 0.0)


def update_running(running: tuple[Any, Any], batch: tuple[Any, Any], images: Any) -> tuple[Any, Any]:
    """Running mean and variance after the ``batch_statistics`` of ``images``; the variance is made unbiased first."""
    return move_running(running, batch, count=math.prod(images.shape[:-1]))


def move_running(running: tuple[Any, Any], batch: tuple[Any, Any], *, count: int) -> tuple[Any, Any]:
    """The same after a mean and a biased variance over ``count`` values a channel."""
    mean, variance = batch
    return _move(running[0], mean), _move(running[1], variance * (count / (count - 1)))


def _move(running: Any, batch: Any) -> Any:
    return BN_DECAY * running + (1 - BN_DECAY) * lax.stop_gradient(batch)
