"""From measured cases to how each ecosystem stands to the best other one.

Ratios are formed only between cases of one run, model, precision, phase and device, which were measured side by side;
over models they are joined by the geometric mean, and only over the models that every compared framework completed
(common support), so that nobody gains by failing. Fleming and Wallace 1986, "How not to lie with statistics", is the
source for the mean. The ratio of two cases is that of ``speedscore.record.ratios``, which the tables print too; this
module never estimates one anew, and never turns one into points.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import permutations
from statistics import fmean

import msgspec

from speedscore.record.metrics import Better, Unit
from speedscore.record.phases import DeviceName, Phase
from speedscore.record.ratios import Estimate, Pair, estimate_ratios
from speedscore.record.rounds import figure_of
from speedscore.record.run_record import CaseResult
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
    """The one number that stands for the metric, in ``unit``: of rounds the geometric mean over processes of each one's
    median, of any other metric the median over processes."""
    rounds: int
    better: Better
    unit: Unit


class MeasuredCell(msgspec.Struct, frozen=True):
    """One model in one phase on one device of one run, with every line of the matrix that completed it."""

    run: str
    device: DeviceName
    phase: Phase
    model: str
    precision: str
    standings: dict[str, Standing]
    """Framework → its median."""


class EcosystemRatio(msgspec.Struct, frozen=True):
    """How one ecosystem stands to the best other one."""

    value: float
    """Geometric mean over cells; above 1 is better than every other."""
    device: DeviceName
    nodeids: tuple[str, ...]
    runs: tuple[str, ...]
    rounds: int
    variants: dict[str, int]
    """Line of the matrix → the number of cells in which it stood for its ecosystem."""


class EcosystemRatios(msgspec.Struct, frozen=True):
    """Ratios of all ecosystems that were compared, or the reason why there are none."""

    ratios: dict[str, EcosystemRatio] = {}
    reason: str = ""


class ComparedCell(msgspec.Struct, frozen=True):
    """A cell that every ecosystem completed, with the variant that stands for each and what they are to each other."""

    cell: MeasuredCell
    best: dict[str, Standing]
    """Ecosystem → the standing of its best variant."""
    cases: dict[str, CaseResult]
    """Framework → the case, of the variants in ``best``."""
    metric: str
    """Name of what is compared."""
    estimates: dict[Pair, Estimate]
    """How many times as good the first framework is as the second, of every two in ``best``, in both orders."""

    @property
    def is_of_rounds(self) -> bool:
        """Whether the cases' own metric is compared, which was measured in rounds."""
        return all(case.metric.name == self.metric for case in self.cases.values())


_Place = tuple[str, str, str]
"""Run, model, precision."""


def cells(evidence: Evidence, *, device: DeviceName, phase: Phase, metric: str = "") -> tuple[MeasuredCell, ...]:
    """Figures of one phase on one device; ``metric`` is the case's own when not given."""
    grouped: dict[_Place, dict[str, Standing]] = {}
    for measured in evidence.measured.get(device, ()):
        case = measured.case
        standing = _standing(case, metric or case.metric.name) if case.phase == phase else None
        if standing is not None:
            grouped.setdefault((measured.run, case.model, case.precision), {})[case.framework] = standing
    return tuple(
        MeasuredCell(
            run=run,
            device=device,
            phase=phase,
            model=model,
            precision=precision,
            standings=dict(sorted(standings.items())),
        )
        for (run, model, precision), standings in sorted(grouped.items())
    )


def _standing(case: CaseResult, name: str) -> Standing | None:
    """None where the case has no such figure."""
    measurement, figure = case.find(name), figure_of(case, name)
    if measurement is None or figure is None:
        return None
    return Standing(
        framework=case.framework,
        ecosystem=case.ecosystem,
        nodeid=case.nodeid,
        median=figure,
        rounds=len(measurement.samples),
        better=measurement.better,
        unit=measurement.unit,
    )


def ecosystem_ratios(evidence: Evidence, *, device: DeviceName, measure: Measure) -> EcosystemRatios:
    """The ratio of each ecosystem measured on ``device`` to the best other one, over their common support.

    For each figure the best of an ecosystem's variants stands for it, and is named. To let the one that trains fastest
    stand for all would be stricter, but where two variants train alike, noise would then choose which of two compile
    times, a thousandfold apart, is compared.
    """
    common, reason = common_support(evidence, device=device, measure=measure)
    if reason:
        return EcosystemRatios(reason=reason)
    return EcosystemRatios(
        ratios={ecosystem: _ecosystem_ratio(common, ecosystem) for ecosystem in evidence.ecosystems(device)}
    )


def common_support(evidence: Evidence, *, device: DeviceName, measure: Measure) -> tuple[tuple[ComparedCell, ...], str]:
    """The cells that every ecosystem measured on ``device`` completed, or none and the reason."""
    compared = evidence.ecosystems(device)
    if len(compared) < 2:
        alone = compared[0] if compared else "nothing"
        return (), f"only {alone} was measured on {device}, and a ratio needs two"
    metric = measure.metrics.get(device, "")
    cases = {(measured.run, measured.case.nodeid): measured.case for measured in evidence.measured[device]}
    common = []
    for cell in cells(evidence, device=device, phase=measure.phase, metric=metric):
        best = _best_variants(cell)
        if set(best) == set(compared) and len({(standing.better, standing.unit) for standing in best.values()}) == 1:
            all_cases = {name: cases[cell.run, standing.nodeid] for name, standing in cell.standings.items()}
            common.append(_compared_cell(cell, best, all_cases, metric=metric))
    if not common:
        lacking = f"with {metric} " if metric else ""
        return (), f"no {measure.phase} case {lacking}on {device} that all of {', '.join(compared)} completed"
    return tuple(common), ""


def _compared_cell(
    cell: MeasuredCell, best: dict[str, Standing], cases: Mapping[str, CaseResult], *, metric: str
) -> ComparedCell:
    chosen = [standing.framework for standing in best.values()]
    own_metric = cases[chosen[0]].metric.name
    if metric in ("", own_metric):
        # Of all variants: how much processes differ is learned from every framework that lived beside them.
        estimates: Mapping[Pair, Estimate] = estimate_ratios(list(cases.values()))
    else:
        estimates = _estimates_of_figures(best.values())
    return ComparedCell(
        cell=cell,
        best=best,
        cases={name: cases[name] for name in chosen},
        metric=metric or own_metric,
        estimates={pair: estimates[pair] for pair in permutations(chosen, 2)},
    )


def _estimates_of_figures(standings: Iterable[Standing]) -> dict[Pair, Estimate]:
    """Of a metric that is not measured in rounds: the ratio of the figures, turned so that above 1 is better."""
    known = list(standings)
    logs = {
        standing.framework: math.log(standing.median) * (-1 if standing.better == "lower" else 1) for standing in known
    }
    return {
        (framework, rival): Estimate(logs=(), log_ratio=logs[framework] - logs[rival])
        for framework, rival in permutations(logs, 2)
    }


def _best_variants(cell: MeasuredCell) -> dict[str, Standing]:
    """By ecosystem; of equals the first by name."""
    best: dict[str, Standing] = {}
    for standing in cell.standings.values():
        rival = best.get(standing.ecosystem)
        # A zero has no ratio: a memory figure below the resolution of its instrument, say.
        if standing.median > 0 and (rival is None or _beats(standing, rival)):
            best[standing.ecosystem] = standing
    return best


def _beats(standing: Standing, rival: Standing) -> bool:
    return standing.median < rival.median if standing.better == "lower" else standing.median > rival.median


def _ecosystem_ratio(common: Iterable[ComparedCell], ecosystem: str) -> EcosystemRatio:
    compared = list(common)
    standings = [compared_cell.best[ecosystem] for compared_cell in compared]
    logs = [
        # The best other one is the one that it stands worst to.
        min(
            compared_cell.estimates[standing.framework, rival.framework].log_ratio
            for name, rival in compared_cell.best.items()
            if name != ecosystem
        )
        for compared_cell, standing in zip(compared, standings, strict=True)
    ]
    return EcosystemRatio(
        value=math.exp(fmean(logs)),
        device=compared[0].cell.device,
        nodeids=tuple(standing.nodeid for standing in standings),
        runs=tuple(sorted({compared_cell.cell.run for compared_cell in compared})),
        rounds=sum(standing.rounds for standing in standings),
        variants=dict(sorted(Counter(standing.framework for standing in standings).items())),
    )
