"""What holds of the Keras programs on one backend, that of ``KERAS_BACKEND``; see ``running`` for how it is run.

That they compute what the workloads say, in every role, and that wrong ones are caught, test_mutants.py proves.
"""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from speedscore.bench_suite.workloads.table import make_workload
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import Kept, require_refused, same

BACKEND = os.environ["KERAS_BACKEND"]
OTHER = "jax" if BACKEND == "torch" else "torch"

# A user's own settings, all of them wrong for a measurement; Keras reads them when it is first imported.
_settings = Path(mkdtemp())
_wrong = {"backend": OTHER, "floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}
(_settings / "keras.json").write_text(json.dumps(_wrong), encoding="utf-8")
os.environ |= {"KERAS_HOME": str(_settings), "KERAS_BACKEND": OTHER}

_build = partial(programs.build, "keras", variant=BACKEND)


def the_line_says_what_keras_runs_on_and_no_file_of_the_users() -> None:
    described = _build("resnet50", "inference").describe()
    import keras

    assert keras.config.backend() == BACKEND
    assert keras.config.floatx() == "float32"
    assert described["layout"] == f"{'NCHW' if BACKEND == 'torch' else 'NHWC'}, HWIO kernels"
    assert described["keras"] == keras.__version__
    assert "optimizer" not in described or BACKEND == "jax"


def a_second_backend_is_refused_and_so_is_one_that_there_is_not() -> None:
    _build("mlp", "inference")
    words = f"Keras runs on {BACKEND} in this process and cannot run on {OTHER} too"
    require_refused(lambda: _build("mlp", variant=OTHER), RuntimeError, words)
    require_refused(lambda: _build("mlp", variant="numpy"), ValueError, "no variant 'numpy'")


def a_step_never_writes_into_numpys_memory_and_loading_begins_anew() -> None:
    kept: Any = Kept(make_workload("mlp", "smoke"))
    untouched = {name: values.copy() for name, values in kept.parameters().items()}
    built = _build("mlp", workload=kept)
    built.compile()
    built.step()
    built.wait()
    first = built.weights()
    assert all((first[name] != values).any() for name, values in untouched.items())
    before = {name: values.copy() for name, values in first.items()}
    built.step()
    built.wait()
    assert same(first, before), "what was read is a copy"
    assert same(kept.parameters(), untouched)
    built.load()
    assert same(built.weights(), untouched)
    built.step()
    built.wait()
    assert same(built.weights(), before), "with a fresh optimizer the first step is the first again"
    assert "keras.optimizers.AdamW" in built.describe()["optimizer"]


def examining_moves_no_running_statistics() -> None:
    built = _build("resnet50")
    before = built.weights()
    built.forward()
    loss, gradients = built.loss_and_gradients()
    assert np.isfinite(loss)
    assert gradients
    assert same(built.weights(), before)


def the_steady_state_has_no_compilation() -> None:
    built = _build("mlp", "inference")
    built.compile()
    built.infer()
    with built.steady():
        built.infer()
        built.wait()
    assert built.forward().shape == (1, 10)
    assert not built.pending()


def the_dispatch_of_a_step_is_measured_where_it_can_be() -> None:
    built = _build("gpt")
    if BACKEND == "jax":
        programs.require_hollow(built)
    else:
        assert built.dispatch() is None
