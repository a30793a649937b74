"""ResNet-50 v1.5 in raw JAX, NHWC throughout.

Convolutions take the fastest of XLA's forms for the platform that they run on, and the description says which. It
holds no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from speedscore.bench_suite.frameworks.jax.driver import Model
from speedscore.bench_suite.workloads.resnet50 import BN_DECAY, NORM_EPSILON, STAGE_BLOCKS, Resnet50
from speedscore.bench_suite.workloads.workload import Weights

Convolve = Callable[[Any, Any, int], Any]
"""(images [N, H, W, in], kernel [k, k, in, out], stride) → [N, H/stride, W/stride, out], padded by k // 2 all round."""

LARGEST_PATCHES_BYTES = 4 * 2**20
"""Patches beyond this no longer stay in a processor's cache, and XLA's own convolution is as fast or faster again."""


def make(workload: Resnet50, *, platform: str) -> Model:
    """The model's pure functions, with the convolutions that suit ``platform``."""
    del workload
    on_host = platform == "cpu"
    convolve = convolve_by_product if on_host else convolve_natively

    def apply(params: Any, state: Any, images: Any, training: bool) -> tuple[Any, Any]:
        """Images [batch, height, width, 3] to logits [batch, classes], and the new running statistics."""
        new_state: dict[str, Any] = {}

        def conv_bn(images: Any, conv: str, bn: str, stride: int = 1) -> Any:
            images = convolve(images, params[f"{conv}.kernel"], stride)
            if training:
                mean, variance = _batch_statistics(images)
                new_state.update(_update_running(state, bn, mean, variance, count=math.prod(images.shape[:-1])))
            else:
                mean, variance = state[f"{bn}.mean"], state[f"{bn}.var"]
            scale = params[f"{bn}.scale"] * lax.rsqrt(variance + NORM_EPSILON)
            return (images - mean) * scale + params[f"{bn}.bias"]

        images = max_pool(jax.nn.relu(conv_bn(images, "stem.conv", "stem.bn", 2)))
        for stage, blocks in enumerate(STAGE_BLOCKS):
            for block in range(blocks):
                name = f"stage{stage}.block{block}"
                stride = 2 if stage and not block else 1
                shortcut = images
                if not block:
                    shortcut = conv_bn(images, f"{name}.shortcut.conv", f"{name}.shortcut.bn", stride)
                images = jax.nn.relu(conv_bn(images, f"{name}.conv0", f"{name}.bn0"))
                images = jax.nn.relu(conv_bn(images, f"{name}.conv1", f"{name}.bn1", stride))
                images = jax.nn.relu(conv_bn(images, f"{name}.conv2", f"{name}.bn2") + shortcut)
        logits = images.mean((1, 2)) @ params["head.kernel"] + params["head.bias"]
        return logits, (new_state if training else state)

    convolution = f"product over patches up to {LARGEST_PATCHES_BYTES} bytes" if on_host else "lax.conv_general_dilated"
    return Model(_to_trees, dict, apply, {"layout": "NHWC, HWIO kernels", "convolution": convolution})


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


def _batch_statistics(images: Any) -> tuple[Any, Any]:
    """Mean and biased variance [channels] over batch, height and width; the variance as E[x²] − E[x]²."""
    # One pass over the images instead of two, as Flax does by default: up to 5 % of a training step. Rounding may
    # carry the difference below zero, never the variance.
    mean = images.mean((0, 1, 2))
    return mean, jnp.maximum(jnp.square(images).mean((0, 1, 2)) - jnp.square(mean), 0.0)


def _update_running(state: Any, bn: str, mean: Any, variance: Any, *, count: int) -> dict[str, Any]:
    """Running statistics after a batch of ``count`` values a channel; the variance is made unbiased first."""
    unbiased = variance * (count / (count - 1))
    return {
        f"{bn}.{name}": BN_DECAY * state[f"{bn}.{name}"] + (1 - BN_DECAY) * lax.stop_gradient(batch)
        for name, batch in (("mean", mean), ("var", unbiased))
    }


def _to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
    """The canonical dictionaries are themselves the trees."""
    return parameters, state
