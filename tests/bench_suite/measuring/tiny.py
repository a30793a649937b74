"""A perceptron so small that a step of it in NumPy takes less than a millisecond; its reference is beside this file.

The reference is made by ``save_reference(workload, make_reference(workload, METHOD))``.
"""

from __future__ import annotations

from speedscore.bench_suite.workloads import mlp
from speedscore.bench_suite.workloads.mlp import Mlp


class Tiny(Mlp, frozen=True):
    """Of its own class: a reference is looked for beside the module of the class."""


def make(preset: str) -> Tiny:
    like = mlp.make(preset)
    return Tiny(
        preset, width=16, hidden_layers=1, batch=8, cut="made up", optimizer=like.optimizer,
        tolerances=like.tolerances, model="tiny",
    )  # fmt: skip
