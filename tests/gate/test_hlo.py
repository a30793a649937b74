"""What changed in the optimised HLO: counted by operation, from the text that XLA writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.hlo import hlo_change, operations

MODULE = """HloModule jit_f, is_scheduled=true, entry_computation_layout={(f32[4,8]{1,0})->f32[8,4]{1,0}}

%fused_computation (param_0.1: f32[4,8]) -> f32[8,4] {
  %param_0.1 = f32[4,8]{1,0} parameter(0)
  %constant.2 = f32[] constant(2)
  %multiply.1 = f32[4,8]{1,0} multiply(%param_0.1, %param_0.1), metadata={op_name="jit(f)/mul = add(x)"}
  ROOT %transpose.3 = f32[8,4]{0,1} transpose(%multiply.1), dimensions={1,0}
}

ENTRY %main.7 (Arg_0.1: f32[4,8]) -> (f32[8,4], /*index=1*/s32[]) {
  %Arg_0.1 = f32[4,8]{1,0} parameter(0)
  fusion.1 = f32[8,4]{0,1} fusion(%Arg_0.1), kind=kLoop, calls=%fused_computation
  %while.5 = (s32[], /*index=1*/f32[8,4]{1,0:T(8,128)}) while(%tuple.1), condition=%c, body=%b
  ROOT %tuple.9 = (f32[8,4]{0,1}, s32[]) tuple(%fusion.1, %constant.2)
}
"""


def test_every_operation_is_counted_in_fusions_too_and_bookkeeping_is_not() -> None:
    assert {operation for operation, _, _ in operations(MODULE)} == {"multiply", "transpose", "fusion", "while"}
    assert operations(MODULE)["transpose", "f32[8,4]", "{0,1}"] == 1
    assert operations(MODULE)["while", "s32[],f32[8,4]", " {1,0:T(8,128)}"] == 1


def test_what_came_and_what_went_and_what_has_another_layout() -> None:
    head = MODULE.replace("f32[8,4]{0,1} fusion", "f32[8,4]{1,0} fusion").replace(" multiply(", " add(")
    change = hlo_change([MODULE], [head, MODULE])
    assert change is not None
    assert (change.base_modules, change.head_modules) == (1, 2)
    assert {each.operation: (each.base, each.head, each.relaid) for each in change.operations} == {
        "add": (0, 1, 0),
        "fusion": (1, 2, 0),
        "transpose": (1, 2, 0),
        "while": (1, 2, 0),
    }
    relaid = hlo_change([MODULE], [MODULE.replace("f32[8,4]{0,1} fusion", "f32[8,4]{1,0} fusion")])
    assert relaid is not None
    assert [(each.operation, each.base, each.head, each.relaid) for each in relaid.operations] == [("fusion", 1, 1, 1)]


@given(st.permutations(MODULE.splitlines()))
def test_the_order_of_operations_is_no_change(lines: list[str]) -> None:
    assert hlo_change([MODULE], ["\n".join(lines)]) is None
    assert hlo_change([], []) is None
