"""A model as a SavedModel, with the signature that TensorFlow Serving looks for. It runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.exports.signature import make_module

NAME = "saved_model"


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    module = make_module(memory)
    tf.saved_model.save(module, str(Path(folder) / NAME), signatures=module.predict)
    return {"artefact": NAME, "tool": "tf.saved_model"}
