"""ResNet-50 v1.5 in Flax Linen, NHWC throughout: ``nn.Conv`` and ``nn.max_pool``.

``nn.BatchNorm`` keeps a biased running variance, which is not what the workload says, so the normalisation is a module
of its own. It holds no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

# Where Flax is not installed, its classes and decorators are Any to the type checker.
# mypy: allow-subclassing-any, allow-untyped-decorators

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

from speedscore.bench_suite.frameworks.flax_linen.layout import STATISTICS, make_model
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.image_layers import MaxPool, batch_statistics, describe, update_running
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.resnet50 import EXPANSION, NORM_EPSILON, STAGE_BLOCKS, Resnet50


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    module = Resnet(workload, dtype=compute_type(workload.precision))
    return make_model(module, DESCRIPTION | describe_compute(workload.precision))


DESCRIPTION = describe("nn.Conv", "nn.max_pool")

# Without annotations.
_nn: Any = nn


def max_pool(images: Any) -> Any:
    """Maximum over 3 × 3 windows of stride 2, padded by 1."""
    return _nn.max_pool(images, (3, 3), strides=(2, 2), padding=((1, 1), (1, 1)))


class Resnet(nn.Module):
    """Images [batch, height, width, 3] to logits [batch, classes]."""

    workload: Resnet50
    convolve: Callable[..., Any] = lax.conv_general_dilated
    """What ``nn.Conv`` calls; this is its own default."""
    max_pool: MaxPool = max_pool
    dtype: Any = jnp.float32
    """Of the computation; parameters and statistics are in float32."""

    @nn.compact
    def __call__(self, images: Any, training: bool) -> Any:
        images = Projection(self.workload.width, 7, 2, self.convolve, self.dtype, name="stem")(images, training)
        images = self.max_pool(jax.nn.relu(images))
        for stage, blocks in enumerate(STAGE_BLOCKS):
            width = self.workload.width * int(2**stage)
            images = Stage(width, blocks, 2 if stage else 1, self.convolve, self.dtype, name=f"stage{stage}")(
                images, training
            )
        return nn.Dense(self.workload.classes, use_bias=True, dtype=self.dtype, name="head")(images.mean((1, 2)))


class Stage(nn.Module):
    """Blocks of one width, the first of them with the stride."""

    width: int
    blocks: int
    stride: int
    convolve: Callable[..., Any]
    dtype: Any

    @nn.compact
    def __call__(self, images: Any, training: bool) -> Any:
        for block in range(self.blocks):
            stride = 1 if block else self.stride
            bottleneck = Bottleneck(self.width, stride, not block, self.convolve, self.dtype, name=f"block{block}")
            images = bottleneck(images, training)
        return images


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut, which is a projection where ``projected``."""

    width: int
    stride: int
    projected: bool
    convolve: Callable[..., Any]
    dtype: Any

    @nn.compact
    def __call__(self, images: Any, training: bool) -> Any:
        outputs = self.width * EXPANSION
        shortcut = images
        if self.projected:
            shortcut = Projection(outputs, 1, self.stride, self.convolve, self.dtype, name="shortcut")(images, training)
        images = _conv(self.width, 1, 1, self.convolve, self.dtype, name="conv0")(images)
        images = jax.nn.relu(BatchNorm(name="bn0")(images, training))
        images = _conv(self.width, 3, self.stride, self.convolve, self.dtype, name="conv1")(images)
        images = jax.nn.relu(BatchNorm(name="bn1")(images, training))
        images = _conv(outputs, 1, 1, self.convolve, self.dtype, name="conv2")(images)
        return jax.nn.relu(BatchNorm(name="bn2")(images, training) + shortcut)


class Projection(nn.Module):
    """A convolution and its normalisation."""

    outputs: int
    size: int
    stride: int
    convolve: Callable[..., Any]
    dtype: Any

    @nn.compact
    def __call__(self, images: Any, training: bool) -> Any:
        images = _conv(self.outputs, self.size, self.stride, self.convolve, self.dtype, name="conv")(images)
        return BatchNorm(name="bn")(images, training)


class BatchNorm(nn.Module):
    """Normalisation over batch, height and width, with the workload's running statistics."""

    @nn.compact
    def __call__(self, images: Any, training: bool) -> Any:
        channels = images.shape[-1:]
        scale = self.param("scale", nn.initializers.ones_init(), channels)
        bias = self.param("bias", nn.initializers.zeros_init(), channels)
        running_mean = self.variable(STATISTICS, "mean", jnp.zeros, channels)
        running_variance = self.variable(STATISTICS, "var", jnp.ones, channels)
        mean, variance = running_mean.value, running_variance.value
        if training:
            batch = batch_statistics(images)
            running_mean.value, running_variance.value = update_running((mean, variance), batch, images)
            mean, variance = batch
        return ((images - mean) * (scale * lax.rsqrt(variance + NORM_EPSILON)) + bias).astype(images.dtype)


def _conv(outputs: int, size: int, stride: int, convolve: Callable[..., Any], dtype: Any, *, name: str) -> nn.Conv:
    """Images [N, H, W, in] to [N, H/stride, W/stride, outputs], padded by size // 2 all round."""
    return nn.Conv(
        outputs,
        kernel_size=(size, size),
        strides=(stride, stride),
        padding=((size // 2, size // 2), (size // 2, size // 2)),
        use_bias=False,
        conv_general_dilated=convolve,
        dtype=dtype,
        name=name,
    )
