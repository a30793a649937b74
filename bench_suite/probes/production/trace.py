"""A profiler's trace of one training step: can it be taken, and do its operations lead to the user's source lines?

Two counts of operations that lead to a line: where the operation's own event in the trace names one, and where that or
the compiled program's metadata do, which the profiler's viewer joins to it by the operation's name. A user's line is
one in the suite's own folder of frameworks; of the second count those are told apart that lead to a file that writes
the model: that of the model, or of its layers. ``seconds`` is the recording of one step, the profiler's first start not
among it.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from speedscore.bench_suite import frameworks
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.frameworks.tracing import TracedOperation, Tracing
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.process import Lost, Raised
from speedscore.bench_suite.probes.production.checkpoint import count_bytes
from speedscore.bench_suite.probes.production.programs import probing_module, start_program, take_steps
from speedscore.bench_suite.probes.tools import Tools
from speedscore.text.numbers import first_line

MODEL = "gpt"
LAYERS = "layers"
"""The file beside those of the models that holds what they share."""
_THIS = "speedscore.bench_suite.probes.production.trace"
_FRAMEWORKS = Path(frameworks.__file__).resolve().parent


def list_cases() -> Sequence[ProbeCase]:
    """One a framework."""
    return [ProbeCase("trace", framework=line.id, subject=MODEL) for line in probed_frameworks()]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Trace a step of the model's training program, after one that is not traced."""
    process = start_program(tools, framework=case.framework, model=case.subject)
    take_steps(process, 1)
    versions = process.versions(*FRAMEWORKS[case.framework].distributions)
    verbs = probing_module(case.framework, "trace")
    began = time.perf_counter()
    try:
        taken = process.call(f"{_THIS}:take", verbs=verbs, folder=str(tools.scratch), model=case.subject)
    except (Raised, Lost) as error:
        return Answer("no trace", (time.perf_counter() - began,), versions, reason=first_line(str(error)))
    return judge(taken, versions=versions)


def judge(taken: dict[str, Any], *, versions: dict[str, str]) -> Answer:
    """The best that any operation leads to."""
    if not taken["operations"]:
        outcome = "no operations"
    elif taken["with_line"]:
        outcome = "lines in the trace"
    else:
        outcome = "lines with the program" if taken["with_program_line"] else "no lines"
    return Answer(
        outcome,
        (taken["seconds"],),
        versions,
        observations={"most_of": taken["most_of"]},
        measurements={
            "trace_bytes": [taken["bytes"]],
            "trace_operations": [taken["operations"]],
            "trace_operations_without_line": [taken["operations"] - taken["with_line"]],
            "trace_operations_without_program_line": [taken["operations"] - taken["with_program_line"]],
            "trace_operations_without_model_line": [taken["operations"] - taken["with_model_line"]],
        },
    )


def take(memory: dict[str, Any], *, verbs: str, folder: str, model: str) -> dict[str, Any]:
    """Runs in the framework's process: two traces, of which the second counts."""
    tracing = cast(Tracing, importlib.import_module(verbs))
    program = memory["program"]
    (first := Path(folder) / "first").mkdir()
    tracing.record(program, first)
    (second := Path(folder) / "second").mkdir()
    began = time.perf_counter()
    tracing.record(program, second)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "bytes": count_bytes(second), **count(tracing.read(program, second), model=model)}


def count(operations: Sequence[TracedOperation], *, model: str) -> dict[str, Any]:
    """How many there are, how many lead to a user's line in either way, and the commonest name among them."""
    names = [operation.name for operation in operations]
    joined = [operation.files | operation.program_files for operation in operations]
    return {
        "operations": len(operations),
        "with_line": sum(any(map(is_users, operation.files)) for operation in operations),
        "with_program_line": sum(any(map(is_users, files)) for files in joined),
        "with_model_line": sum(any(is_models(file, model=model) for file in files) for files in joined),
        "most_of": max(set(names), key=lambda name: (names.count(name), name), default=None),
    }


def is_models(file: str, *, model: str) -> bool:
    """True for the user's file that writes the model, or the layers of models."""
    return is_users(file) and Path(file).stem in (model, LAYERS)


def is_users(file: str) -> bool:
    """True for a file of the suite's own frameworks, which stand for the user's code here; as the trace writes it."""
    # PyTorch shortens a path to what follows the entry of sys.path that it lies in.
    return file.endswith(".py") and ("bench_suite/frameworks/" in file or Path(file).is_relative_to(_FRAMEWORKS))
