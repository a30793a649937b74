"""ResNet-50 v1.5 in raw JAX, NHWC throughout, with XLA's own convolution and pooling.

It holds no weights and computes no loss; see ``workloads/resnet50.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import jax
from jax import lax

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.image_layers import (
    IDIOMATIC,
    ImageLayers,
    batch_statistics,
    update_running,
)
from speedscore.bench_suite.frameworks.jax.layers import dense
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.resnet50 import NORM_EPSILON, STAGE_BLOCKS, Resnet50
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    return make_network(IDIOMATIC, precision=workload.precision)


def make_network(layers: ImageLayers, *, precision: Precision = FLOAT32) -> PureModel:
    """The model's pure functions with these convolutions and this pooling."""
    compute = compute_type(precision)

    def apply(params: Any, state: Any, images: Any, training: bool) -> tuple[Any, Any]:
        """Images [batch, height, width, 3] to logits [batch, classes], and the new running statistics."""
        new_state: dict[str, Any] = {}

        def conv_bn(images: Any, conv: str, bn: str, stride: int = 1) -> Any:
            images = layers.convolve(images, params[f"{conv}.kernel"].astype(compute), stride)
            mean, variance = running = state[f"{bn}.mean"], state[f"{bn}.var"]
            if training:
                mean, variance = batch = batch_statistics(images)
                new_state[f"{bn}.mean"], new_state[f"{bn}.var"] = update_running(running, batch, images)
            scale = params[f"{bn}.scale"] * lax.rsqrt(variance + NORM_EPSILON)
            return ((images - mean) * scale + params[f"{bn}.bias"]).astype(compute)

        images = layers.max_pool(jax.nn.relu(conv_bn(images.astype(compute), "stem.conv", "stem.bn", 2)))
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
        return dense(params, "head", images.mean((1, 2))), (new_state if training else state)

    return PureModel(_to_trees, dict, apply, layers.description | describe_compute(precision))


def _to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
    """The canonical dictionaries are themselves the trees."""
    return parameters, state
