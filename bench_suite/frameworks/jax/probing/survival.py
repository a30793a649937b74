"""What of JAX is kept in files beside checkpoints: a forward pass by ``jax.export``, weights and all."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export

from speedscore.bench_suite.frameworks.artefacts import Artefact


def _make(workload: Any, implementation: str, inputs: Any, path: Path) -> Any:
    model = importlib.import_module(implementation).make(workload, platform="cpu")
    params, state = jax.device_put(model.to_trees(workload.parameters(), workload.state()))
    predict = jax.jit(lambda inputs: model.apply(params, state, inputs, False)[0])
    path.write_bytes(export.export(predict)(inputs).serialize())
    return np.asarray(predict(inputs))


def _run(inputs: Any, path: Path) -> Any:
    exported: Any = export.deserialize(bytearray(path.read_bytes()))
    return np.asarray(exported.call(inputs))


ARTEFACTS = {"export": Artefact(_make, _run)}
