"""From measured cases to how each ecosystem stands to the best other one.

Ratios are formed only between cases of one run, machine, model, precision, phase and device, which were measured side
by side; over models they are joined by the geometric mean, and only over the models that every compared framework
completed (common support), and an answer names the models that one of them left out: whoever lacks the model on which
it is slow stands better for it. Fleming and Wallace 1986, "How not to lie with statistics", is the source for the mean.
Which other is the best is asked of these means, and not of each model: else a third framework, the best at one model
alone, could turn the order of two others round over the same models.
The ratio of two cases is that of ``speedscore.record.ratios``, which the tables print too; this module never estimates
one anew, and never turns one into points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from statistics import fmean

import msgspec

from speedscore.record.measurement import Measurement
from speedscore.record.metrics import Better, Unit
from speedscore.record.phases import DeviceName, Phase
from speedscore.record.ratios import Estimate, Pair, estimate_ratios
from speedscore.record.rounds import figure_of
from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.variants import Place, Variants, place_of, without_process
from speedscore.scoring.rubric.answer_rule import Measure


# No cycles can form in it, and ten thousand of them would keep the garbage collector busy for nothing.
class Standing(msgspec.Struct, frozen=True, gc=False):
    """One line of the matrix in one cell."""

    line: str = msgspec.field(name="framework")
    """As in ``torch-compile``."""
    ecosystem: str
    nodeid: str
    median: float
    """The one number that stands for the metric, in ``unit``: of rounds the geometric mean over processes of each one's
    median, of any other metric the median over processes."""
    rounds: int
    better: Better
    unit: Unit


class MeasuredCell(msgspec.Struct, frozen=True, omit_defaults=True):
    """One model in one phase on one device of one machine of one run, with every line of the matrix that completed
    it there."""

    run: str
    device: DeviceName
    phase: Phase
    model: str
    precision: str
    standings: dict[str, Standing]
    """Line → its median."""
    machine: str = ""
    """As the cases name it."""


class ModelRatio(msgspec.Struct, frozen=True):
    """What one model has to do with a ratio over several."""

    model: str
    value: float
    """Geometric mean over its cells; above 1 is better than the other."""
    low: float | None = None
    """95 % over processes; None where nothing is known of how these differ."""
    high: float | None = None


class EcosystemRatio(msgspec.Struct, frozen=True):
    """How one ecosystem stands to the best other one."""

    value: float
    """Geometric mean over cells; above 1 is better than every other."""
    rival: str
    """The best other one: to which that mean is smallest."""
    by_model: tuple[ModelRatio, ...]
    """Its ratio to that other in each model."""
    device: DeviceName
    nodeids: tuple[str, ...]
    runs: tuple[str, ...]
    rounds: int
    variant: str
    """The line of the matrix that it is scored as."""
    machines: tuple[tuple[str, str], ...] = ()
    """Run and machine of each; every cell is of one of them."""


class EcosystemRatios(msgspec.Struct, frozen=True):
    """Ratios of all ecosystems that were compared, or the reason why there are none."""

    ratios: dict[str, EcosystemRatio] = {}
    left_out: str = ""
    """Which models are in no ratio and whose figures lack, in words; empty where every model is."""
    reason: str = ""
    common: tuple[ComparedCell, ...] = ()
    """The cells that they are of."""


class ComparedCell(msgspec.Struct, frozen=True):
    """A cell that the scored variant of every ecosystem completed, and what these are to each other."""

    cell: MeasuredCell
    scored: dict[str, Standing]
    """Ecosystem → the standing of its scored variant, of the rounds that are its figure."""
    cases: dict[str, CaseResult]
    """Line → the case, of the variants in ``scored``, with those rounds alone."""
    metric: str
    """Name of what is compared."""
    estimates: dict[Pair, Estimate]
    """How many times as good the first line is as the second, of every two in ``scored``, in both orders."""
    choosing: int | None = None
    """The process whose rounds chose a variant and are in no figure here."""

    def estimate(self, ecosystem: str, rival: str) -> Estimate:
        """How many times as good the one is as the other."""
        return self.estimates[self.scored[ecosystem].line, self.scored[rival].line]

    @property
    def is_of_rounds(self) -> bool:
        """Whether the cases' own metric is compared, which was measured in rounds."""
        return all(case.metric.name == self.metric for case in self.cases.values())


def cells(evidence: Evidence, *, device: DeviceName, phase: Phase, metric: str = "") -> tuple[MeasuredCell, ...]:
    """Figures of one phase on one device; ``metric`` is the case's own when not given."""
    grouped: dict[Place, dict[str, Standing]] = {}
    for measured in evidence.measured.get(device, ()):
        case = measured.case
        standing = _standing(case, metric or case.metric.name) if case.phase == phase else None
        if standing is not None:
            grouped.setdefault(place_of(measured), {})[case.framework] = standing
    return tuple(
        MeasuredCell(
            run=run,
            device=device,
            phase=phase,
            model=model,
            precision=precision,
            standings=dict(sorted(standings.items())),
            machine=machine,
        )
        for (run, model, precision, machine), standings in sorted(grouped.items())
    )


def _standing(case: CaseResult, name: str) -> Standing | None:
    """The case's figure of the metric ``name``; None where it has none."""
    figure = figure_of(case, name)
    # Rounds are counted where they are: of ten thousand cases nobody makes measurements to take their length.
    measured = case.metric if name == case.metric.name else case.find(name)
    if measured is None or figure is None:
        return None
    return Standing(
        line=case.framework,
        ecosystem=case.ecosystem,
        nodeid=case.nodeid,
        median=figure,
        rounds=len(measured.samples) if isinstance(measured, Measurement) else len(case.rounds),
        better=measured.better,
        unit=measured.unit,
    )


def ecosystem_ratios(
    evidence: Evidence, *, device: DeviceName, measure: Measure, variants: Variants
) -> EcosystemRatios:
    """The ratio of each ecosystem measured on ``device`` to the best other one, over their common support.

    Each is one variant, the same in all its figures: the first step of an eager program beside the training speed of a
    compiled one would be those of a program that nobody can run.
    """
    measured = cells(evidence, device=device, phase=measure.phase, metric=measure.metrics.get(device, ""))
    common, reason = _common_support(evidence, measured, device=device, measure=measure, variants=variants)
    if reason:
        return EcosystemRatios(reason=reason)
    return EcosystemRatios(
        ratios={ecosystem: _ecosystem_ratio(common, ecosystem) for ecosystem in evidence.frameworks_on(device)},
        left_out=_left_out(measured, common, variants=variants),
        common=common,
    )


def _left_out(measured: Iterable[MeasuredCell], common: Iterable[ComparedCell], *, variants: Variants) -> str:
    """As in ``without resnet50, no figure of flax-nnx``: models of which some scored variants have a figure."""
    compared = {compared_cell.cell.model for compared_cell in common}
    chosen = {variant.line for variant in variants.scored.values()}
    known: dict[str, set[str]] = {}
    for cell in measured:
        if cell.model not in compared:
            with_figure = {name for name, standing in cell.standings.items() if standing.median > 0}
            known.setdefault(cell.model, set()).update(chosen & with_figure)
    lacking = {model: sorted(chosen - names) for model, names in sorted(known.items()) if names}
    return "; ".join(
        f"without {model}, {'no figure of ' + ' and '.join(names) if names else 'no figures side by side'}"
        for model, names in lacking.items()
    )


def _common_support(
    evidence: Evidence, measured: Iterable[MeasuredCell], *, device: DeviceName, measure: Measure, variants: Variants
) -> tuple[tuple[ComparedCell, ...], str]:
    """Of the ``measured`` cells of ``measure`` those that the scored variant of every ecosystem measured on ``device``
    completed, or none and the reason."""
    compared = evidence.frameworks_on(device)
    if len(compared) < 2:
        alone = compared[0] if compared else "nothing"
        return (), f"only {alone} was measured on {device}, and a ratio needs two"
    metric = measure.metrics.get(device, "")
    cases = {(each.run, each.case.nodeid): each.case for each in evidence.measured[device]}
    common = []
    for cell in measured:
        all_cases = {name: cases[cell.run, standing.nodeid] for name, standing in cell.standings.items()}
        chosen = {ecosystem: variant.line for ecosystem, variant in variants.scored.items()}
        # A zero has no ratio: a memory figure below the resolution of its instrument, say.
        known = [name for name in chosen.values() if name in all_cases and cell.standings[name].median > 0]
        alike = {(cell.standings[name].better, cell.standings[name].unit) for name in known}
        if len(known) == len(compared) and len(alike) == 1:
            choosing = variants.choosing.get((cell.run, cell.model, cell.precision, cell.machine))
            common.append(
                _compared_cell(
                    cell, chosen, all_cases, metric=metric, choosing=choosing if measure.phase == "training" else None
                )
            )
    if not common:
        lacking = f"with {metric} " if metric else ""
        named = ", ".join(
            ecosystem if ecosystem == variant.line else f"{ecosystem} as {variant.line}"
            for ecosystem, variant in variants.scored.items()
        )
        return (), f"no {measure.phase} case {lacking}on {device} that all of {named} completed"
    return tuple(common), ""


def _compared_cell(
    cell: MeasuredCell,
    chosen: Mapping[str, str],
    cases: Mapping[str, CaseResult],
    *,
    metric: str,
    choosing: int | None,
) -> ComparedCell:
    lines = list(chosen.values())
    own_metric = cases[lines[0]].metric.name
    scored = {ecosystem: cell.standings[name] for ecosystem, name in chosen.items()}
    figuring = {name: cases[name] for name in lines}
    if metric not in ("", own_metric):
        choosing = None
        estimates: Mapping[Pair, Estimate] = _estimates_of_figures(scored.values())
    elif choosing is None:
        # Of all variants: how much processes differ is learned from every framework that lived beside them.
        estimates = estimate_ratios(list(cases.values()))
    else:
        left = {name: case for name in cases if (case := without_process(cases[name], choosing)) is not None}
        estimates = estimate_ratios([cases[name] for name in left], without={choosing})
        figuring = {name: left[name] for name in lines}
        scored = {
            ecosystem: standing
            for ecosystem, name in chosen.items()
            if (standing := _standing(left[name], own_metric)) is not None
        }
    return ComparedCell(
        cell=cell,
        scored=scored,
        cases=figuring,
        metric=metric or own_metric,
        estimates={pair: estimates[pair] for pair in permutations(lines, 2)},
        choosing=choosing,
    )


def _estimates_of_figures(standings: Iterable[Standing]) -> dict[Pair, Estimate]:
    """The ratios of a metric that is not measured in rounds: figure over figure, turned so that above 1 is better."""
    known = list(standings)
    logs = {standing.line: math.log(standing.median) * (-1 if standing.better == "lower" else 1) for standing in known}
    return {
        (line, rival): Estimate(logs=(), log_ratio=logs[line] - logs[rival]) for line, rival in permutations(logs, 2)
    }


def _ecosystem_ratio(common: Iterable[ComparedCell], ecosystem: str) -> EcosystemRatio:
    compared = list(common)
    standings = [compared_cell.scored[ecosystem] for compared_cell in compared]
    logs = {
        name: [compared_cell.estimate(ecosystem, name).log_ratio for compared_cell in compared]
        for name in sorted(compared[0].scored)
        if name != ecosystem
    }
    rival = min(logs, key=lambda name: fmean(logs[name]))
    by_model: dict[str, list[Estimate]] = {}
    for compared_cell in compared:
        by_model.setdefault(compared_cell.cell.model, []).append(compared_cell.estimate(ecosystem, rival))
    return EcosystemRatio(
        value=math.exp(fmean(logs[rival])),
        rival=rival,
        by_model=tuple(_model_ratio(model, estimates) for model, estimates in sorted(by_model.items())),
        device=compared[0].cell.device,
        nodeids=tuple(standing.nodeid for standing in standings),
        runs=tuple(sorted({compared_cell.cell.run for compared_cell in compared})),
        rounds=sum(standing.rounds for standing in standings),
        variant=standings[0].line,
        machines=tuple(sorted({(compared_cell.cell.run, compared_cell.cell.machine) for compared_cell in compared})),
    )


def _model_ratio(model: str, estimates: Sequence[Estimate]) -> ModelRatio:
    log = fmean(estimate.log_ratio for estimate in estimates)
    reaches = [reach for estimate in estimates if (reach := estimate.reach) is not None]
    if len(reaches) < len(estimates):
        return ModelRatio(model, math.exp(log))
    # Of several runs the errors are independent.
    reach = math.hypot(*reaches) / len(reaches)
    return ModelRatio(model, math.exp(log), math.exp(log - reach), math.exp(log + reach))
