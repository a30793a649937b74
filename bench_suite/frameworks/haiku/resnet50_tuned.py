"""ResNet-50 v1.5 in Haiku with the convolutions and the pooling that XLA's host backend runs fastest.

The rest of the network is that of ``resnet50``; the convolutions are modules of its own.
"""

# Where Haiku is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from functools import partial
from typing import Any

import haiku as hk
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.haiku.layers import transform
from speedscore.bench_suite.frameworks.haiku.resnet50 import make_forward
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.image_layers import Convolve
from speedscore.bench_suite.frameworks.jax.tuned_image_layers import TUNED
from speedscore.bench_suite.workloads.resnet50 import Resnet50


def make(workload: Resnet50, *, platform: str) -> PureModel:
    """The model's pure functions, for the host alone."""
    del platform
    forward = make_forward(workload, make_conv=partial(Conv, TUNED.convolve), max_pool=TUNED.max_pool)
    return transform(forward, TUNED.description)


class Conv(hk.Module):
    """A convolution without bias: images [N, H, W, in] to [N, H/stride, W/stride, outputs], padded by size // 2."""

    def __init__(self, convolve: Convolve, outputs: int, size: int, stride: int, *, name: str) -> None:
        super().__init__(name=name)
        self.outputs, self.size, self.stride, self.convolve = outputs, size, stride, convolve

    def __call__(self, images: Any) -> Any:
        shape = (self.size, self.size, images.shape[-1], self.outputs)
        # Never initialised so: the workload brings every value.
        kernel = hk.get_parameter("w", shape, dtype=images.dtype, init=jnp.zeros)
        return self.convolve(images, kernel, self.stride)
