"""ResNet-50 v1.5 in raw JAX with the convolutions and the pooling that XLA's host backend runs fastest.

The rest of the network is that of ``resnet50``.
"""

from __future__ import annotations

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.resnet50 import make_network
from speedscore.bench_suite.frameworks.jax.tuned_image_layers import TUNED
from speedscore.bench_suite.workloads.resnet50 import Resnet50


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions, for the host alone."""
    del workload, platform
    return make_network(TUNED)
