"""What is read from XLA's optimised modules, and what is said to have come, gone or changed its layout."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.hlo import (
    Operation,
    OperationChange,
    changed_layouts,
    changed_operations,
    dump_variables,
    dumped_modules,
    operations,
    operations_in,
)

MODULE = """HloModule jit_step, is_scheduled=true, entry_computation_layout={(f32[8,4]{1,0})->f32[8,4]{1,0}}

%fused_computation (param_0.1: f32[8,4]) -> f32[8,4] {
  %param_0.1 = f32[8,4]{1,0} parameter(0)
  ROOT %tanh.1 = f32[8,4]{1,0} tanh(f32[8,4]{1,0} %param_0.1), metadata={op_name="jit(step)/tanh"}
}

ENTRY %main.3 (Arg_0.1: f32[8,4]) -> f32[8,4] {
  %Arg_0.1 = f32[8,4]{1,0} parameter(0)
  %sort.2 = (f32[8,4]{1,0}, s32[8,4]{0,1}) sort(f32[8,4]{1,0} %Arg_0.1, s32[8,4]{0,1} %i), dimensions={0}
  %top = f32[8,4]{1,0:T(8,128)} custom-call(f32[8,4]{1,0} %Arg_0.1), custom_call_target="TopK"
  ROOT %fusion = f32[8,4]{1,0} fusion(f32[8,4]{1,0} %Arg_0.1), kind=kLoop, calls=%fused_computation
}
"""


def test_a_module_is_counted_with_its_fused_computations_and_without_what_only_passes_on() -> None:
    assert operations(MODULE) == {
        Operation("tanh", "f32[8,4]", "{1,0}"): 1,
        Operation("sort", "f32[8,4],s32[8,4]", "{1,0},{0,1}"): 1,
        Operation("custom-call:TopK", "f32[8,4]", "{1,0:T(8,128)}"): 1,
        Operation("fusion", "f32[8,4]", "{1,0}"): 1,
    }


@given(text=st.text())
def test_any_text_can_be_counted(text: str) -> None:
    assert all(number > 0 for number in operations(text).values())


def test_what_came_is_named_before_what_went() -> None:
    base = {Operation("add"): 3, Operation("tanh"): 2, Operation("copy", "a"): 1}
    head = {Operation("add"): 3, Operation("sort"): 2, Operation("copy", "a"): 1, Operation("copy", "b"): 1}
    assert changed_operations(base, head) == [
        OperationChange("sort", 0, 2),
        OperationChange("copy", 1, 2),
        OperationChange("tanh", 2, 0),
    ]
    assert changed_operations(base, base) == []


def test_what_came_with_an_operation_is_named_behind_it() -> None:
    head = {Operation("sort", "f32[256,256]"): 1, Operation("compare", "pred[]"): 9, Operation("select", "f32[]"): 5}
    assert [change.operation for change in changed_operations({}, head)] == ["sort", "compare", "select"]


def test_a_layout_that_changed_is_named_where_the_operations_are_the_same() -> None:
    base = Counter({Operation("dot", "f32[8,4]", "{1,0}"): 2})
    head = Counter({Operation("dot", "f32[8,4]", "{1,0}"): 1, Operation("dot", "f32[8,4]", "{0,1}"): 1})
    assert changed_layouts(base, head) == [
        OperationChange("dot f32[8,4] {0,1}", 0, 1),
        OperationChange("dot f32[8,4] {1,0}", 2, 1),
    ]
    assert changed_layouts(base, base) == []


@pytest.mark.parametrize(
    ("inherited", "flags"),
    [
        ({}, "--xla_dump_to=/d --xla_dump_hlo_as_text"),
        ({"XLA_FLAGS": "--xla_a=1"}, "--xla_a=1 --xla_dump_to=/d --xla_dump_hlo_as_text"),
        ({"XLA_FLAGS": "--xla_dump_to=/mine"}, None),
    ],
)
def test_the_users_own_flags_are_kept(inherited: dict[str, str], flags: str | None) -> None:
    assert dump_variables(Path("/d"), inherited).get("XLA_FLAGS") == flags


def test_only_optimised_modules_are_read(tmp_path: Path) -> None:
    for name in ("m.jit_f.cpu_after_optimizations.txt", "m.jit_f.before_optimizations.txt"):
        (tmp_path / name).write_text(MODULE)
    modules = dumped_modules(tmp_path)
    assert [path.name for path in modules] == ["m.jit_f.cpu_after_optimizations.txt"]
    assert operations_in({*modules, tmp_path / "gone"}) == operations(MODULE)
