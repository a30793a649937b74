"""ResNet-50 v1.5 in Haiku, NHWC throughout, with raw JAX's convolutions in modules of its own.

``hk.BatchNorm`` keeps biased running variances and debiases its averages, which is not what the workload says. It holds
no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

# Where Haiku is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.haiku.layers import dense, transform
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.image_layers import (
    Convolve,
    batch_statistics,
    choose_convolution,
    max_pool,
    update_running,
)
from speedscore.bench_suite.workloads.resnet50 import EXPANSION, NORM_EPSILON, STAGE_BLOCKS, Resnet50


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions, with the convolutions that suit ``platform``."""
    convolution = choose_convolution(platform)
    convolve = convolution.convolve

    def forward(images: Any, training: bool) -> Any:
        """Images [batch, height, width, 3] to logits [batch, classes]."""
        with hk.name_scope("stem"):
            images = Conv(workload.width, 7, 2, convolve, name="conv")(images)
            images = max_pool(jax.nn.relu(Norm(name="bn")(images, training)))
        for stage, blocks in enumerate(STAGE_BLOCKS):
            width = workload.width * int(2**stage)
            with hk.name_scope(f"stage{stage}"):
                for block in range(blocks):
                    stride = 2 if stage and not block else 1
                    bottleneck = Bottleneck(width, stride, convolve, projected=not block, name=f"block{block}")
                    images = bottleneck(images, training)
        return dense(workload.classes, "head")(images.mean((1, 2)))

    return transform(forward, convolution.description)


class Bottleneck(hk.Module):
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut, which is a projection where ``projected``."""

    def __init__(self, width: int, stride: int, convolve: Convolve, *, projected: bool, name: str) -> None:
        super().__init__(name=name)
        self.width, self.stride, self.convolve, self.projected = width, stride, convolve, projected

    def __call__(self, images: Any, training: bool) -> Any:
        shortcut = images
        if self.projected:
            with hk.name_scope("shortcut"):
                shortcut = Conv(self.width * EXPANSION, 1, self.stride, self.convolve, name="conv")(images)
                shortcut = Norm(name="bn")(shortcut, training)
        images = Conv(self.width, 1, 1, self.convolve, name="conv0")(images)
        images = jax.nn.relu(Norm(name="bn0")(images, training))
        images = Conv(self.width, 3, self.stride, self.convolve, name="conv1")(images)
        images = jax.nn.relu(Norm(name="bn1")(images, training))
        images = Conv(self.width * EXPANSION, 1, 1, self.convolve, name="conv2")(images)
        return jax.nn.relu(Norm(name="bn2")(images, training) + shortcut)


class Conv(hk.Module):
    """A convolution without bias: images [N, H, W, in] to [N, H/stride, W/stride, outputs], padded by size // 2."""

    def __init__(self, outputs: int, size: int, stride: int, convolve: Convolve, *, name: str) -> None:
        super().__init__(name=name)
        self.outputs, self.size, self.stride, self.convolve = outputs, size, stride, convolve

    def __call__(self, images: Any) -> Any:
        shape = (self.size, self.size, images.shape[-1], self.outputs)
        # Never initialised so: the workload brings every value.
        kernel = hk.get_parameter("w", shape, dtype=images.dtype, init=jnp.zeros)
        return self.convolve(images, kernel, self.stride)


class Norm(hk.Module):
    """Batch normalisation over batch, height and width, with the workload's running statistics as state."""

    def __call__(self, images: Any, training: bool) -> Any:
        channels, dtype = images.shape[-1:], images.dtype
        scale = hk.get_parameter("scale", channels, dtype=dtype, init=jnp.ones)
        offset = hk.get_parameter("offset", channels, dtype=dtype, init=jnp.zeros)
        mean = hk.get_state("mean", channels, dtype=dtype, init=jnp.zeros)
        variance = hk.get_state("var", channels, dtype=dtype, init=jnp.ones)
        if training:
            batch = batch_statistics(images)
            for name, moved in zip(("mean", "var"), update_running((mean, variance), batch, images), strict=True):
                hk.set_state(name, moved)
            mean, variance = batch
        return (images - mean) * (scale * jax.lax.rsqrt(variance + NORM_EPSILON)) + offset
