"""What a model's file gives to a backend's program, and the names of a Keras model's variables.

A layer bears the name that its weights have in the workload, so that a variable's path, ``gpt/block0/attn/qkv/kernel``,
says its canonical name. Keras keeps canonical layouts on every backend, so no axis moves; only query, key and value
become one. Nothing here computes, and nothing knows a backend.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar

_OWN_NAMES = {
    "embeddings": "embedding",
    "gamma": "scale",
    "beta": "bias",
    "moving_mean": "mean",
    "moving_variance": "var",
}
"""What Keras calls a layer's variables, where the workloads call them something else."""


@dataclasses.dataclass(frozen=True)
class KerasModel:
    """One model, built."""

    module: Any
    """The ``keras.Model``, called with a batch of inputs; it answers with logits [..., classes]."""
    description: Mapping[str, Scalar]
    """How it is computed: ``layout``, attention kernel, form of the convolutions."""
    joint: str = "/"
    """What stands between the parts of a name in a variable's path."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The trained variables by name, in Keras' own order."""
        return {self._name(variable): variable for variable in self.module.trainable_variables}

    @property
    def state(self) -> dict[str, Any]:
        """The other variables by name, in Keras' own order."""
        return {self._name(variable): variable for variable in self.module.non_trainable_variables}

    def _name(self, variable: Any) -> str:
        path: str = variable.path.removeprefix(f"{self.module.name}/")
        layer, _, own = path.rpartition("/")
        return ".".join([*layer.replace(self.joint, "/").split("/"), _OWN_NAMES.get(own, own)])


def to_own(weights: Weights) -> Weights:
    """Canonical names, with query, key and value side by side in ``qkv``: kernel [D, 3D], bias [3D]."""
    return fuse(weights)


def to_canonical(weights: Weights) -> Weights:
    """The other way round than ``to_own``."""
    return split(weights)
