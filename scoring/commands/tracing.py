"""The way of one score, backwards: from dimension to criterion to fact or pytest id, down to the raw rounds.

Everything that is shown was computed elsewhere; here it is only looked up and written down in order.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from speedscore.scoring.cards import wording
from speedscore.scoring.evidence.evidence import Evidence, EvidenceError
from speedscore.scoring.findings.findings import Finding, Source
from speedscore.scoring.findings.standings import Cell
from speedscore.scoring.rubric.rubric import Criterion
from speedscore.scoring.scores.scores import DimensionScore, Report, ScoreCard

_MOST_ROUNDS = 12
"""Written out for each process; the rest are counted, and stand in the saved run."""


def trace(report: Report, evidence: Evidence, *, dimension: str | None, width: int) -> str:
    """The only card of ``report``, or one dimension of it, as text. Raises EvidenceError for an unknown dimension."""
    (card,) = report.cards
    chosen = [each for each in card.dimensions if dimension in (None, each.dimension)]
    if not chosen:
        known = ", ".join(each.dimension for each in card.dimensions)
        raise EvidenceError(f"unknown dimension {dimension!r}; there are {known}")
    lines = _speed_score(card) if dimension is None else []
    for each in chosen:
        lines += [*_dimension(card, each, report.cells, evidence), ""]
    return "".join(f"{line}\n" for text in lines for line in _wrapped(text, width))


def _wrapped(text: str, width: int) -> Sequence[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(text, width, subsequent_indent=f"{indent}  ", break_on_hyphens=False) or [""]


def _speed_score(card: ScoreCard) -> list[str]:
    return [f"{card.name}: Speed Score {wording.title_score(card)}", f"  {wording.calculation(card)}", ""]


def _dimension(card: ScoreCard, dimension: DimensionScore, cells: Sequence[Cell], evidence: Evidence) -> Iterator[str]:
    score = "no score" if dimension.score is None else wording.points(dimension.score)
    yield f"{card.name}: {dimension.title} {score}, {wording.coverage(dimension)}"
    if dimension.raw is not None:
        answered = [finding for finding in dimension.findings if finding.score is not None]
        above = " + ".join(
            f"{finding.criterion.weight:g} x {finding.score:.2f}" for finding in answered if finding.score is not None
        )
        below = sum(finding.criterion.weight for finding in answered)
        yield f"  ({above}) / {below:g} = {dimension.raw:.3f}"
    if dimension.reason:
        yield f"  {dimension.reason}"
    for finding in dimension.findings:
        yield from _finding(finding, cells, evidence)


def _finding(finding: Finding, cells: Sequence[Cell], evidence: Evidence) -> Iterator[str]:
    criterion = finding.criterion
    yield ""
    yield f"  {criterion.name} (weight {criterion.weight:g}): {criterion.question}"
    if finding.score is not None:
        yield f"    {wording.value(finding)} gets {finding.score:.2f} points; {_scale(criterion)}"
    elif finding.stale_score is not None:
        yield f"    {wording.value(finding)} would get {finding.stale_score:.2f} points, and counts for none"
    else:
        yield f"    unknown: {finding.reason}"
        return
    for source in finding.sources:
        yield from _source(source, "from", cells, evidence, criterion)
    for source in finding.beside:
        yield from _source(source, "beside it", cells, evidence, criterion)
    if finding.note:
        yield f"    {finding.note}"


def _scale(criterion: Criterion) -> str:
    points = ", ".join(f"{wording.number(value)} gets {score:g}" for value, score in criterion.points)
    return f"{criterion.scale} scale: {points}"


def _source(
    source: Source, label: str, cells: Sequence[Cell], evidence: Evidence, criterion: Criterion
) -> Iterator[str]:
    if source.kind == "measured":
        yield f"    {label}: measured, the geometric mean over these cases"
        for nodeid in source.nodeids:
            yield from _case(nodeid, source.runs, cells, evidence, criterion)
        return
    name = f"{source.name} " if source.name else ""
    yield f"    {label}: {name}{wording.number(source.value)}, {wording.origin(source)}"
    yield f"      {source.text}"
    yield f"      {source.method}"


def _case(
    nodeid: str, runs: Iterable[str], cells: Sequence[Cell], evidence: Evidence, criterion: Criterion
) -> Iterator[str]:
    for group in evidence.measured.values():
        for measured in group:
            case = measured.case
            if case.nodeid != nodeid or measured.run not in runs:
                continue
            metric = criterion.measure.metrics.get(case.device, "") if criterion.measure else ""
            found = case.find(metric or case.metric)
            if found is None:
                continue
            yield f"      {nodeid} in {measured.run}, {found.name}"
            processes = case.processes if len(case.processes) == len(found.samples) else (0,) * len(found.samples)
            for process in dict.fromkeys(processes):
                own = [sample for sample, of in zip(found.samples, processes, strict=True) if of == process]
                shown = ", ".join(wording.quantity(sample, found.unit) for sample in own[:_MOST_ROUNDS])
                more = f" and {len(own) - _MOST_ROUNDS} more" if len(own) > _MOST_ROUNDS else ""
                yield f"        process {process + 1}: {shown}{more}"
            yield from _rivals(nodeid, measured.run, metric, cells)


def _rivals(nodeid: str, run: str, metric: str, cells: Sequence[Cell]) -> Iterator[str]:
    """The medians that the case was compared with; of a metric other than the case's own the cells hold none."""
    if metric:
        return
    for cell in cells:
        if cell.run == run and any(standing.nodeid == nodeid for standing in cell.standings.values()):
            medians = ", ".join(f"{name} {wording.standing(standing)}" for name, standing in cell.standings.items())
            yield f"        medians of the same workload: {medians}"
