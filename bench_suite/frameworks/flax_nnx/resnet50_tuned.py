"""ResNet-50 v1.5 in Flax NNX with the convolutions and the pooling that XLA's host backend runs fastest.

The modules are those of ``resnet50``; ``nnx.Conv`` calls another convolution. On an accelerator they are the same.
"""

from __future__ import annotations

from speedscore.bench_suite.frameworks.flax_nnx import resnet50
from speedscore.bench_suite.frameworks.flax_nnx.layout import NnxModel
from speedscore.bench_suite.frameworks.jax.tuned_image_layers import TUNED, convolve_for_flax
from speedscore.bench_suite.workloads.resnet50 import Resnet50


def make(workload: Resnet50, *, platform: str) -> NnxModel:
    """The model's class, with the layers that suit ``platform``."""
    if platform != "cpu":
        return resnet50.make(workload, platform=platform)
    return NnxModel(
        lambda rngs: resnet50.Resnet(workload, convolve_for_flax, TUNED.max_pool, rngs=rngs), TUNED.description
    )
