"""Runs LiteRT (TensorFlow Lite) flatbuffers in the ``ai-edge-litert`` interpreter, on one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ai_edge_litert.interpreter import Interpreter


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``; the model takes one array, and another batch size by resizing it."""
    interpreter = Interpreter(model_path=str(Path(folder) / artefact), num_threads=1)
    (argument,) = interpreter.get_input_details()
    (result,) = interpreter.get_output_details()
    index, shape = argument["index"], None

    def call(batch: Any) -> Any:
        nonlocal shape
        if batch.shape != shape:
            interpreter.resize_tensor_input(index, batch.shape, strict=True)
            interpreter.allocate_tensors()
            shape = batch.shape
        interpreter.set_tensor(index, batch)
        interpreter.invoke()
        return interpreter.get_tensor(result["index"])

    memory["call"] = call
