"""What changed in the optimised programs of a test, as a record: operations that came, went or changed their layout."""

from __future__ import annotations

from collections import Counter

import msgspec

from speedscore.gate.hlo import Operation, OperationChange, changed_layouts, changed_operations


class ProgramChange(msgspec.Struct, frozen=True):
    """What differs between the optimised HLO of base and that of head."""

    operations: tuple[OperationChange, ...]
    """Of another number, by opcode."""
    layouts: tuple[OperationChange, ...]
    """Of one opcode and shape and as many, with other layouts."""


def program_change(base: Counter[Operation], head: Counter[Operation]) -> ProgramChange | None:
    """None where the operations are the same, or a side wrote nothing down."""
    if not base or not head or base == head:
        return None
    return ProgramChange(tuple(changed_operations(base, head)), tuple(changed_layouts(base, head)))
