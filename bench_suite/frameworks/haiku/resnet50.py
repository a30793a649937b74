"""ResNet-50 v1.5 in Haiku, NHWC throughout: ``hk.Conv2D`` and ``hk.max_pool``.

``hk.BatchNorm`` keeps biased running variances and debiases its averages, which is not what the workload says. It holds
no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

# Where Haiku is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import haiku as hk
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.haiku.layers import dense, transform
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.image_layers import MaxPool, batch_statistics, describe, update_running
from speedscore.bench_suite.frameworks.jax.precision import compute_type
from speedscore.bench_suite.workloads.resnet50 import EXPANSION, NORM_EPSILON, STAGE_BLOCKS, Resnet50


class MakeConv(Protocol):
    """A convolution without bias: images [N, H, W, in] to [N, H/stride, W/stride, outputs], padded by size // 2."""

    def __call__(self, outputs: int, size: int, stride: int, *, name: str) -> Callable[[Any], Any]: ...


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    description = describe("hk.Conv2D", "hk.max_pool")
    forward = make_forward(workload, make_conv=make_conv, max_pool=max_pool)
    return transform(forward, description, precision=workload.precision)


def make_conv(outputs: int, size: int, stride: int, *, name: str) -> hk.Conv2D:
    padding = (size // 2, size // 2)
    return hk.Conv2D(outputs, size, stride, padding=(padding, padding), with_bias=False, data_format="NHWC", name=name)


def max_pool(images: Any) -> Any:
    """Maximum over 3 × 3 windows of stride 2, padded by 1."""
    # hk.max_pool pads by name alone, and its SAME pads one side only.
    padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-jnp.inf)
    return hk.max_pool(padded, window_shape=(1, 3, 3, 1), strides=(1, 2, 2, 1), padding="VALID")


def make_forward(workload: Resnet50, *, make_conv: MakeConv, max_pool: MaxPool) -> Callable[[Any, bool], Any]:
    """The network with these convolutions and this pooling."""
    compute = compute_type(workload.precision)

    def forward(images: Any, training: bool) -> Any:
        """Images [batch, height, width, 3] to logits [batch, classes]."""
        with hk.name_scope("stem"):
            images = make_conv(workload.width, 7, 2, name="conv")(images.astype(compute))
            images = max_pool(jax.nn.relu(Norm(name="bn")(images, training)))
        for stage, blocks in enumerate(STAGE_BLOCKS):
            width = workload.width * int(2**stage)
            with hk.name_scope(f"stage{stage}"):
                for block in range(blocks):
                    stride = 2 if stage and not block else 1
                    bottleneck = Bottleneck(width, stride, make_conv, projected=not block, name=f"block{block}")
                    images = bottleneck(images, training)
        return dense(workload.classes, "head")(images.mean((1, 2)))

    return forward


class Bottleneck(hk.Module):
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut, which is a projection where ``projected``."""

    def __init__(self, width: int, stride: int, make_conv: MakeConv, *, projected: bool, name: str) -> None:
        super().__init__(name=name)
        self.width, self.stride, self.make_conv, self.projected = width, stride, make_conv, projected

    def __call__(self, images: Any, training: bool) -> Any:
        shortcut = images
        if self.projected:
            with hk.name_scope("shortcut"):
                shortcut = self.make_conv(self.width * EXPANSION, 1, self.stride, name="conv")(images)
                shortcut = Norm(name="bn")(shortcut, training)
        images = self.make_conv(self.width, 1, 1, name="conv0")(images)
        images = jax.nn.relu(Norm(name="bn0")(images, training))
        images = self.make_conv(self.width, 3, self.stride, name="conv1")(images)
        images = jax.nn.relu(Norm(name="bn1")(images, training))
        images = self.make_conv(self.width * EXPANSION, 1, 1, name="conv2")(images)
        return jax.nn.relu(Norm(name="bn2")(images, training) + shortcut)


class Norm(hk.Module):
    """Batch normalisation over batch, height and width, with the workload's running statistics as state."""

    def __call__(self, images: Any, training: bool) -> Any:
        channels, dtype = images.shape[-1:], jnp.float32
        scale = hk.get_parameter("scale", channels, dtype=dtype, init=jnp.ones)
        offset = hk.get_parameter("offset", channels, dtype=dtype, init=jnp.zeros)
        mean = hk.get_state("mean", channels, dtype=dtype, init=jnp.zeros)
        variance = hk.get_state("var", channels, dtype=dtype, init=jnp.ones)
        if training:
            batch = batch_statistics(images)
            for name, moved in zip(("mean", "var"), update_running((mean, variance), batch, images), strict=True):
                hk.set_state(name, moved)
            mean, variance = batch
        return ((images - mean) * (scale * jax.lax.rsqrt(variance + NORM_EPSILON)) + offset).astype(images.dtype)
