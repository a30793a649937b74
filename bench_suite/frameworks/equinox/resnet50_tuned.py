"""ResNet-50 v1.5 in Equinox for a batch at once, NHWC throughout, with the layers that XLA's host backend runs fastest.

It computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxModel
from speedscore.bench_suite.frameworks.jax.image_layers import Convolve, MaxPool, batch_statistics, update_running
from speedscore.bench_suite.frameworks.jax.tuned_image_layers import TUNED
from speedscore.bench_suite.workloads.resnet50 import (
    CHANNELS,
    EXPANSION,
    NORM_EPSILON,
    STAGE_BLOCKS,
    Resnet50,
)


def make(workload: Resnet50, *, platform: str) -> EquinoxModel:
    """The model as a module for a batch, for the host alone."""
    del platform

    def apply(module: Any, state: Any, images: Any, training: bool) -> tuple[Any, Any]:
        """Images [batch, height, width, 3] to logits [batch, classes], and the new running statistics."""
        logits, state = module(images, state, inference=not training)
        return logits, state

    return EquinoxModel(
        make=lambda key: Resnet(workload, TUNED.convolve, TUNED.max_pool, key=key),
        apply=apply,
        description=TUNED.description,
    )


class Conv(eqx.Module):
    """A convolution without bias: images [N, H, W, in] to [N, H/stride, W/stride, out], padded by size // 2."""

    kernel: jax.Array
    stride: int = eqx.field(static=True)
    convolve: Convolve = eqx.field(static=True)

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, convolve: Convolve, *, key: Any) -> None:
        self.kernel = jax.random.normal(key, (size, size, inputs, outputs), dtype=jnp.float32)
        self.stride, self.convolve = stride, convolve

    def __call__(self, images: Any) -> Any:
        return self.convolve(images, self.kernel, self.stride)


class BatchNorm(eqx.Module):
    """Normalisation over batch, height and width, with the workload's running statistics as state."""

    scale: jax.Array
    bias: jax.Array
    running: eqx.nn.StateIndex[dict[str, jax.Array]]

    def __init__(self, channels: int) -> None:
        ones, zeros = jnp.ones(channels, dtype=jnp.float32), jnp.zeros(channels, dtype=jnp.float32)
        self.scale, self.bias = ones, zeros
        self.running = eqx.nn.StateIndex({"mean": zeros, "var": ones})

    def __call__(self, images: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        running = state.get(self.running)
        if inference:
            mean, variance = running["mean"], running["var"]
        else:
            mean, variance = batch = batch_statistics(images)
            moved = update_running((running["mean"], running["var"]), batch, images)
            state = state.set(self.running, dict(zip(("mean", "var"), moved, strict=True)))
        return (images - mean) * (self.scale * jax.lax.rsqrt(variance + NORM_EPSILON)) + self.bias, state


class ConvNorm(eqx.Module):
    """A convolution and the normalisation after it."""

    conv: Conv
    bn: BatchNorm

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, convolve: Convolve, *, key: Any) -> None:
        self.conv = Conv(inputs, outputs, size, stride, convolve, key=key)
        self.bn = BatchNorm(outputs)

    def __call__(self, images: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        return self.bn(self.conv(images), state, inference=inference)


class Bottleneck(eqx.Module):
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut, which is a projection where ``projected``."""

    conv0: Conv
    bn0: BatchNorm
    conv1: Conv
    bn1: BatchNorm
    conv2: Conv
    bn2: BatchNorm
    shortcut: ConvNorm | None

    def __init__(self, inputs: int, width: int, stride: int, convolve: Convolve, *, projected: bool, key: Any) -> None:
        keys, outputs = jax.random.split(key, 4), width * EXPANSION
        self.conv0, self.bn0 = Conv(inputs, width, 1, 1, convolve, key=keys[0]), BatchNorm(width)
        self.conv1, self.bn1 = Conv(width, width, 3, stride, convolve, key=keys[1]), BatchNorm(width)
        self.conv2, self.bn2 = Conv(width, outputs, 1, 1, convolve, key=keys[2]), BatchNorm(outputs)
        self.shortcut = ConvNorm(inputs, outputs, 1, stride, convolve, key=keys[3]) if projected else None

    def __call__(self, images: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        shortcut = images
        if self.shortcut is not None:
            shortcut, state = self.shortcut(images, state, inference=inference)
        images, state = self.bn0(self.conv0(images), state, inference=inference)
        images, state = self.bn1(self.conv1(jax.nn.relu(images)), state, inference=inference)
        images, state = self.bn2(self.conv2(jax.nn.relu(images)), state, inference=inference)
        return jax.nn.relu(images + shortcut), state


class Resnet(eqx.Module):
    """Images [batch, height, width, 3] to logits [batch, classes]."""

    stem: ConvNorm
    stages: list[Stage]
    head: eqx.nn.Linear
    max_pool: MaxPool = eqx.field(static=True)

    def __init__(self, workload: Resnet50, convolve: Convolve, max_pool: MaxPool, *, key: Any) -> None:
        self.max_pool = max_pool
        stem, head, *keys = jax.random.split(key, 2 + len(STAGE_BLOCKS))
        self.stem = ConvNorm(CHANNELS, workload.width, 7, 2, convolve, key=stem)
        self.stages, inputs = [], workload.width
        for stage, key in enumerate(keys):
            width = workload.width * int(2**stage)
            self.stages.append(Stage(inputs, width, STAGE_BLOCKS[stage], 2 if stage else 1, convolve, key=key))
            inputs = width * EXPANSION
        self.head = eqx.nn.Linear(inputs, workload.classes, use_bias=True, key=head)

    def __call__(self, images: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        images, state = self.stem(images, state, inference=inference)
        images = self.max_pool(jax.nn.relu(images))
        for stage in self.stages:
            for block in stage.blocks:
                images, state = block(images, state, inference=inference)
        return jax.vmap(self.head)(images.mean((1, 2))), state


class Stage(eqx.Module):
    """Blocks of one width; the first has the stride and a projection."""

    blocks: list[Bottleneck]

    def __init__(self, inputs: int, width: int, blocks: int, stride: int, convolve: Convolve, *, key: Any) -> None:
        first, *others = jax.random.split(key, blocks)
        self.blocks = [Bottleneck(inputs, width, stride, convolve, projected=True, key=first)]
        outputs = width * EXPANSION
        self.blocks += [Bottleneck(outputs, width, 1, convolve, projected=False, key=key) for key in others]
