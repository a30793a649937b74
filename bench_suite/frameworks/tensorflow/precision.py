"""What a precision means to TensorFlow: the type that a model computes in, as Keras's policy ``mixed_bfloat16`` has it.

Variables stay in float32 and the models cast them where they are used. It never knows a model.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision


def compute_type(precision: Precision) -> Any:
    """Of activations and of the factors of products; variables stay in float32."""
    return tf.bfloat16 if precision == "bfloat16" else tf.float32


def describe_compute(precision: Precision) -> dict[str, Scalar]:
    """What of a program is in which type, where not all is float32."""
    if precision != "bfloat16":
        return {}
    return {
        "compute": "casts, as Keras's mixed_bfloat16 has them: activations, products and convolutions in bfloat16; "
        "statistics of normalisations, softmax, loss, variables, gradients and optimizer in float32"
    }
