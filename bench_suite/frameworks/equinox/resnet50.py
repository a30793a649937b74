"""ResNet-50 v1.5 in Equinox for one image [C, H, W], mapped over the batch: ``eqx.nn.Conv2d`` and ``eqx.nn.MaxPool2d``.

``eqx.nn.BatchNorm`` keeps biased running variances and debiases its averages, which is not what the workload says, so
the normalisation is a module of its own, computed as that one is. It computes no loss; see ``workloads/resnet50.py``
for names and shapes.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxModel
from speedscore.bench_suite.frameworks.jax.image_layers import move_running
from speedscore.bench_suite.workloads.resnet50 import (
    CHANNELS,
    EXPANSION,
    NORM_EPSILON,
    STAGE_BLOCKS,
    Resnet50,
)

BATCH = "batch"
"""The axis of ``jax.vmap`` over which the statistics of a batch are taken."""

MAX_POOL = eqx.nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
"""In no module: it holds numbers, and every leaf of a module is a trained parameter."""

# Without annotations.
_lax: Any = lax


def make(workload: Resnet50, *, platform: str) -> EquinoxModel:
    """The model as a module for one image; it is the same on every platform."""
    del platform

    def apply(module: Any, state: Any, images: Any, training: bool) -> tuple[Any, Any]:
        """Images [batch, height, width, 3] to logits [batch, classes], and the new running statistics."""
        one_image = partial(module, inference=not training)
        mapped = jax.vmap(one_image, axis_name=BATCH, in_axes=(0, None), out_axes=(0, None))
        logits, state = mapped(images.transpose(0, 3, 1, 2), state)
        return logits, state

    return EquinoxModel(
        make=lambda key: Resnet(workload, key=key),
        apply=apply,
        description={
            "layout": "CHW an image, OIHW kernels",
            "convolution": "eqx.nn.Conv2d",
            "pooling": "eqx.nn.MaxPool2d",
        },
    )


class BatchNorm(eqx.Module):
    """Normalisation of an image [C, H, W] over its batch, with the workload's running statistics as state."""

    scale: jax.Array
    bias: jax.Array
    running: eqx.nn.StateIndex[dict[str, jax.Array]]

    def __init__(self, channels: int) -> None:
        ones, zeros = jnp.ones(channels, dtype=jnp.float32), jnp.zeros(channels, dtype=jnp.float32)
        self.scale, self.bias = ones, zeros
        self.running = eqx.nn.StateIndex({"mean": zeros, "var": ones})

    def __call__(self, image: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        running = state.get(self.running)
        mean, variance = running["mean"], running["var"]
        if not inference:
            _, height, width = image.shape
            batch = jax.vmap(_statistics)(image)
            count = height * width * int(_lax.psum(1, BATCH))
            moved = move_running((mean, variance), batch, count=count)
            state = state.set(self.running, dict(zip(("mean", "var"), moved, strict=True)))
            mean, variance = batch
        return jax.vmap(_normalise)(image, mean, variance, self.scale, self.bias), state


def _statistics(channel: Any) -> tuple[Any, Any]:
    """Mean and biased variance of one channel over the batch."""
    mean = _lax.pmean(jnp.mean(channel), BATCH)
    return mean, _lax.pmean(jnp.mean(jnp.square(channel - mean)), BATCH)


def _normalise(channel: Any, mean: Any, variance: Any, scale: Any, bias: Any) -> Any:
    return (channel - mean) / jnp.sqrt(variance + NORM_EPSILON) * scale + bias


class ConvNorm(eqx.Module):
    """A convolution and the normalisation after it."""

    conv: eqx.nn.Conv2d
    bn: BatchNorm

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, *, key: Any) -> None:
        self.conv = _conv(inputs, outputs, size, stride, key=key)
        self.bn = BatchNorm(outputs)

    def __call__(self, image: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        return self.bn(self.conv(image), state, inference=inference)


class Bottleneck(eqx.Module):
    """1 × 1, 3 × 3 with the stride, 1 × 1, and the shortcut, which is a projection where ``projected``."""

    conv0: eqx.nn.Conv2d
    bn0: BatchNorm
    conv1: eqx.nn.Conv2d
    bn1: BatchNorm
    conv2: eqx.nn.Conv2d
    bn2: BatchNorm
    shortcut: ConvNorm | None

    def __init__(self, inputs: int, width: int, stride: int, *, projected: bool, key: Any) -> None:
        keys, outputs = jax.random.split(key, 4), width * EXPANSION
        self.conv0, self.bn0 = _conv(inputs, width, 1, 1, key=keys[0]), BatchNorm(width)
        self.conv1, self.bn1 = _conv(width, width, 3, stride, key=keys[1]), BatchNorm(width)
        self.conv2, self.bn2 = _conv(width, outputs, 1, 1, key=keys[2]), BatchNorm(outputs)
        self.shortcut = ConvNorm(inputs, outputs, 1, stride, key=keys[3]) if projected else None

    def __call__(self, image: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        shortcut = image
        if self.shortcut is not None:
            shortcut, state = self.shortcut(image, state, inference=inference)
        image, state = self.bn0(self.conv0(image), state, inference=inference)
        image, state = self.bn1(self.conv1(jax.nn.relu(image)), state, inference=inference)
        image, state = self.bn2(self.conv2(jax.nn.relu(image)), state, inference=inference)
        return jax.nn.relu(image + shortcut), state


class Resnet(eqx.Module):
    """An image [3, height, width] to logits [classes]."""

    stem: ConvNorm
    stages: list[Stage]
    head: eqx.nn.Linear

    def __init__(self, workload: Resnet50, *, key: Any) -> None:
        stem, head, *keys = jax.random.split(key, 2 + len(STAGE_BLOCKS))
        self.stem = ConvNorm(CHANNELS, workload.width, 7, 2, key=stem)
        self.stages, inputs = [], workload.width
        for stage, key in enumerate(keys):
            width = workload.width * int(2**stage)
            self.stages.append(Stage(inputs, width, STAGE_BLOCKS[stage], 2 if stage else 1, key=key))
            inputs = width * EXPANSION
        self.head = eqx.nn.Linear(inputs, workload.classes, use_bias=True, key=head)

    def __call__(self, image: Any, state: Any, *, inference: bool) -> tuple[Any, Any]:
        image, state = self.stem(image, state, inference=inference)
        image = MAX_POOL(jax.nn.relu(image))
        for stage in self.stages:
            for block in stage.blocks:
                image, state = block(image, state, inference=inference)
        return self.head(image.mean((1, 2))), state


class Stage(eqx.Module):
    """Blocks of one width; the first has the stride and a projection."""

    blocks: list[Bottleneck]

    def __init__(self, inputs: int, width: int, blocks: int, stride: int, *, key: Any) -> None:
        first, *others = jax.random.split(key, blocks)
        self.blocks = [Bottleneck(inputs, width, stride, projected=True, key=first)]
        outputs = width * EXPANSION
        self.blocks += [Bottleneck(outputs, width, 1, projected=False, key=key) for key in others]


def _conv(inputs: int, outputs: int, size: int, stride: int, *, key: Any) -> eqx.nn.Conv2d:
    """An image [inputs, H, W] to [outputs, H/stride, W/stride], padded by size // 2 all round."""
    return eqx.nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, use_bias=False, key=key)
