"""Checkpoints of a TensorFlow program: ``tf.train.Checkpoint`` of all its variables, and safetensors.

Keras's ``.keras`` is not among them: the suite's programs are plain variables without Keras.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.checkpointing import Route


def read(program: Any) -> Any:
    return program.computation.variables()


def write(program: Any, state: Any) -> None:
    for name, variable in program.computation.variables().items():
        if variable is not state[name]:
            variable.assign(state[name])


def name_arrays(state: Any) -> dict[str, Any]:
    return {name: value.numpy() for name, value in state.items()}


def _save(state: Any, path: Path) -> None:
    tf.train.Checkpoint(variables=state).write(str(path))


def _restore(template: Any, path: Path) -> Any:
    # It writes into the variables of the program that it is given.
    tf.train.Checkpoint(variables=template).read(str(path)).assert_consumed()
    return template


def _save_safetensors(state: Any, path: Path) -> None:
    from safetensors.tensorflow import save_file

    save_file({name: tf.convert_to_tensor(variable) for name, variable in state.items()}, str(path))


def _restore_safetensors(template: Any, path: Path) -> Any:
    from safetensors.tensorflow import load_file

    del template
    return load_file(str(path))


ROUTES = {
    "native": Route(_save, _restore, ()),
    "safetensors": Route(_save_safetensors, _restore_safetensors, ("safetensors",)),
}
