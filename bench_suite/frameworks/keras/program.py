"""A workload in Keras 3: one model for every backend, driven as Keras' guides write a training loop in that backend.

The variant of a line names the backend, which Keras takes once a process. This module sets it, and what else Keras
would read from a file of its user's, before anything imports Keras. It never knows a model.
"""

from __future__ import annotations

import importlib
import os
import sys

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import DeviceName, Role

_FOLDER = "speedscore.bench_suite.frameworks.keras"
IMAGES = {"jax": "channels_last", "tensorflow": "channels_last", "torch": "channels_first"}
"""How images lie in memory. On PyTorch Keras turns channels_last images round and back again at each convolution."""
VARIANTS = ("jax", "tensorflow", "torch", "torch-compile")


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> Program:
    """Answers ``speedscore.bench_suite.frameworks.program.Builder``; ``variant`` is backend or backend-way.

    ``implementation`` offers ``make(workload)``, which returns a ``layout.KerasModel``. Raises DeviceUnavailable,
    ValueError for a variant that there is not, and RuntimeError where this process has Keras on another backend.
    """
    import_backend(variant, device=device)
    backend, _, way = variant.partition("-")
    program: Program = importlib.import_module(f"{_FOLDER}.on_{backend}").build(
        workload, implementation=implementation, role=role, device=device, threads=threads, way=way
    )
    return program


def import_backend(variant: str, *, device: DeviceName) -> None:
    """Import Keras on the backend of the variant, and what drives it there.

    Raises ValueError for a variant that there is not, and RuntimeError where Keras has been imported on another
    backend: it is settled then for the whole process.
    """
    if variant not in VARIANTS:
        raise ValueError(f"Keras has no variant {variant!r}; there are {', '.join(VARIANTS)}")
    backend = variant.partition("-")[0]
    variables = {"KERAS_BACKEND": backend, "KERAS_TORCH_DEVICE": "cuda" if device == "gpu" else "cpu"}
    if "keras" in sys.modules:
        keras = importlib.import_module("keras")
        if keras.config.backend() != backend:
            raise RuntimeError(
                f"Keras runs on {keras.config.backend()} in this process and cannot run on {backend} too; "
                "leave --in-process out, or select the lines of one backend (-k)"
            )
    os.environ |= variables
    if backend == "tensorflow":
        # Keras imports TensorFlow, and this module sets what TensorFlow reads then.
        importlib.import_module("speedscore.bench_suite.frameworks.tensorflow.program")
    config = importlib.import_module("keras").config
    config.set_floatx("float32")
    config.set_image_data_format(IMAGES[backend])
    importlib.import_module(f"{_FOLDER}.on_{backend}")
