"""What of TensorFlow is kept in files beside checkpoints: a pass as SavedModel, and a Keras model as ``.keras``.

The suite's models are written without Keras, so that of ``.keras`` is a small one of two dense layers, with weights
from a seed.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from speedscore.bench_suite.frameworks.artefacts import Artefact
from speedscore.bench_suite.frameworks.tensorflow.computation import Computation

_WIDTH = 32
_SUFFIX = ".keras"  # Keras asks for it


def _make_saved_model(workload: Any, implementation: str, inputs: Any, path: Path) -> Any:
    model = importlib.import_module(implementation).make(workload, platform="cpu")
    module = tf.Module()
    module.computation = Computation(workload, model)
    module.variables_by_name = module.computation.variables()
    module.predict = tf.function(module.computation.predict, autograph=False)
    signature = module.predict.get_concrete_function(tf.TensorSpec(inputs.shape, inputs.dtype))
    tf.saved_model.save(module, str(path), signatures=signature)
    return module.predict(tf.constant(inputs)).numpy()


def _run_saved_model(inputs: Any, path: Path) -> Any:
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    (outputs,) = signature(tf.constant(inputs)).values()
    return outputs.numpy()


def _make_keras(workload: Any, implementation: str, inputs: Any, path: Path) -> Any:
    del workload, implementation, inputs
    draw = np.random.default_rng(0).standard_normal
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.Input((_WIDTH,)), layers.Dense(_WIDTH, activation="gelu"), layers.Dense(_WIDTH)]
    )
    model.set_weights([draw(weights.shape).astype(np.float32) for weights in model.get_weights()])
    model.save(path.with_suffix(_SUFFIX))
    return _call_keras(model)


def _run_keras(inputs: Any, path: Path) -> Any:
    del inputs
    return _call_keras(tf.keras.models.load_model(path.with_suffix(_SUFFIX)))


def _call_keras(model: Any) -> Any:
    return model(np.linspace(-1, 1, _WIDTH, dtype=np.float32)[None]).numpy()


ARTEFACTS = {
    "savedmodel": Artefact(_make_saved_model, _run_saved_model),
    "keras": Artefact(_make_keras, _run_keras),
}
