"""The framework's side of an export: the model as the suite builds it, its own answers, and its own latency.

Runs in the framework's process, by way of the framework's line of the table: it imports none itself, and converts
nothing.
"""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.probes.export.control_model import make_control
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.bench_suite.workloads.workload import Array, Workload

BATCHES = (1, 3)
"""Examples in each of the batches that an artefact is run on; the first is what it must take."""
_SEED = 20261126


def build(memory: dict[str, Any], *, framework: str, model: str, preset: str, flipped: str = "") -> None:
    """Build the program for inference of one example, and leave ``program`` and ``workload`` in ``memory``.

    ``model`` is one of the suite's, or empty for the control, whose weights ``flipped`` are then negated: none,
    ``weight`` or ``column``. What another target of the same model has built serves on.
    """
    built = (framework, model, preset, flipped)
    if memory.get("built") == built:
        return
    memory.clear()
    line = FRAMEWORKS[framework]
    workload: Workload = make_workload(model, preset) if model else make_control(flipped=flipped)
    program = line.load()(
        workload,
        implementation=implementation(line, MODELS[workload.model]),
        role="inference",
        device="cpu",
        variant=line.variant,
        threads=1,
    )
    program.compile()
    memory |= {"program": program, "workload": workload, "built": built}


def answer(memory: dict[str, Any], *, folder: str) -> None:
    """Write examples that the workload does not have, and the framework's own logits of them.

    For each of ``BATCHES``: ``canonical-N.npy`` and ``native-N.npy``.
    """
    workload, program = memory["workload"], memory["program"]
    for size in BATCHES:
        examples = held_out_examples(workload, size)
        logits = []
        for index in range(size):
            program.feed(examples[index : index + 1], workload.targets()[:1])
            program.infer()
            program.wait()
            logits.append(program.forward())
        np.save(Path(folder) / f"canonical-{size}.npy", examples)
        np.save(Path(folder) / f"native-{size}.npy", np.concatenate(logits))


def convert(memory: dict[str, Any], *, converter: str, folder: str) -> dict[str, Any]:
    """Call the converter, timed, and write the examples as its artefact takes them: ``examples-N.npy``."""
    module, _, name = converter.partition(":")
    memory.pop("to_artefact", None)
    # What it imports is imported once for several targets, and so is no part of the time of one.
    convert_model = getattr(importlib.import_module(module), name)
    began = time.perf_counter()
    converted: dict[str, Any] = convert_model(memory, folder=folder)
    converted["seconds"] = time.perf_counter() - began
    to_artefact = memory.get("to_artefact", lambda examples: examples)
    for size in BATCHES:
        np.save(Path(folder) / f"examples-{size}.npy", to_artefact(np.load(Path(folder) / f"canonical-{size}.npy")))
    return converted


def time_calls(memory: dict[str, Any], *, examples: str, calls: int) -> list[float]:
    """Seconds of each call of the framework's own program on one example: from its array to its logits, as NumPy's.

    A converted model is timed the same way, see ``running``.
    """
    workload, program = memory["workload"], memory["program"]
    batch, targets = np.load(examples), workload.targets()[:1]
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        program.feed(batch, targets)
        program.infer()
        program.wait()
        program.forward()
        seconds.append(time.perf_counter() - began)
    return seconds


def held_out_examples(workload: Workload, size: int) -> Array:
    """``size`` examples of the workload's shape and type, drawn from another seed than its own.

    Numbers are standard normal; indices are uniform over the range that the workload's own batch spans, of each kind by
    itself: of BERT tokens and segments, which lie beside each other before the last axis.
    """
    own = workload.inputs()
    generator = np.random.default_rng(_SEED + size)
    shape = (size, *own.shape[1:])
    if own.dtype.kind == "f":
        return generator.standard_normal(shape, dtype=np.float32)
    axes = (0, own.ndim - 1)
    lowest, highest = own.min(axis=axes, keepdims=True), own.max(axis=axes, keepdims=True)
    return generator.integers(lowest, highest + 1, shape).astype(np.int32)
