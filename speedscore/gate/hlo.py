"""What changed in the optimised HLO of a test: operations that came, that went, or that changed their layout.

From the text that XLA writes with --xla_dump_to; nothing is run, and JAX is not needed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import msgspec

_INSTRUCTION = re.compile(
    r"^\s*(?:ROOT )?%?[\w.\-]+ = "
    r"(?P<shape>\(.*?\)|[a-z]\w*\[[^\]]*\](?:\{[^}]*\})?) (?P<operation>[a-z][a-z0-9\-]*)\(",
    re.MULTILINE,
)
_ARRAY = re.compile(r"(?P<array>[a-z][\w]*\[[^\]]*\])(?P<layout>\{[^}]*\})?")
_BOOKKEEPING = frozenset({"parameter", "constant", "tuple", "get-tuple-element"})
"""They name values and compute none."""
AFTER = "after_optimizations.txt"
"""How the file of a module that is done with ends."""


class OperationChange(msgspec.Struct, frozen=True):
    """How often an operation stands in the optimised programs of a test."""

    operation: str
    base: int
    head: int
    relaid: int = 0
    """Of those that stayed: how many have another layout."""


class HloChange(msgspec.Struct, frozen=True):
    """What differs between the optimised programs of base and of head."""

    operations: tuple[OperationChange, ...]
    """Those that differ, the largest change first; bookkeeping (parameters, constants, tuples) is not counted."""
    base_modules: int
    head_modules: int
    """Programs that were compiled."""


Operations = Counter[tuple[str, str, str]]
"""How often there is an operation, its shape without layout, and that layout."""


def operations(text: str) -> Operations:
    """Of one module, inside of fusions, too."""
    found: Operations = Counter()
    for each in _INSTRUCTION.finditer(text):
        if each["operation"] in _BOOKKEEPING:
            continue
        arrays = list(_ARRAY.finditer(each["shape"]))
        shape = ",".join(array["array"] for array in arrays)
        found[each["operation"], shape, " ".join(array["layout"] or "" for array in arrays)] += 1
    return found


def hlo_change(base: Iterable[str], head: Iterable[str]) -> HloChange | None:
    """From the texts of all modules of a test on each side; None where their operations are the same."""
    sides = [[operations(text) for text in texts] for texts in (base, head)]
    before, after = (sum(modules, Operations()) for modules in sides)
    changed = [change for change in _changes(before, after) if change.base != change.head or change.relaid]
    if not changed:
        return None
    changed.sort(key=lambda each: (-abs(each.head - each.base) - each.relaid, each.operation))
    return HloChange(operations=tuple(changed), base_modules=len(sides[0]), head_modules=len(sides[1]))


def _changes(before: Operations, after: Operations) -> Iterable[OperationChange]:
    relaid = _relaid(before, after)
    base, head = _by_operation(before), _by_operation(after)
    for name in sorted(base.keys() | head.keys()):
        yield OperationChange(operation=name, base=base[name], head=head[name], relaid=relaid[name])


def _relaid(before: Operations, after: Operations) -> Counter[str]:
    """Operations of one shape that there are on both sides, and whose layouts are not the same ones."""
    counts: Counter[str] = Counter()
    base, head = _layouts(before), _layouts(after)
    for operation, shape in base.keys() & head.keys():
        one, other = base[operation, shape], head[operation, shape]
        kept = (one & other).total()
        counts[operation] += min(one.total(), other.total()) - kept
    return counts


def _layouts(found: Operations) -> Mapping[tuple[str, str], Counter[str]]:
    layouts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (operation, shape, layout), number in found.items():
        layouts[operation, shape][layout] += number
    return layouts


def _by_operation(found: Operations) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (operation, _, _), number in found.items():
        counts[operation] += number
    return counts
