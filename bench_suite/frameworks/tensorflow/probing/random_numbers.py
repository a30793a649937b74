"""Random numbers of TensorFlow from one seed: the global generator, which is what ``tf.random.set_seed`` sets."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.digests import digest_arrays

_SIZE = 257


def draw(memory: dict[str, Any], *, seed: int) -> dict[str, str]:
    """Digests of some of each kind."""
    del memory
    tf.random.set_seed(seed)
    return digest_arrays(
        {
            "normal": tf.random.normal((_SIZE,)),
            "uniform": tf.random.uniform((_SIZE,)),
            "integers": tf.random.uniform((_SIZE,), maxval=1000, dtype=tf.int32),
            "permutation": tf.random.shuffle(tf.range(_SIZE)),
        }
    )
