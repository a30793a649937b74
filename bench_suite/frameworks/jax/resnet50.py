"""ResNet-50 v1.5 in raw JAX, NHWC throughout.

Convolutions take the fastest of XLA's forms for the platform that they run on, and the description says which. It
holds no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import jax
from jax import lax

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.image_layers import (
    batch_statistics,
    choose_convolution,
    max_pool,
    update_running,
)
from speedscore.bench_suite.workloads.resnet50 import NORM_EPSILON, STAGE_BLOCKS, Resnet50
from speedscore.bench_suite.workloads.workload import Weights


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions, with the convolutions that suit ``platform``."""
    del workload
    convolution = choose_convolution(platform)

    def apply(params: Any, state: Any, images: Any, training: bool) -> tuple[Any, Any]:
        """Images [batch, height, width, 3] to logits [batch, classes], and the new running statistics."""
        new_state: dict[str, Any] = {}

        def conv_bn(images: Any, conv: str, bn: str, stride: int = 1) -> Any:
            images = convolution.convolve(images, params[f"{conv}.kernel"], stride)
            mean, variance = running = state[f"{bn}.mean"], state[f"{bn}.var"]
            if training:
                mean, variance = batch = batch_statistics(images)
                new_state[f"{bn}.mean"], new_state[f"{bn}.var"] = update_running(running, batch, images)
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

    return PureModel(_to_trees, dict, apply, convolution.description)


def _to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
    """The canonical dictionaries are themselves the trees."""
    return parameters, state
