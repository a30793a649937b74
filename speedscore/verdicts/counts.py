"""What is counted and not timed: the table of counts, and what a change of one means.

A count is the same in every fresh process that runs the same program, so one process a side decides, without a clock
and without statistics. It never counts anything itself: that is done where the program lives.

Adding a count: let the program give it under a name of its own, and add a line to ``COUNTS`` if it needs words, a
tolerance, or is no more than a note. A name that is not in the table is exact. A rise is a regression, but for what the
table of metrics says more is better of.
"""

from __future__ import annotations

import math

import msgspec

from speedscore.record.metrics import METRICS, Better
from speedscore.verdicts.verdict import Verdict


class Count(msgspec.Struct, frozen=True):
    """What a reader and a gate must know of one count."""

    what: str
    """In words that follow a number."""
    tolerance: float = 0.0
    """A change up to this fraction of the base is none."""
    tolerance_reason: str = ""
    """What moves the count although the program does the same."""
    judged: bool = True
    """Whether a change is a regression or an improvement. Otherwise it is told, and decides nothing."""
    note: str = ""
    """What a change means, where it decides nothing."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.tolerance < 1.0:
            raise ValueError(f"the tolerance of {self.what!r} must lie between 0 and 1, found {self.tolerance}")
        if bool(self.tolerance) != bool(self.tolerance_reason):
            raise ValueError(f"the tolerance of {self.what!r} and its reason come together")
        if self.judged == bool(self.note):
            raise ValueError(f"{self.what!r} needs a note where it is not judged, and only there")


_PLACEMENT = "XLA orders independent instructions by their names, and packs buffers by that order"

COUNTS: dict[str, Count] = {
    "xla_flops": Count("XLA FLOPs"),
    "xla_bytes_accessed": Count("bytes accessed by XLA's count"),
    "xla_temporary_bytes": Count("bytes of temporaries in XLA's plan", 0.01, _PLACEMENT),
    "static_plan_bytes": Count("bytes in XLA's plan of memory", 0.01, _PLACEMENT),
    "hlo_fusions": Count(
        "fusions in the optimised program",
        judged=False,
        note="the compiler made another program; that alone says nothing about its speed",
    ),
    "graph_breaks": Count("graph breaks"),
    "graph_operations": Count(
        "operations in the captured graph",
        judged=False,
        note="the model was written otherwise; that alone says nothing about its speed",
    ),
    "recompilations": Count("recompilations"),
    "exported_bytes": Count(
        "bytes of exported program", 0.01, "the names of functions and parameters stand in the program's text"
    ),
}
"""By name, as it stands in a saved run and in ``speedscore_counts``."""


def is_count(name: str) -> bool:
    """Whether a measurement of that name is compared as a count and not by statistics."""
    return name in COUNTS


def better_of(name: str) -> Better:
    """Whether less or more of a count is better, by its name; of one that nobody announced it is less."""
    return METRICS[name].better if name in METRICS else "lower"


def count_verdict(case: str, name: str, base: float, head: float, *, better: Better | None = None) -> Verdict:
    """What it means that ``base`` was counted on one side and ``head`` on the other.

    ``better`` is the direction that the measurement itself declares; where it declares none, its name says it.
    """
    count = COUNTS.get(name) or Count(what=name)
    if not all(math.isfinite(value) and value >= 0 for value in (base, head)):
        return Verdict(
            case=case,
            metric=name,
            outcome="not comparable",
            reason=f"expected finite numbers of {count.what} that are not negative, found {base!r} and {head!r}",
        )
    verdict = _of_numbers(case, name, count, base, head, better=better or better_of(name))
    return msgspec.structs.replace(verdict, base_amount=base, head_amount=head)


def _of_numbers(case: str, name: str, count: Count, base: float, head: float, *, better: Better) -> Verdict:
    ratio = _ratio(base, head)
    if base == head:
        return Verdict(case, name, "unchanged", f"{_number(head)} {count.what} on both sides, counted exactly", ratio)
    change = f"{_number(head)} instead of {_number(base)} {count.what}"
    if not count.judged:
        return Verdict(case, name, "unchanged", ratio=ratio, notes=(f"{change}: {count.note}",))
    if abs(head - base) <= count.tolerance * base:
        reason = f"{change}, within {100 * count.tolerance:g} % and so no change: {count.tolerance_reason}"
        return Verdict(case, name, "unchanged", reason, ratio)
    is_worse = (head > base) == (better == "lower")
    return Verdict(case, name, "regressed" if is_worse else "improved", f"{change}, counted exactly", ratio)


def _ratio(base: float, head: float) -> float | None:
    """Head over base; None where that is no number."""
    if base == head:
        return 1.0
    if base == 0:
        return None
    ratio = head / base
    return ratio if math.isfinite(ratio) else None


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,}"
