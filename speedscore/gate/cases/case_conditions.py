"""Under which conditions a case was timed on each side, over all pairs: two times of different things are no ratio.

What is another in each process of one side tells nothing of a change, such as parameters that are drawn at random
without a seed; so it takes two processes of each side, of one hash seed, to say that the sides differ. Under another
seed an id may stand for other parameters, and on the two sides for different ones: what was the same in two processes
is looked at in every pair. It decides on no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from speedscore.gate.cases.exclusions import Exclusion
from speedscore.gate.sides.side import Finished


class CaseConditions:
    """Of one case."""

    def __init__(self) -> None:
        self._told: list[tuple[Mapping[str, str], Mapping[str, str]]] = []
        self._stable: tuple[str, ...] = ()
        """What was the same in two processes of each side."""

    @property
    def are_known(self) -> bool:
        """Whether two pairs have told. They have one hash seed, on which the order of parameters may hang."""
        return len(self._told) == 2

    def add(self, base: Finished, head: Finished) -> Exclusion | None:
        """Take one more pair. Returns why the case cannot be compared; None where it can, or is not known yet."""
        if self.are_known:
            return _exclusion(base.conditions, head.conditions, self._stable)
        self._told.append((base.conditions, head.conditions))
        if not self.are_known:
            return None
        stable_on_base, stable_on_head = map(_alike, *self._told)
        self._stable = tuple(sorted(stable_on_base.keys() & stable_on_head.keys()))
        return _exclusion(stable_on_base, stable_on_head, self._stable)

    def notes(self) -> tuple[str, ...]:
        """What a reader must know of conditions that are another in each process."""
        if not self.are_known:
            return ()
        drawn = {
            name.removeprefix("parameter ").split(".")[0].split(":")[0].split("[")[0]
            for first, second in zip(*self._told, strict=True)
            for name in first.keys() & second.keys()
            if first[name] != second[name] and name.startswith("parameter ")
        }
        return tuple(f"parameter {name} is another in each process: give it a seed" for name in sorted(drawn))


def _exclusion(base: Mapping[str, str], head: Mapping[str, str], names: Iterable[str]) -> Exclusion | None:
    for name in names:
        if base.get(name) != head.get(name):
            return Exclusion(
                f"{name} is {base.get(name)} on base and {head.get(name)} on head: two times of different things"
            )
    return None


def _alike(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """What two processes of one side tell alike."""
    return {name: text for name, text in first.items() if second.get(name) == text}
