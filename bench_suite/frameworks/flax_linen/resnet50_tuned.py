"""ResNet-50 v1.5 in Flax Linen with the convolutions and the pooling that XLA's host backend runs fastest.

The modules are those of ``resnet50``; ``nn.Conv`` calls another convolution.
"""

from __future__ import annotations

from speedscore.bench_suite.frameworks.flax_linen.layout import make_model
from speedscore.bench_suite.frameworks.flax_linen.resnet50 import Resnet
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.tuned_image_layers import TUNED, convolve_for_flax
from speedscore.bench_suite.workloads.resnet50 import Resnet50


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions, for the host alone."""
    del platform
    return make_model(Resnet(workload, convolve_for_flax, TUNED.max_pool), TUNED.description)
