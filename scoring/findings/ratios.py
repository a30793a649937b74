"""From measured cases to each framework's ratio to the best other one.

Ratios are formed only between cases of one run, model, precision, phase and device, which were measured side by side;
over models they are joined by the geometric mean, and only over the models that every compared framework completed
(common support), so that nobody gains by failing. Fleming and Wallace 1986, "How not to lie with statistics", is the
source for the mean. This module never turns a ratio into points.
"""

from __future__ import annotations

import statistics
from collections import Counter

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.rubric.criterion import Measure


# No cycles can form in it, and ten thousand of them would keep the garbage collector busy for nothing.
class Standing(msgspec.Struct, frozen=True, gc=False):
    """One line of the matrix in one cell."""

    framework: str
    """As in ``torch-compile``."""
    ecosystem: str
    nodeid: str
    median: float
    rounds: int
    better: str
    unit: str


class Cell(msgspec.Struct, frozen=True):
    """One model in one phase on one device of one run, with every line of the matrix that completed it."""

    run: str
    device: str
    phase: str
    model: str
    precision: str
    standings: dict[str, Standing]
    """Framework → its median."""


class Ratio(msgspec.Struct, frozen=True):
    """How one ecosystem stands to the best other one."""

    value: float
    """Geometric mean; above 1 is better than every other."""
    device: str
    nodeids: tuple[str, ...]
    runs: tuple[str, ...]
    rounds: int
    variants: dict[str, int]
    """Line of the matrix → the number of cells in which it stood for its ecosystem."""


class Comparison(msgspec.Struct, frozen=True):
    """Ratios of all ecosystems that were compared, or the reason why there are none."""

    ratios: dict[str, Ratio] = {}
    reason: str = ""


_Place = tuple[str, str, str]
"""Run, model, precision."""


def cells(evidence: Evidence, *, device: DeviceName, phase: str, metric: str = "") -> tuple[Cell, ...]:
    """Medians of one phase on one device; ``metric`` is the case's own when not given."""
    grouped: dict[_Place, dict[str, Standing]] = {}
    for measured in evidence.measured.get(device, ()):
        case = measured.case
        found = case.find(metric or case.metric) if case.phase == phase else None
        if found is None:
            continue
        grouped.setdefault((measured.run, case.model, case.precision), {})[case.framework] = Standing(
            framework=case.framework,
            ecosystem=case.ecosystem,
            nodeid=case.nodeid,
            median=statistics.median(found.samples),
            rounds=len(found.samples),
            better=found.better,
            unit=found.unit,
        )
    return tuple(
        Cell(
            run=run,
            device=device,
            phase=phase,
            model=model,
            precision=precision,
            standings=dict(sorted(standings.items())),
        )
        for (run, model, precision), standings in sorted(grouped.items())
    )


def compare(evidence: Evidence, *, device: DeviceName, measure: Measure) -> Comparison:
    """The ratio of each ecosystem measured on ``device`` to the best other one, over their common support.

    For each figure the best of an ecosystem's variants stands for it, and is named. To let the one that trains fastest
    stand for all would be stricter, but where two variants train alike, noise would then choose which of two compile
    times, a thousandfold apart, is compared.
    """
    common, reason = common_support(evidence, device=device, measure=measure)
    if reason:
        return Comparison(reason=reason)
    standings = [(cell, _best_variants(cell)) for cell in common]
    return Comparison(ratios={ecosystem: _ratio(standings, ecosystem) for ecosystem in evidence.ecosystems(device)})


def common_support(evidence: Evidence, *, device: DeviceName, measure: Measure) -> tuple[tuple[Cell, ...], str]:
    """The cells that every ecosystem measured on ``device`` completed, or none and the reason."""
    compared = evidence.ecosystems(device)
    if len(compared) < 2:
        alone = compared[0] if compared else "nothing"
        return (), f"only {alone} was measured on {device}, and a ratio needs two"
    metric = measure.metrics.get(device, "")
    common = []
    for cell in cells(evidence, device=device, phase=measure.phase, metric=metric):
        standing = _best_variants(cell)
        if set(standing) == set(compared) and len({(each.better, each.unit) for each in standing.values()}) == 1:
            common.append(cell)
    if not common:
        lacking = f"with {metric} " if metric else ""
        return (), f"no {measure.phase} case {lacking}on {device} that all of {', '.join(compared)} completed"
    return tuple(common), ""


def _best_variants(cell: Cell) -> dict[str, Standing]:
    """By ecosystem; of equals the first by name."""
    best: dict[str, Standing] = {}
    for standing in cell.standings.values():
        rival = best.get(standing.ecosystem)
        # A zero has no ratio: a memory figure below the resolution of its instrument, say.
        if standing.median > 0 and (rival is None or _beats(standing, rival)):
            best[standing.ecosystem] = standing
    return best


def _beats(one: Standing, other: Standing) -> bool:
    return one.median < other.median if one.better == "lower" else one.median > other.median


def _ratio(common: list[tuple[Cell, dict[str, Standing]]], ecosystem: str) -> Ratio:
    values = []
    for _, standing in common:
        own = standing[ecosystem]
        others = [other.median for name, other in standing.items() if name != ecosystem]
        values.append(min(others) / own.median if own.better == "lower" else own.median / max(others))
    own_standings = [standing[ecosystem] for _, standing in common]
    return Ratio(
        value=statistics.geometric_mean(values),
        device=common[0][0].device,
        nodeids=tuple(standing.nodeid for standing in own_standings),
        runs=tuple(sorted({cell.run for cell, _ in common})),
        rounds=sum(standing.rounds for standing in own_standings),
        variants=dict(sorted(Counter(standing.framework for standing in own_standings).items())),
    )
