"""Converters that go wrong, for the tests: each answers ``Route.convert`` in the process of a framework of JAX's."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from speedscore.bench_suite.frameworks.jax.exports import stablehlo

HERE = __name__


def flip_weight_of_stablehlo(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """A whole artefact, in whose bytes the largest weight is then negated."""
    return _flip_weight(stablehlo.convert(memory, folder=folder), memory, folder=folder)


def flip_weight_of_onnx(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """The same of an ONNX model."""
    return _flip_weight(write_onnx(memory, folder=folder), memory, folder=folder)


def write_onnx(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """The one dense layer of the control as an ONNX model, by hand: right, and of any batch size."""
    import onnx
    from onnx import helper, numpy_helper

    parameters = memory["workload"].parameters()
    kernel, bias = parameters["dense0.kernel"], parameters["dense0.bias"]
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["inputs", "kernel", "bias"], ["logits"])],
        "control",
        [helper.make_tensor_value_info("inputs", onnx.TensorProto.FLOAT, ["batch", kernel.shape[0]])],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["batch", kernel.shape[1]])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), Path(folder) / "model.onnx")
    return {"artefact": "model.onnx", "tool": "onnx.helper"}


def _flip_weight(converted: dict[str, Any], memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    kernel = memory["workload"].parameters()["dense0.kernel"]
    largest = kernel.flat[np.abs(kernel).argmax()]
    path = Path(folder) / converted["artefact"]
    data = path.read_bytes()
    if data.count(largest.tobytes()) != 1:
        raise LookupError(f"expected the weight {largest} once in {path.name}, found {data.count(largest.tobytes())}")
    path.write_bytes(data.replace(largest.tobytes(), (-largest).tobytes()))
    return converted


def truncate(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """An artefact of which a half was written."""
    converted = stablehlo.convert(memory, folder=folder)
    path = Path(folder) / converted["artefact"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return converted


def convert_other_weights(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Always the first model that it saw, as one that keeps its trace would."""
    memory["program"] = _first.setdefault("program", memory["program"])
    return stablehlo.convert(memory, folder=folder)


_first: dict[str, Any] = {}


def refuse(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """As converters refuse."""
    raise NotImplementedError(f"\nno plugin for erf_inv\nin {folder}")


def die(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Takes its process with it."""
    del memory, folder
    os.abort()


def hang(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Never comes back."""
    del memory, folder
    time.sleep(3600)
    raise AssertionError
