"""The rounds that choose a variant: of which process they are, what they say, and how much of that may be chance.

Of each training case one process chooses and gives no figure, so how fast a variant was there has no say in its score.
How much processes differ from each other is learned from all of them: of normal errors the spread tells nothing about
the mean. Nothing is chosen here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

from speedscore.record.ratios import estimate_ratios
from speedscore.record.rounds import figure_of_rounds, rounds_by_process
from speedscore.record.run_record import CaseResult

Place = tuple[str, str, str, str]
"""Run, model, precision, machine: where cases of one phase and device were measured side by side."""

Cells = Mapping[Place, Mapping[str, CaseResult]]
"""Training cases by line of the matrix."""


def choosing_process(cases: Sequence[CaseResult]) -> int | None:
    """The first process that all of them shared, where there is another; None where none can be spared."""
    if len({case.occasion for case in cases}) > 1:
        return None
    shared = set.intersection(*({round_.process for round_ in case.rounds} for case in cases))
    numbers = sorted(process for process in shared if process is not None)
    return numbers[0] if len(numbers) > 1 else None


def choosing_seconds(names: Sequence[str], *, cells: Cells, choosing: Mapping[Place, int]) -> dict[str, float]:
    """Line → its seconds a training step in the choosing processes, the geometric mean over the places that all of them
    completed; empty where there is none."""
    places = _places_of_all(names, cells, choosing)
    if not places:
        return {}
    return {
        name: math.exp(fmean(math.log(_figure_of_process(cells[place][name], choosing[place])) for place in places))
        for name in names
    }


def lag_by_chance(names: Sequence[str], *, cells: Cells, choosing: Mapping[Place, int]) -> float:
    """How much longer a step of one may seem than that of another which is as fast, as a fraction: half of the 95 %
    interval of their ratio in the choosing processes, over the same places as ``choosing_seconds``. 0 where too few
    processes tell."""
    places = _places_of_all(names, cells, choosing)
    reaches = [reach for place in places if (reach := _reach(names, cells[place], choosing[place])) is not None]
    if not places or len(reaches) < len(places):
        return 0.0
    return math.expm1(math.sqrt(math.fsum(reach * reach for reach in reaches)) / len(reaches))


def _places_of_all(names: Sequence[str], cells: Cells, choosing: Mapping[Place, int]) -> list[Place]:
    return [place for place in choosing if all(name in cells[place] for name in names)]


def _figure_of_process(case: CaseResult, process: int) -> float:
    return figure_of_rounds(rounds_by_process(case.rounds)[process])


def _reach(names: Sequence[str], cases: Mapping[str, CaseResult], process: int) -> float | None:
    """Of the logarithm of the ratio of two of them, in one process; the widest of all pairs."""
    by_process = {name: rounds_by_process(case.rounds) for name, case in cases.items()}
    present = [name for name in cases if process in by_process[name]]
    others = {other for name in present for other in by_process[name] if other != process}
    estimates = estimate_ratios([cases[name] for name in present], without=others)
    reaches = [estimates[pair].reach for pair in combinations(names, 2)]
    known = [reach for reach in reaches if reach is not None]
    return max(known) if known and len(known) == len(reaches) else None
