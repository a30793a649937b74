"""Opens a SavedModel in TensorFlow, without the model's code, by the signature that TensorFlow Serving looks for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# TensorFlow reads it when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

SIGNATURE = "serving_default"


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``; the model takes one array, and its thread is one."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    loaded = tf.saved_model.load(str(Path(folder) / artefact))
    signature = loaded.signatures[SIGNATURE]
    (name,) = signature.structured_input_signature[1]

    def call(batch: Any) -> Any:
        (logits,) = signature(**{name: tf.constant(batch)}).values()
        return logits.numpy()

    # What was loaded holds the weights: a signature alone does not keep them.
    memory |= {"call": call, "loaded": loaded}
