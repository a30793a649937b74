"""One score followed back: from dimension to criterion to fact or pytest id, down to the raw rounds.

Everything that is shown was computed elsewhere; here it is only looked up and written down in order.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from speedscore.record.metrics import Unit
from speedscore.record.phases import DeviceName
from speedscore.record.ratios import Estimate
from speedscore.record.rounds import rounds_by_process
from speedscore.record.run_record import CaseResult
from speedscore.scoring.cards import layer_cards, measured_wording, order_wording, unscored, wording
from speedscore.scoring.cards.widths import MINIMUM_WIDTH
from speedscore.scoring.commands.tracing_probes import probes_behind
from speedscore.scoring.evidence.evidence import Evidence, EvidenceError
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.standings import ComparedCell, ecosystem_ratios
from speedscore.scoring.findings.variants import Variants, choose_variants
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.layer_card import LayerCard
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import duration
from speedscore.text.suggestions import did_you_mean

_MOST_ROUNDS = 12
"""Written out for each process; the rest are counted, and stand in the saved run."""


def trace(report: ScoreReport, evidence: Evidence, *, framework: str, dimension: str | None, width: int) -> str:
    """The card of ``framework`` as text, or one dimension of it, by its name or the beginning of it.

    The other cards of ``report`` are those that it is compared with. Raises EvidenceError for an unknown dimension.
    """
    card = next(card for card in report.cards if card.framework == framework)
    chosen = [scored for scored in card.dimensions if dimension is None or scored.dimension.startswith(dimension)]
    if not chosen:
        known = [scored.dimension for scored in card.dimensions]
        hint = did_you_mean(str(dimension), known)
        raise EvidenceError(f"unknown dimension {dimension!r}; there are {', '.join(known)}{hint}")
    variants = {device: choose_variants(report.policy, evidence, device=device) for device in evidence.measured}
    lines = _speed_score(card, report) if dimension is None else []
    in_order = order_wording.in_order(card, report)
    for scored in chosen:
        lines += [*_dimension(card, scored, evidence, variants, in_order), ""]
    return "".join(f"{line}\n" for text in lines for line in _wrapped(text, width))


def trace_layer(card: LayerCard, *, dimension: str | None, width: int) -> str:
    """The grade of a layer back to its facts, as text. Raises EvidenceError where a dimension is asked for."""
    name = card.layer.name
    if dimension is not None:
        raise EvidenceError(f"{name} is a layer and has no dimensions; expected its name alone, found {dimension!r}")
    lines = [f"{name}: {layer_cards.title(card)}", f"  {layer_cards.about(card)}", ""]
    for grade in card.grades:
        lines.append(f"  {grade.grade}: {grade.reason}")
        lines += [f"    {sentence}" for sentence in map(layer_cards.limit_sentence, grade.limits)]
    lines += ["", "  what would change the grade"]
    lines += [f"    {sentence}" for sentence in layer_cards.changes_of_grade(card)] or ["    nothing that is known"]
    for fact in card.facts:
        lines += ["", f"  {fact.name}: {layer_cards.fact_value(fact)}"]
        lines += _fact(fact.source, "from")
        for source in fact.beside:
            lines += _fact(source, "beside it")
    lines += ["", *(f"  {line.text} ({line.origin}: {line.source})" for line in unscored.of_statements(card.topics))]
    lines += ["", *(f"  measured: {sentence}" for sentence in map(layer_cards.measured_line, card.lines))]
    return "\n".join(line for text in lines for line in _wrapped(text, width)).rstrip() + "\n"


def _wrapped(text: str, width: int) -> Sequence[str]:
    text, width = one_line(text), max(width, MINIMUM_WIDTH)
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text.strip(), width, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    ) or [""]


def _speed_score(card: ScoreCard, report: ScoreReport) -> list[str]:
    order = [f"  {sentence}" for sentence in order_wording.order(report)] if len(report.cards) > 1 else []
    head = [f"{card.name}: Speed Score {wording.title_score(card)}", f"  {wording.calculation(card)}"]
    dormancy = [f"  {sentence}" for sentence in [wording.dormancy(card, report)] if sentence]
    return [*head, *dormancy, *order, ""]


_VariantsByDevice = Mapping[DeviceName, Variants]


def _dimension(
    card: ScoreCard,
    dimension: DimensionScore,
    evidence: Evidence,
    variants: _VariantsByDevice,
    in_order: Mapping[str, str],
) -> Iterator[str]:
    score = "no score" if dimension.score is None else wording.points(dimension.score)
    yield f"{card.name}, {dimension.title}: {score}; {wording.coverage(dimension)}"
    if dimension.raw is not None:
        yield f"  {wording.dimension_calculation(dimension)}"
    if dimension.reason:
        yield f"  {dimension.reason}"
    measurable = (finding.criterion.probes or finding.criterion.measure for finding in dimension.findings)
    if not evidence.runs and any(measurable):
        yield "  nothing was measured here: what benchmarks and probes can answer takes --run RUN.json"
    if dimension.measured:
        yield from _variants(card)
        if few := measured_wording.few_processes(card):
            yield f"  {few}"
    for finding in dimension.findings:
        yield from _finding(finding, evidence, variants)
        if finding.criterion.id in in_order:
            yield f"    {in_order[finding.criterion.id]}"


def _variants(card: ScoreCard) -> Iterator[str]:
    """Which variant is scored, where rounds chose it by what, and with which other Performance would be another."""
    for variant, sentence in zip(card.variants, measured_wording.scored_variants(card), strict=True):
        yield f"  {sentence}"
        considered = {variant.line: variant.choosing_seconds}
        considered |= {each.line: each.choosing_seconds for each in variant.beside}
        figures = [f"{name} {duration(figure)}" for name, figure in considered.items() if figure is not None]
        if figures:
            yield f"    what chose, geometric means of a training step's medians: {', '.join(figures)}"
    yield from (f"  {sentence}" for sentence in measured_wording.other_variants(card))


def _finding(finding: Finding, evidence: Evidence, variants: _VariantsByDevice) -> Iterator[str]:
    criterion = finding.criterion
    yield ""
    yield f"  {criterion.name} (weight {criterion.weight:g}): {criterion.question}"
    if finding.points is not None and finding.rule is not None:
        yield f"    {wording.points_by_rule(finding)}; {wording.scale(finding.rule)}"
        if finding.stale:
            yield f"    {finding.reason}, so it covers nothing"
    else:
        yield f"    unknown: {finding.reason}"
        return
    if finding.probed is not None and finding.rule is not None and finding.rule.probes is not None:
        yield from probes_behind(finding.rule.probes, finding.probed, *finding.sources)
    else:
        for source in finding.sources:
            yield from _source(source, "from", finding, evidence, variants)
    for source in finding.beside:
        yield from _source(source, "beside it", finding, evidence, variants)
    if finding.note:
        yield f"    {finding.note}"


def _source(
    source: Source, label: str, finding: Finding, evidence: Evidence, variants: _VariantsByDevice
) -> Iterator[str]:
    if source.kind == "measured":
        yield f"    {label}: measured, the geometric mean over these cases, {wording.by_model(source)}"
        yield from _cases(source, finding, evidence, variants)
        return
    yield from _fact(source, label)


def _fact(source: Source, label: str) -> Iterator[str]:
    name = f"{source.name} " if source.name else ""
    yield f"    {label}: {name}{wording.number(source.value)}, {wording.origin(source)}"
    yield f"      {source.text}"
    yield f"      {source.method}"


def _cases(source: Source, finding: Finding, evidence: Evidence, variants: _VariantsByDevice) -> Iterator[str]:
    """Each case that a measured answer rests on, with its samples and what it was compared with."""
    measure = finding.criterion.measure
    assert measure is not None
    cases = {
        (each.run, each.case.nodeid): each.case
        for group in evidence.measured.values()
        for each in group
        if each.run in source.runs
    }
    device = next(case.device for (_, nodeid), case in cases.items() if nodeid == source.nodeids[0])
    ratios = ecosystem_ratios(evidence, device=device, measure=measure, variants=variants[device])
    for cell in ratios.common:
        nodeid = cell.scored[finding.framework].nodeid
        machine = f" on {cell.cell.machine}" if cell.cell.machine else ""
        yield f"      {nodeid} in {cell.cell.run}{machine}, {cell.metric}"
        # Whole, with the rounds that chose the variant; the cell has those of the figure alone.
        yield from _samples(cases[cell.cell.run, nodeid], cell.metric, choosing=cell.choosing)
        yield from _rivals(nodeid, cell)


def _samples(case: CaseResult, metric: str, *, choosing: int | None) -> Iterator[str]:
    """What was read, in the order in which it was: rounds by process, and of any other metric one number a process."""
    measurement = case.find(metric)
    if measurement is None:
        return
    if metric != case.metric.name:
        yield f"        of each process: {_listed(measurement.samples, measurement.unit)}"
        return
    for number, (process, rounds) in enumerate(rounds_by_process(case.rounds).items(), start=1):
        chose = ", which chose the variant and is in no figure" if choosing is not None and process == choosing else ""
        yield f"        process {number}{chose}: {_listed([round_.seconds for round_ in rounds], measurement.unit)}"


def _listed(samples: Sequence[float], unit: Unit) -> str:
    shown = ", ".join(measured_wording.quantity(sample, unit) for sample in samples[:_MOST_ROUNDS])
    return f"{shown} and {len(samples) - _MOST_ROUNDS} more" if len(samples) > _MOST_ROUNDS else shown


def _rivals(nodeid: str, compared: ComparedCell) -> Iterator[str]:
    """What the case was compared with: everybody's figure in the cell, and its ratio to each other ecosystem's."""
    case_standing = next(standing for standing in compared.scored.values() if standing.nodeid == nodeid)
    figures = ", ".join(
        f"{name} {measured_wording.standing(standing)}" for name, standing in compared.cell.standings.items()
    )
    yield f"        medians of the same workload: {figures}"
    for rival in compared.scored.values():
        if rival is not case_standing:
            estimate = compared.estimates[case_standing.line, rival.line]
            yield f"        {_ratio(estimate)} beside {rival.line}"


def _ratio(estimate: Estimate) -> str:
    """The number that the score is made of, with its interval over processes where there is one."""
    value = wording.number(estimate.times_as_fast)
    if estimate.reach is None:
        return value
    low, high = (math.exp(estimate.log_ratio + way * estimate.reach) for way in (-1, 1))
    return f"{value} ({wording.number(low)} to {wording.number(high)}, 95 % over processes)"
