"""What XLA made of a program, from the optimised HLO that it dumps: which operations came and went between two sides.

It reads text and counts. It imports no framework, runs nothing, and says nothing of time.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

_INSTRUCTION = re.compile(
    r"^\s+(?:ROOT\s+)?%?[^\s=]+ = (?P<shape>\((?:[^()]|\([^()]*\))*\)|\S+) (?P<opcode>[a-z][\w-]*)\("
)
"""``%add.1 = f32[8,4]{1,0} add(...)``; the shape may be a tuple, and a layout may have tiles in parentheses."""
_TARGET = re.compile(r'custom_call_target="([^"]*)"')
_LAYOUT = re.compile(r"(\w+\[[^\]]*\])(\{[^}]*\})?")
_STRUCTURAL = frozenset({"parameter", "tuple", "get-tuple-element", "constant"})
"""What passes values on and computes nothing."""
_AFTER = "after_optimizations.txt"


class Operation(msgspec.Struct, frozen=True, order=True):
    """A kind of operation in a module."""

    opcode: str
    """Of a custom call with its target, as ``custom-call:TopK``."""
    shape: str = ""
    layout: str = ""


class OperationChange(msgspec.Struct, frozen=True):
    """So many operations of a kind on either side."""

    operation: str
    base: int
    head: int


def dump_variables(folder: Path, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment in which XLA leaves its modules in ``folder``; empty where that would take something away.

    A module that a persistent cache holds is not compiled, and so not dumped, so JAX is told to use none.
    """
    flags = inherited.get("XLA_FLAGS", "")
    if "--xla_dump_to" in flags or re.search(r"\s", str(folder)):
        return {}
    return {
        "XLA_FLAGS": f"{flags} --xla_dump_to={folder} --xla_dump_hlo_as_text".strip(),
        "JAX_ENABLE_COMPILATION_CACHE": "false",
    }


def lowers(stages: Iterable[str]) -> bool:
    """Whether one of a test's stages says that it lowers: who does is JAX, and what it compiles XLA can write down."""
    return any("lower" in name for name in stages)


def dumped_modules(folder: Path) -> set[Path]:
    """The optimised modules that lie there now."""
    return set(folder.glob(f"*{_AFTER}"))


def operations_in(paths: set[Path]) -> Counter[Operation]:
    """Of all those modules together. A file that cannot be read, as one that is being written, has none."""
    found: Counter[Operation] = Counter()
    for path in paths:
        try:
            found += operations(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    return found


def operations(text: str) -> Counter[Operation]:
    """Of the text of a module, fused computations included; what only passes values on is left out."""
    found: Counter[Operation] = Counter()
    for line in text.splitlines():
        read = _INSTRUCTION.match(line)
        if read is None or read["opcode"] in _STRUCTURAL:
            continue
        opcode = read["opcode"]
        if opcode == "custom-call" and (target := _TARGET.search(line)):
            opcode = f"{opcode}:{target[1]}"
        shapes = _LAYOUT.findall(read["shape"])
        found[
            Operation(
                opcode,
                shape=",".join(shape for shape, _ in shapes),
                layout=",".join(layout for _, layout in shapes),
            )
        ] += 1
    return found


def changed_operations(base: Mapping[Operation, int], head: Mapping[Operation, int]) -> list[OperationChange]:
    """By opcode, those that came first, then those that went; the largest difference of their results first.

    Not of their numbers: a sort brings its comparator, a dozen operations on scalars.
    """
    before, after = _by_opcode(base), _by_opcode(head)
    elements = Counter({operation: number * _elements(operation.shape) for operation, number in head.items()})
    elements.subtract({operation: number * _elements(operation.shape) for operation, number in base.items()})
    more = _by_opcode(elements)
    changes = [
        OperationChange(opcode, base=before[opcode], head=after[opcode])
        for opcode in before.keys() | after.keys()
        if before[opcode] != after[opcode]
    ]
    return sorted(
        changes, key=lambda change: (change.head < change.base, -abs(more[change.operation]), change.operation)
    )


def changed_layouts(base: Mapping[Operation, int], head: Mapping[Operation, int]) -> list[OperationChange]:
    """Operations of one opcode and shape, and as many of them, whose layouts are others: with the layouts that came."""
    alike: dict[tuple[str, str], tuple[Counter[str], Counter[str]]] = {}
    for place, side in enumerate((base, head)):
        for operation, number in side.items():
            both = alike.setdefault((operation.opcode, operation.shape), (Counter(), Counter()))
            both[place][operation.layout] += number
    changes = [
        OperationChange(f"{opcode} {shape} {layout}", base=before[layout], head=after[layout])
        for (opcode, shape), (before, after) in alike.items()
        if before.total() == after.total() and before != after
        for layout in before.keys() | after.keys()
        if before[layout] != after[layout]
    ]
    return sorted(changes, key=lambda change: (change.base - change.head, change.operation))


def _elements(shape: str) -> int:
    """Of ``f32[8,4],s32[]`` 33."""
    sizes = re.findall(r"\[([\d,]*)\]", shape)
    return sum(math.prod(int(each) for each in size.split(",") if each) for size in sizes) or 1


def _by_opcode(side: Mapping[Operation, int]) -> Counter[str]:
    numbers: Counter[str] = Counter()
    for operation, number in side.items():
        numbers[operation.opcode] += number
    return numbers
