"""What both sides of a case counted, over all pairs, and the verdicts on it, which need no clock.

A count that is another in each process tells nothing of a change, such as one that grows with the number of calls; so
it takes two processes of each side to say that the sides differ.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from speedscore.gate.sides.side import Finished
from speedscore.record.metrics import Better
from speedscore.verdicts.counts import count_verdict
from speedscore.verdicts.verdict import Verdict

NO_LONGER_COUNTS = "it no longer counts "
"""Begins what is said of a case whose counts are missing; their names follow."""
_ENOUGH_PROCESSES = 2
"""Of a side, to say what it always counts."""


class CaseCounts:
    """Of one case: for each name what each process of base counted, and each of head."""

    def __init__(self, *, other_environment: bool) -> None:
        """``other_environment`` says that base has packages of its own: another compiler counts in another way."""
        self._other_environment = other_environment
        self._values: dict[str, tuple[list[float], list[float]]] = {}
        self._higher_is_better: set[str] = set()

    def add(self, base: Finished, head: Finished) -> None:
        for index, side in enumerate((base, head)):
            self._higher_is_better.update(side.higher_is_better)
            counts: Mapping[str, float] = side.counts or {}
            for name, value in counts.items():
                self._values.setdefault(name, ([], []))[index].append(value)

    @property
    def missing(self) -> str:
        """Said where head no longer counts what base always does; empty where it counts all of it."""
        if self._other_environment:
            return ""
        gone = [name for name, (base, head) in self._values.items() if len(base) >= _ENOUGH_PROCESSES and not head]
        return f"{NO_LONGER_COUNTS}{', '.join(sorted(gone))}" if gone else ""

    def verdicts(self, case: str) -> tuple[Verdict, ...]:
        """One for each name, in their order."""
        return tuple(self._verdict(case, name, base, head) for name, (base, head) in sorted(self._values.items()))

    def _verdict(self, case: str, name: str, base: list[float], head: list[float]) -> Verdict:
        """What was counted, where each side counts it and always alike."""
        if len({*base}) == len({*head}) == 1 and not self._other_environment:
            better: Better | None = "higher" if name in self._higher_is_better else None
            verdict = count_verdict(case, name, base[0], head[0], better=better)
            if verdict.outcome == "unchanged" or min(len(base), len(head)) >= _ENOUGH_PROCESSES:
                return verdict
            reason = f"{verdict.reason}, in one process a side; only a second one shows whether it is so in each"
            return msgspec.structs.replace(verdict, outcome="inconclusive", reason=reason)
        odd = next((label for label, values in (("base", base), ("head", head)) if len({*values}) > 1), "")
        if odd:
            values = sorted({*(base if odd == "base" else head)})[:2]
            reason = f"two processes of {odd} counted {values[0]:g} and {values[1]:g}, so it proves nothing"
        elif base and head:
            reason = "the two environments differ, and so may their way of counting"
        else:
            reason = f"only {'base' if base else 'head'} counts it"
        return Verdict(case=case, metric=name, outcome="not comparable", reason=reason)
