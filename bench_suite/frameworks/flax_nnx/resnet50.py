"""ResNet-50 v1.5 in Flax NNX, NHWC throughout: ``nnx.Conv`` and ``nnx.max_pool``.

``nnx.BatchNorm`` keeps a biased running variance, which is not what the workload says, so the normalisation is a module
of its own. It holds no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

# Where Flax is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from speedscore.bench_suite.frameworks.flax_nnx.layout import NnxModel
from speedscore.bench_suite.frameworks.jax.image_layers import MaxPool, batch_statistics, describe, update_running
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.resnet50 import (
    CHANNELS,
    EXPANSION,
    NORM_EPSILON,
    STAGE_BLOCKS,
    Resnet50,
)

Convolve = Callable[..., Any]
"""What ``nnx.Conv`` calls: ``lax.conv_general_dilated``, unless it is told another."""


# Without annotations.
_nnx: Any = nnx


def make(workload: Resnet50, *, platform: str) -> NnxModel:
    """The model's class; it is the same on every platform."""
    del platform
    description = describe("nnx.Conv", "nnx.max_pool") | describe_compute(workload.precision)
    return NnxModel(lambda rngs: Resnet(workload, rngs=rngs), description)


def max_pool(images: Any) -> Any:
    """Maximum over 3 × 3 windows of stride 2, padded by 1."""
    return _nnx.max_pool(images, (3, 3), strides=(2, 2), padding=((1, 1), (1, 1)))


class Resnet(nnx.Module):
    """Images [batch, height, width, 3] to logits [batch, classes]."""

    def __init__(
        self,
        workload: Resnet50,
        convolve: Convolve = lax.conv_general_dilated,
        max_pool: MaxPool = max_pool,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        self.max_pool = max_pool
        dtype = compute_type(workload.precision)
        self.stem = Projection(CHANNELS, workload.width, 7, 2, convolve, dtype, rngs=rngs)
        inputs = workload.width
        stages = []
        for stage, blocks in enumerate(STAGE_BLOCKS):
            width = workload.width * int(2**stage)
            stages.append(Stage(inputs, width, blocks, 2 if stage else 1, convolve, dtype, rngs=rngs))
            inputs = width * EXPANSION
        self.stages = nnx.List(stages)
        self.head = nnx.Linear(workload.features, workload.classes, use_bias=True, dtype=dtype, rngs=rngs)

    def __call__(self, images: Any) -> Any:
        images = self.max_pool(jax.nn.relu(self.stem(images)))
        for stage in self.stages:
            images = stage(images)
        return self.head(images.mean((1, 2)))


class Stage(nnx.Module):
    """Blocks of one width, the first of them with the stride and a projected shortcut."""

    def __init__(
        self, inputs: int, width: int, blocks: int, stride: int, convolve: Convolve, dtype: Any, *, rngs: nnx.Rngs
    ) -> None:
        first = Bottleneck(inputs, width, stride, convolve, dtype, rngs=rngs, projected=True)
        others = (
            Bottleneck(width * EXPANSION, width, 1, convolve, dtype, rngs=rngs, projected=False)
            for _ in range(1, blocks)
        )
        self.blocks = nnx.List([first, *others])

    def __call__(self, images: Any) -> Any:
        for block in self.blocks:
            images = block(images)
        return images


class Bottleneck(nnx.Module):
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut, which is a projection where ``projected``."""

    def __init__(
        self, inputs: int, width: int, stride: int, convolve: Convolve, dtype: Any, *, rngs: nnx.Rngs, projected: bool
    ) -> None:
        outputs = width * EXPANSION
        self.conv0, self.bn0 = _conv(inputs, width, 1, 1, convolve, dtype, rngs), BatchNorm(width)
        self.conv1, self.bn1 = _conv(width, width, 3, stride, convolve, dtype, rngs), BatchNorm(width)
        self.conv2, self.bn2 = _conv(width, outputs, 1, 1, convolve, dtype, rngs), BatchNorm(outputs)
        self.shortcut = Projection(inputs, outputs, 1, stride, convolve, dtype, rngs=rngs) if projected else None

    def __call__(self, images: Any) -> Any:
        shortcut = images if self.shortcut is None else self.shortcut(images)
        images = jax.nn.relu(self.bn0(self.conv0(images)))
        images = jax.nn.relu(self.bn1(self.conv1(images)))
        return jax.nn.relu(self.bn2(self.conv2(images)) + shortcut)


class Projection(nnx.Module):
    """A convolution and its normalisation."""

    def __init__(
        self, inputs: int, outputs: int, size: int, stride: int, convolve: Convolve, dtype: Any, *, rngs: nnx.Rngs
    ) -> None:
        self.conv, self.bn = _conv(inputs, outputs, size, stride, convolve, dtype, rngs), BatchNorm(outputs)

    def __call__(self, images: Any) -> Any:
        return self.bn(self.conv(images))


class BatchNorm(nnx.Module):
    """Normalisation over batch, height and width, with the workload's running statistics.

    ``train`` and ``eval`` of the model set ``use_running_average``, as they do for ``nnx.BatchNorm``.
    """

    def __init__(self, channels: int) -> None:
        self.scale, self.bias = nnx.Param(jnp.ones(channels)), nnx.Param(jnp.zeros(channels))
        self.mean, self.var = nnx.BatchStat(jnp.zeros(channels)), nnx.BatchStat(jnp.ones(channels))
        self.use_running_average = False

    def __call__(self, images: Any) -> Any:
        mean, variance = self.mean[...], self.var[...]
        if not self.use_running_average:
            batch = batch_statistics(images)
            self.mean[...], self.var[...] = update_running((mean, variance), batch, images)
            mean, variance = batch
        normalised = (images - mean) * (self.scale[...] * lax.rsqrt(variance + NORM_EPSILON)) + self.bias[...]
        return normalised.astype(images.dtype)


def _conv(
    inputs: int, outputs: int, size: int, stride: int, convolve: Convolve, dtype: Any, rngs: nnx.Rngs
) -> nnx.Conv:
    """Images [N, H, W, inputs] to [N, H/stride, W/stride, outputs], padded by size // 2 all round."""
    return nnx.Conv(
        inputs,
        outputs,
        kernel_size=(size, size),
        strides=(stride, stride),
        padding=((size // 2, size // 2), (size // 2, size // 2)),
        use_bias=False,
        conv_general_dilated=convolve,
        dtype=dtype,
        rngs=rngs,
    )
