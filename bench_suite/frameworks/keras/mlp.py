"""The multilayer perceptron in Keras: dense layers with the exact GELU between them.

It computes no loss; see ``workloads/mlp.py`` for names and shapes.
"""

from __future__ import annotations

import keras

from speedscore.bench_suite.frameworks.keras.layers import dense, exact_gelu
from speedscore.bench_suite.frameworks.keras.layout import KerasModel
from speedscore.bench_suite.workloads.mlp import FEATURES, Mlp


def make(workload: Mlp) -> KerasModel:
    """The model with its weights as Keras draws them; inputs [batch, features], logits [batch, classes]."""
    sizes = [outputs for _, outputs in workload.layer_sizes]
    hidden = [dense(width, f"dense{index}", activation=exact_gelu) for index, width in enumerate(sizes[:-1])]
    head = dense(sizes[-1], f"dense{len(hidden)}")
    module = keras.Sequential([keras.Input((FEATURES,)), *hidden, head], name="mlp")
    return KerasModel(module, {"layout": "[in, out] kernels"})
