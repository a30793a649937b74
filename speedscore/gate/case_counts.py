"""What both sides of a case counted, over all pairs, and the verdicts on it, which need no clock."""

from __future__ import annotations

from collections.abc import Mapping

from speedscore.gate.sides import Finished
from speedscore.verdicts.counts import count_verdict
from speedscore.verdicts.verdict import Verdict


class CaseCounts:
    """Of one case: for each name the values that base counted, and those that head did."""

    def __init__(self, *, other_environment: bool) -> None:
        """``other_environment`` says that base has packages of its own: another compiler counts in another way."""
        self._other_environment = other_environment
        self._values: dict[str, tuple[set[float], set[float]]] = {}

    def add(self, base: Finished, head: Finished) -> None:
        for index, side in enumerate((base, head)):
            counts: Mapping[str, float] = side.counts or {}
            for name, value in counts.items():
                self._values.setdefault(name, (set(), set()))[index].add(value)

    def verdicts(self, case: str) -> tuple[Verdict, ...]:
        """One for each name, in their order."""
        return tuple(self._verdict(case, name, base, head) for name, (base, head) in sorted(self._values.items()))

    def _verdict(self, case: str, name: str, base: set[float], head: set[float]) -> Verdict:
        """What was counted, where each side counts it and always alike."""
        if len(base) == len(head) == 1 and not self._other_environment:
            return count_verdict(case, name, min(base), min(head))
        odd = next((label for label, values in (("base", base), ("head", head)) if len(values) > 1), "")
        if odd:
            values = sorted(base if odd == "base" else head)[:2]
            reason = f"two processes of {odd} counted {values[0]:g} and {values[1]:g}, so it proves nothing"
        elif base and head:
            reason = "the two environments differ, and so may their way of counting"
        else:
            reason = f"only {'base' if base else 'head'} counts it"
        return Verdict(case=case, metric=name, outcome="not comparable", reason=reason)
