"""Opens StableHLO in JAX alone, without the model's code and its library: what ``jax.export`` serialised, or a module.

A module is MLIR's bytecode (``.mlirbc``) with the weights inside and one function ``main`` of one array, as other
frameworks write it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export

# JAX itself compiles no module that it did not trace, and so has no public name for this.
from jax._src.interpreters.mlir import make_ir_context
from jax.extend.backend import get_backend
from jax.extend.mlir import ir
from jaxlib._jax import CompileOptions, DeviceList


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``."""
    data = (Path(folder) / artefact).read_bytes()
    if artefact.endswith(".mlirbc"):
        memory["call"] = _compile_module(data)
        return
    call = jax.jit(export.deserialize(bytearray(data)).call)
    memory["call"] = lambda batch: np.asarray(call(batch))


def _compile_module(data: bytes) -> Callable[[Any], Any]:
    backend: Any = get_backend()
    with make_ir_context() as context:
        devices = DeviceList(tuple(backend.local_devices()[:1]))
        program = backend.compile_and_load(ir.Module.parse(data, context=context), devices, CompileOptions())

    def call(batch: Any) -> Any:
        (logits,) = program.execute([jax.device_put(batch)])
        return np.asarray(logits)

    return call
