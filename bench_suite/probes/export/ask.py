"""Asks whether one model leaves one framework for one target, and whether it is still right there."""

from __future__ import annotations

import importlib.metadata
import math
import time
from pathlib import Path

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.export import native
from speedscore.bench_suite.probes.export.targets import find_route
from speedscore.bench_suite.probes.export.way import Stopped, Way, ask_at_once
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.probes.process import ProbeProcess
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.fields import Scalar


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Convert one of the suite's models, run it without the framework, compare, and time both."""
    began = time.perf_counter()
    if declined := find_route(case.framework, case.target).declined:
        first = FRAMEWORKS[case.framework].distributions[0]
        versions = {first: importlib.metadata.version(first)}
        return Answer("no route", (time.perf_counter() - began,), versions, reason=declined)
    way = Way(case, tools)
    way.build(model=case.subject)
    versions = way.versions()
    observations: dict[str, Scalar] = {"quantised": way.target.quantised, "limit": way.target.limit}
    measurements: dict[str, list[float]] = {}
    outcome: str
    began = time.perf_counter()
    try:
        error = _walk(way, versions=versions, observations=observations, measurements=measurements)
    except Stopped as stopped:
        outcome, reason = stopped.outcome, str(stopped)
        observations["kind"] = stopped.kind
    else:
        passed = error <= way.target.limit
        observations["largest_relative_error"] = error if math.isfinite(error) else None
        outcome = "passed" if passed else "wrong numbers"
        reason = "" if passed else f"the logits are {error:.1e} off, of L2 norms; the limit is {way.target.limit:.0e}"
    seconds = tuple(measurements.get("convert_seconds", (time.perf_counter() - began,)))
    return Answer(outcome, seconds, versions, reason, observations, measurements)


def _walk(
    way: Way, *, versions: dict[str, str], observations: dict[str, Scalar], measurements: dict[str, list[float]]
) -> float:
    """The whole way; returns the largest relative error. What is seen is noted as it is seen. Raises Stopped."""
    folder = way.tools.scratch / "artefact"
    converted = way.convert(folder)
    observations["tool"] = converted.tool
    measurements["convert_seconds"] = [converted.seconds]
    measurements["artefact_bytes"] = [float(_size_bytes(folder / converted.artefact))]
    runtime = way.start_runtime()
    error = way.run(runtime, folder, converted)
    measurements["first_answer_seconds"] = [time.perf_counter() - runtime.started]
    versions |= way.versions(runtime)
    other = way.try_other_batch(runtime, folder)
    observations["dynamic_batch"] = other is not None
    error = max(error, other or 0.0)
    if error <= way.target.limit and way.target.load_test:
        error = max(error, ask_at_once(way.target, runtime, folder=folder, measurements=measurements))
    if error <= way.target.limit:
        measurements |= way.time_both(runtime, folder)
    return error


def ask_control(case: ProbeCase, tools: Tools) -> Answer:
    """A model that is known to convert must pass, and the same with a flipped weight must not."""
    began = time.perf_counter()
    way = Way(case, tools)
    versions = way.versions()
    limit = way.target.limit
    right_folder, flipped_folder = tools.scratch / "right", tools.scratch / "flipped"
    runtime: ProbeProcess | None = None
    try:
        way.build(model="")
        converted = way.convert(right_folder)
        runtime = way.start_runtime()
        right_error = way.run(runtime, right_folder, converted)
        way.build(model="", flipped="column" if way.target.quantised else "weight")
        converted = way.convert(flipped_folder)
        # What it is held against are the numbers of the right model.
        right = right_folder / f"native-{native.BATCHES[0]}.npy"
        right.replace(flipped_folder / right.name)
        flipped_error = way.run(runtime, flipped_folder, converted)
    except Stopped as stopped:
        return Answer("broke", (time.perf_counter() - began,), versions, reason=str(stopped))
    held = right_error <= limit < flipped_error
    errors = {"right_relative_error": right_error, "flipped_relative_error": flipped_error}
    return Answer(
        "held" if held else "broke",
        (converted.seconds,),
        versions | way.versions(runtime),
        reason="" if held else f"off by {right_error:.1e}, and with a flipped weight by {flipped_error:.1e}",
        observations={name: error if math.isfinite(error) else None for name, error in errors.items()}
        | {"limit": limit},
    )


def _size_bytes(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    # Some keep the weights beside the file that is opened: model.xml and model.bin, model.onnx and model.onnx.data.
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.stem}.*"))
