"""What was measured in words, the same in every form: machine, coverage, variants, processes and figures.

Nothing is computed but rounding, and nothing laid out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from speedscore.record.machine_versions import PACKAGE, PYTHON
from speedscore.record.machines import OWN
from speedscore.scoring.cards import wording
from speedscore.scoring.evidence.evidence import DeviceCoverage
from speedscore.scoring.evidence.run_summaries import RunSummary
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.standings import MeasuredCell, Standing
from speedscore.scoring.findings.variants import ScoredVariant, VariantBeside
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.other_variants import OtherVariant
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import duration, factor, size

_NAMED_CASES = 3
"""Cases named for each reason; the rest are counted. The record and the JSON card name them all."""
_NAMED_VERSIONS = 3
"""Packages of which a sentence says where their versions differ, and versions of each; the JSON card has them all."""
_NAMED_MACHINES = 2
"""Machines named for one version; of more it is said how many there are."""


def few_processes(card: ScoreCard) -> str:
    """Names the figures of one process a case: nothing says how another would differ. Empty where there are none."""
    names = ", ".join(card.uncertainty.of_lone_processes)
    return f"Measured in one process a case, so how far another would differ is unknown: {names}." if names else ""


def scored_variants(card: ScoreCard) -> Iterator[str]:
    """A line for each device: which variant is scored there and why, and what the others are beside it."""
    for variant in card.variants:
        beside = f". In training {_beside(variant)}" if variant.beside else ""
        yield f"Scored as {variant.line} on {variant.device}: {variant.reason}{beside}."


def scored_variants_in_short(card: ScoreCard) -> Iterator[str]:
    """As ``scored_variants``, without the reason, which the full card gives."""
    for variant in card.variants:
        beside = f"; in training {_beside(variant)}" if variant.beside else ""
        yield f"scored as {variant.line} on {variant.device}{beside}"


def other_variants(card: ScoreCard) -> Iterator[str]:
    """With which other variants that are about as fast, its own and those of others, Performance would be another."""
    for other, whose in _that_differ(card):
        speed = f"{factor(other.times_as_fast)}× as fast in training"
        yield f"{whose} {other.line}, {speed}, {_performance(card).title} would be {wording.points(other.score)}."


def other_variants_in_short(card: ScoreCard) -> Iterator[str]:
    for other, whose in _that_differ(card):
        yield f"{whose} {other.line} {_performance(card).title} would be {wording.points(other.score)}"


def _that_differ(card: ScoreCard) -> Iterator[tuple[OtherVariant, str]]:
    for other in card.other_variants:
        if other.score != _performance(card).score:
            yield other, "As" if other.ecosystem == card.framework else f"With {other.name} as"


def _performance(card: ScoreCard) -> DimensionScore:
    return next(dimension for dimension in card.dimensions if dimension.dimension == "performance")


def other_variants_together(cards: Sequence[ScoreCard]) -> Iterator[str]:
    """The same of several cards: of each variant with which any of their scores would be another."""
    differing = {(other.ecosystem, other.line) for card in cards for other, _ in _that_differ(card)}
    scores: dict[tuple[str, float], list[str]] = {}
    for card in cards:
        for other in card.other_variants:
            if (other.ecosystem, other.line) in differing:
                score = f"{card.name} {wording.points(other.score)}"
                scores.setdefault((other.line, other.times_as_fast), []).append(score)
    for (line, times_as_fast), figures in scores.items():
        yield f"with {line}, {factor(times_as_fast)}× as fast in training, it would be {', '.join(figures)}"


def heaviest_by_model(card: ScoreCard) -> str:
    """The ratios of each model that make up the heaviest ratio measured; empty where none was."""
    heaviest = _heaviest(card)
    return f"{heaviest.criterion.name} of {card.name} {wording.by_model(heaviest.sources[0])}" if heaviest else ""


def heaviest_with_machines(card: ScoreCard, runs: Sequence[RunSummary]) -> str:
    """The same, and of how many machines these ratios are where they are not of one."""
    heaviest = _heaviest(card)
    if heaviest is None:
        return ""
    source = heaviest.sources[0]
    several = f"{len(source.machines)} machines, each ratio of one" if len(source.machines) > 1 else ""
    versions = (versions_in_words(run.differing_versions, most=1) for run in runs if run.name in source.runs)
    return "; ".join(dict.fromkeys(filter(None, (heaviest_by_model(card), several, *versions))))


def _heaviest(card: ScoreCard) -> Finding | None:
    """The heaviest ratio measured."""
    measured = (
        finding
        for dimension in card.dimensions
        for finding in dimension.findings
        if finding.measured and finding.sources[0].by_model
    )
    return max(measured, key=lambda finding: finding.criterion.weight, default=None)


def _beside(variant: ScoredVariant) -> str:
    """As in ``torch-compile is 1.07× as fast as torch, torch-tuned 1.2× (tuned)``."""
    said = []
    first = next((beside for beside in variant.beside if beside.times_as_fast is not None), None)
    for beside in variant.beside:
        if beside.times_as_fast is None:
            said.append(f"{beside.line} is not compared")
            continue
        speed = f"{factor(beside.times_as_fast)}×"
        words = f"is {speed} as fast as {variant.line}" if beside is first else speed
        said.append(f"{beside.line} {words}{_condition(beside)}")
    return ", ".join(said)


def _condition(beside: VariantBeside) -> str:
    """What has to be known of its speed: that it was tuned, and of which models it is where it is not of all."""
    tuned = "tuned" if beside.style == "tuned" else ""
    models = f"{' and '.join(beside.only_models)} alone" if beside.only_models else ""
    said = ", ".join(filter(None, (tuned, models)))
    return f" ({said})" if said else ""


def measured_sentences(report: ScoreReport) -> Iterator[str]:
    """What was measured, on which machine, how completely, and how far the certificates were from their limits."""
    if not report.runs:
        what = "every score" if report.cards else "all of this"
        yield f"Nothing was measured: {what} rests on facts known by {report.snapshot}."
        return
    for run in report.runs:
        machine = f" on {run.machine}" if run.machine else ""
        yield f"Measured {run.created[:10]}{machine}, preset {run.preset} ({run.name})."
        if run.machines:
            yield _machines_sentence(run)
        for line in report.coverage:
            if line.run == run.name:
                yield from _coverage_sentences(line)
    if report.worst_error is not None:
        yield (
            "Every measured case was first proved to compute its workload; "
            f"the largest error used {wording.per_cent(report.worst_error)} of its tolerance."
        )
    for model, shape in report.shapes.items():
        yield f"{model}: {shape}."


def _machines_sentence(run: RunSummary) -> str:
    """Which machines a score rests on, and how they are joined in it."""
    machines = ", ".join(
        f"{one_line(machine.name) or OWN}{f' ({machine.hardware})' if machine.hardware else ''}: {machine.measured} "
        f"{'case' if machine.measured == 1 else 'cases'}"
        for machine in run.machines
    )
    versions = versions_in_words(run.differing_versions)
    differ = f" Versions differ: {versions}." if versions else ""
    if len(run.machines) == 1:
        return f"All of it was measured on one machine of a fleet, {machines}.{differ}"
    return (
        f"It has {len(run.machines)} machines ({machines}).{differ} Every ratio is of cases beside each other on one "
        "of them; over models they are joined by the geometric mean, whichever machine each is of."
    )


def machines_in_short(run: RunSummary) -> str:
    """How many machines a run has, and how their versions differ; empty of one machine."""
    several = f"{len(run.machines)} machines, each ratio of one" if len(run.machines) > 1 else ""
    return "; ".join(filter(None, (several, versions_in_words(run.differing_versions, most=1))))


def versions_in_words(differing: Mapping[str, Mapping[str, str]], *, most: int = _NAMED_VERSIONS) -> str:
    """As in ``jax 0.10.2 on one, 0.4.1 on two``, of so many packages and the number of the others; empty where no
    version differs."""
    named = [f"{_package(field)} {_by_version(versions)}" for field, versions in differing.items()]
    more = len(named) - most
    rest = [f"{more} more {'differs' if more == 1 else 'differ'}"] if more > 0 else []
    return "; ".join([*named[:most], *rest])


def _package(field: str) -> str:
    """Its name; of ``python.version`` that of Python."""
    part = field.removeprefix(PYTHON)
    name = field.removeprefix(PACKAGE) if part == field else "Python" if part == "version" else f"Python {part}"
    return one_line(name)


def _by_version(versions: Mapping[str, str]) -> str:
    machines: dict[str, list[str]] = {}
    for machine, version in versions.items():
        machines.setdefault(version, []).append(one_line(machine) or OWN)
    named = [f"{one_line(version)} on {_several(names)}" for version, names in machines.items()]
    # An item of its own: "and 2 more" would be read of the machine that stands before it.
    rest = [f"{len(named) - _NAMED_VERSIONS} more"] if len(named) > _NAMED_VERSIONS else []
    return ", ".join([*named[:_NAMED_VERSIONS], *rest])


def _several(machines: Sequence[str]) -> str:
    return " and ".join(machines) if len(machines) <= _NAMED_MACHINES else f"{len(machines)} machines"


def _coverage_sentences(line: DeviceCoverage) -> Iterator[str]:
    yield f"{line.device}: {line.measured} of {line.selected} selected cases measured."
    by_reason: dict[str, list[str]] = {}
    for case, reason in line.missing:
        by_reason.setdefault(reason, []).append(case)
    for reason, cases in by_reason.items():
        more = f" and {len(cases) - _NAMED_CASES} more" if len(cases) > _NAMED_CASES else ""
        yield f"{line.device}, not measured: {', '.join(cases[:_NAMED_CASES])}{more} ({' '.join(reason.split())})."


def titled_cells(report: ScoreReport) -> Iterator[tuple[str, MeasuredCell]]:
    """Every cell under its phase, model and device, and its run's file and its machine where cells are of several."""
    several = len({cell.run for cell in report.cells}) > 1
    several_machines = len({(cell.run, cell.machine) for cell in report.cells}) > len(
        {cell.run for cell in report.cells}
    )
    for cell in report.cells:
        run = f" {Path(cell.run).name}" if several else ""
        machine = f" on {one_line(cell.machine) or OWN}" if several_machines else ""
        yield f"{cell.phase} {cell.model} {cell.device}{run}{machine}", cell


def standing(standing: Standing | None) -> str:
    """Median of one line of the matrix in one cell."""
    return "not measured" if standing is None else quantity(standing.median, standing.unit)


def quantity(amount: float, unit: str) -> str:
    """A measured figure; durations and sizes as everywhere else."""
    if unit == "s":
        return duration(amount)
    return size(amount) if unit == "bytes" else f"{amount:,.3g} {unit}"
