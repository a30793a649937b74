"""The float64 answer that a program is certified against, as a file of sketches beside its workload.

This module reads, checks and writes reference files, and refuses one that was made of other numbers. It computes no
reference: ``reference_steps`` and the references of the models do.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from speedscore.bench_suite.workloads.canonical import SEED
from speedscore.bench_suite.workloads.sketch import Sketch, make_sketch
from speedscore.bench_suite.workloads.workload import Array, Workload

FOLDER = "references"
"""Beside the module that defines a workload's class, whoever's package that is in."""
_DIGITS = 10
"""Significant digits in a file: a thousand times finer than float32."""
_SAME = 1e-6
"""Relative distance under which two tensors are the same numbers; the logarithms of two C libraries may differ less."""


class ReferenceFileError(ValueError):
    """A reference file is missing, damaged, or made for another workload. The message says how to make it."""


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one workload must give, in float64."""

    made_by: str
    """Method and versions."""
    made_for: dict[str, Any]
    """Shape, options and seed of the workload, in plain values."""
    numbers: dict[str, tuple[float, float]]
    """Norm and first projection of all that goes in: parameters, state, inputs and targets."""
    outputs: Sketch
    """Logits of the training batch at the canonical weights, in training mode."""
    loss: float
    """Of those logits."""
    single_outputs: Sketch
    """Logits of the single input at the canonical weights and state, in evaluation mode."""
    single_loss: float
    """Of those logits."""
    batch_outputs: Sketch
    """Logits of the training batch at the canonical weights and state, in evaluation mode."""
    batch_loss: float
    """Of those logits."""
    gradients: dict[str, Sketch]
    """Of ``loss``, by parameter."""
    updates: dict[str, Sketch]
    """Parameters and state after five optimizer steps, less what they were before."""


def describe_fully(workload: Workload) -> dict[str, Any]:
    """Everything about a workload that is exact and plain: model, preset, shape, optimizer, seed."""
    optimizer: dict[str, Any] = msgspec.to_builtins(workload.optimizer)
    return {
        "model": workload.model,
        "preset": workload.preset,
        "seed": SEED,
        **workload.describe(),
        **{f"optimizer.{key}": value for key, value in optimizer.items()},
    }


def fingerprint(workload: Workload) -> dict[str, tuple[float, float]]:
    """Norm and first projection of every tensor that goes into a workload."""
    tensors: dict[str, Array] = {
        **workload.parameters(),
        **workload.state(),
        "inputs": workload.inputs(),
        "targets": workload.targets(),
    }
    sketches = {name: make_sketch(name, values) for name, values in tensors.items()}
    return {name: (sketch.norm, sketch.projections[0]) for name, sketch in sketches.items()}


def path_of(workload: Workload) -> Path:
    """The reference file of a workload, there or not."""
    return Path(inspect.getfile(type(workload))).parent / FOLDER / f"{workload.model}-{workload.preset}.json"


def _remedy(workload: Workload) -> str:
    """How the file comes about: our own are all made by one command, another package makes its own."""
    package = type(workload).__module__.partition(".")[0]
    if package == __name__.partition(".")[0]:
        return (
            f"run python -m speedscore.bench_suite.frameworks.torch.make_references {workload.model} {workload.preset}"
        )
    return (
        f"the package that brings the model, {package}, must make it with reference_steps.make_reference and "
        "reference.save_reference of speedscore.bench_suite.workloads"
    )


def load_reference(workload: Workload) -> Reference:
    """The reference of this very workload.

    Raises ReferenceFileError when the file is missing or damaged, or when shape, options or numbers have changed since.
    """
    reference = read_reference(workload)
    if difference := _first_difference(workload, reference):
        raise ReferenceFileError(f"{path_of(workload)}: made for another workload ({difference}); {_remedy(workload)}")
    return reference


def read_reference(workload: Workload) -> Reference:
    """The same without drawing all numbers of the workload again, for whoever has loaded it once.

    Raises ReferenceFileError when the file is missing or damaged.
    """
    path = path_of(workload)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Reference)
    except OSError as error:
        raise ReferenceFileError(f"{path}: cannot be read ({error.strerror}); {_remedy(workload)}") from error
    except msgspec.DecodeError as error:
        raise ReferenceFileError(f"{path}: damaged or of another form ({error}); {_remedy(workload)}") from error


def _first_difference(workload: Workload, reference: Reference) -> str:
    """What differs between the workload and the one that the reference was made for; empty when nothing does."""
    wanted = describe_fully(workload)
    for key in sorted(wanted.keys() | reference.made_for.keys()):
        if wanted.get(key) != reference.made_for.get(key):
            return f"{key} is {wanted.get(key)!r} and was {reference.made_for.get(key)!r}"
    numbers = fingerprint(workload)
    if odd := sorted(numbers.keys() ^ reference.numbers.keys()):
        return f"only one of them has {odd[0]}"
    for name, (norm, projection) in numbers.items():
        norm_then, projection_then = reference.numbers[name]
        if not max(abs(norm - norm_then), abs(projection - projection_then)) <= _SAME * norm_then:
            return f"{name} has other values"
    return ""


def save_reference(workload: Workload, reference: Reference) -> Path:
    """Write the reference where ``load_reference`` looks for it, a line for each tensor, and return where."""
    document: dict[str, Any] = msgspec.to_builtins(reference)
    path = path_of(workload)
    path.parent.mkdir(exist_ok=True)
    path.write_text(_lines(document) + "\n", encoding="utf-8")
    return path


def _lines(value: Any, depth: int = 0) -> str:
    """JSON with objects spread over lines and everything else on one."""
    if not isinstance(value, dict):
        return json.dumps(_rounded(value), separators=(",", ":"), allow_nan=False)
    pad = " " * (depth + 1)
    entries = (f"{pad}{json.dumps(key)}: {_lines(entry, depth + 1)}" for key, entry in value.items())
    return "{\n" + ",\n".join(entries) + "\n" + " " * depth + "}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return value
