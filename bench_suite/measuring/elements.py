"""How far elements that a worker tells of its results are from those that they must be, and when they are another.

Plain arithmetic over lists of numbers by the name of the tensor; nobody is asked and nothing is refused here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from speedscore.bench_suite.workers.protocol import Elements

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUP_FLOOR = 1e-3
"""As in a task's certificate: a part of a result below this much of the whole is judged by the whole."""


def furthest(found: Elements, wanted: Elements, start: Elements) -> tuple[str, float]:
    """The tensor that is furthest from where it should be; the error of all together, by the way that they went."""
    if odd := found.keys() ^ wanted.keys():
        return min(odd), float("inf")
    errors = {name: _squares(values, wanted[name]) for name, values in found.items()}
    way = sum(_squares(values, start[name]) for name, values in wanted.items() if name in start)
    worst = max(errors, key=lambda name: errors[name])
    return worst, (sum(errors.values()) / way) ** 0.5 if way else float("inf")


def stays(found: Elements, wanted: Elements, start: Elements) -> str:
    """A tensor that has not moved, or no more than part of its way."""
    return next((name for name in start if found.get(name) == start[name] != wanted.get(name)), "")


def least_element(name: str, answers: Mapping[str, NDArray[np.float64]]) -> float:
    """The size by which an element of an answer is judged at least: that of a middling one, or of its group's."""
    group = name.partition(".")[0]
    squares = {each: float((answer.astype(float) ** 2).sum()) for each, answer in answers.items()}
    whole = sum(square for each, square in squares.items() if each.partition(".")[0] == group)
    return math.sqrt(max(squares[name], GROUP_FLOOR**2 * whole) / max(1, answers[name].size))


def least_norms(elements: Elements, sizes: Mapping[str, int]) -> dict[str, float]:
    """The norm that the elements of each result are judged by at least: a small part of that of its group.

    What there is of a group is told from the ``elements`` of its results, and how many elements each has in all.
    """
    wholes: dict[str, float] = {}
    for name, values in elements.items():
        group, mean_square = name.partition(".")[0], sum(value**2 for value in values) / max(1, len(values))
        wholes[group] = wholes.get(group, 0.0) + mean_square * sizes.get(name, 0)
    return {
        name: GROUP_FLOOR * math.sqrt(wholes[name.partition(".")[0]] * len(values) / max(1, sizes.get(name, 0)))
        for name, values in elements.items()
    }


def distance(found: Elements, wanted: Elements, name: str, *, least: float = 0.0) -> float:
    """Of the L2 norms; over ``least`` where the wanted one is less."""
    if name not in found or name not in wanted:
        return float("inf")
    size = max(_squares(wanted[name], (0.0,) * len(wanted[name])), least**2)
    gone = _squares(found[name], wanted[name])
    return (gone / size) ** 0.5 if size else (0.0 if not gone else float("inf"))


def _squares(left: Sequence[float], right: Sequence[float]) -> float:
    if len(left) != len(right):
        return float("inf")
    return sum((one - other) ** 2 for one, other in zip(left, right, strict=True))
