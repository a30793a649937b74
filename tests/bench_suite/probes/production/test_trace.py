"""Operations of a trace and the lines they lead to: XLA's tables of frames, PyTorch's nested calls, and the counts."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from speedscore.bench_suite.frameworks.hlo_frames import files_by_instruction
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.frameworks.tracing import TracedOperation
from speedscore.bench_suite.probes.production.trace import count, is_users, judge

TORCH = FRAMEWORKS["torch"]
HLO = """HloModule jit_step

FileNames
1 "/home/user/bench_suite/frameworks/jax/gpt.py"
2 "/site-packages/jax/nn.py"

FunctionNames
1 "apply"

FileLocations
1 {file_name_id=1 function_name_id=1 line=8 end_line=8 column=6 end_column=26}
2 {file_name_id=2 function_name_id=1 line=9 end_line=9 column=6 end_column=26}

StackFrames
1 {file_location_id=1 parent_frame_id=1}
2 {file_location_id=2 parent_frame_id=1}

ENTRY %main (x: f32[4]) -> f32[4] {
  %x = f32[4]{0} parameter(0), metadata={op_name="x"}
  %gelu.1 = f32[4]{0} fusion(%x), kind=kLoop, metadata={op_name="gelu" stack_frame_id=2}
  ROOT %copy.2 = f32[4]{0} copy(%gelu.1)
}
"""
MODEL = "/home/user/bench_suite/frameworks/jax/gpt.py"
LAYERS = "bench_suite/frameworks/torch/layers.py"
PROGRAM = "bench_suite/frameworks/torch/program.py"
PACKAGE = "/site-packages/torch/nn/modules/linear.py"


def test_an_instruction_leads_to_every_file_of_its_frames() -> None:
    files = files_by_instruction(HLO)
    assert files["gelu.1"] == {MODEL, "/site-packages/jax/nn.py"}
    assert files["x"] == files["copy.2"] == frozenset()


def test_the_older_form_names_one_file() -> None:
    line = '  %add.1 = f32[] add(%x, %y), metadata={op_name="add" source_file="/home/user/a.py" source_line=3}\n'
    assert files_by_instruction(line) == {"add.1": {"/home/user/a.py"}}


def test_operations_are_counted_by_what_they_lead_to() -> None:
    operations = [
        TracedOperation("copy"),
        TracedOperation("mm", frozenset({PACKAGE})),
        TracedOperation("mm", frozenset({PACKAGE, PROGRAM})),
        TracedOperation("add", frozenset(), frozenset({LAYERS})),
        TracedOperation("mul", frozenset(), frozenset({MODEL})),
    ]
    assert count(operations, model="gpt") == {
        "operations": 5,
        "with_line": 1,
        "with_program_line": 3,
        "with_model_line": 2,
        "most_of": "mm",
    }


def test_a_c_file_or_a_packages_own_is_not_the_users() -> None:
    assert is_users(PROGRAM)
    assert not is_users(PACKAGE)
    assert not is_users("external/xla/bench_suite/frameworks/thunk.cc")


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        ((9, 1, 1), "lines in the trace"),
        ((9, 0, 1), "lines with the program"),
        ((9, 0, 0), "no lines"),
        ((0, 0, 0), "no operations"),
    ],
)
def test_the_outcome_is_the_best_that_any_operation_leads_to(counts: tuple[int, int, int], outcome: str) -> None:
    names = ("operations", "with_line", "with_program_line")
    taken: dict[str, Any] = {"seconds": 1.0, "bytes": 1, "with_model_line": 0, "most_of": None}
    assert judge(taken | dict(zip(names, counts, strict=True)), versions={"sample": "1"}).outcome == outcome


@pytest.mark.skipif(bool(TORCH.missing_packages()), reason=f"PyTorch is missing: {TORCH.remedy}")
def test_an_operator_has_the_files_of_the_calls_that_were_open_on_its_thread() -> None:
    module = importlib.import_module("speedscore.bench_suite.frameworks.torch.probing.trace")

    def event(category: str, name: str, begin: float, end: float, thread: int = 1) -> dict[str, Any]:
        return {"cat": category, "name": name, "ts": begin, "dur": end - begin, "tid": thread}

    events = [
        event("cpu_op", "aten::mm", 2, 3),
        event("cpu_op", "aten::add", 6, 7),
        event("cpu_op", "aten::mul", 2, 3, thread=2),
        event("python_function", "a.py(3): step", 0, 10),
        event("python_function", "b.py(4): forward", 1, 5),
        event("python_function", "<built-in method mm>", 2, 3),
        {"cat": "Trace", "name": "whole"},
    ]
    found = {operation.name: operation.files for operation in module.read_events(events)}
    assert found == {"aten::mm": {"a.py", "b.py"}, "aten::add": {"a.py"}, "aten::mul": frozenset()}
