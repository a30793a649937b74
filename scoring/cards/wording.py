"""Figures and sources in words, the same in every form for people: no layout, and nothing computed but rounding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scoring.evidence import DeviceCoverage
from scoring.findings import Finding, Source
from scoring.ratios import Standing
from scoring.scores import DimensionScore, Report, ScoreCard

_OLD_MONTHS = 12
"""From this age on a fact's age is written beside its date."""

_NAMED_CASES = 3
"""Cases named for each reason; the rest are counted. The record and the JSON card name them all."""


def number(value: float) -> str:
    """Two or three digits that matter, thousands parted by commas."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if 0 < abs(value) < 1:
        return f"{value:.2g}"
    return (f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}").rstrip("0").rstrip(".")


def points(score: float | None) -> str:
    return "unknown" if score is None else f"{score:.1f}"


def per_cent(fraction: float) -> str:
    return f"{fraction * 100:.0f} %"


def calculation(card: ScoreCard) -> str:
    """The Speed Score's own sum, or why there is none."""
    if card.speed_score is None:
        low, high = card.speed_score_range
        return (
            f"No Speed Score: {card.reason}. It is the mean of five, never of fewer; "
            f"whatever is unknown, it lies between {low:.1f} and {high:.1f}."
        )
    terms = " + ".join(points(dimension.score) for dimension in card.dimensions)
    return f"({terms}) / {len(card.dimensions)} = {card.speed_score:.2f}"


def title_score(card: ScoreCard) -> str:
    """The Speed Score as a card's title has it: one decimal, or the range that it lies in."""
    low, high = card.speed_score_range
    return f"{low:.1f} to {high:.1f}" if card.speed_score is None else f"{card.speed_score:.1f}"


def speed_score(card: ScoreCard) -> str:
    """The Speed Score in a table's cell: two decimals, or the range that it lies in."""
    low, high = card.speed_score_range
    return f"{low:.1f} to {high:.1f}" if card.speed_score is None else f"{card.speed_score:.2f}"


def coverage(dimension: DimensionScore) -> str:
    return f"{dimension.answered} of {len(dimension.findings)} criteria, {per_cent(dimension.coverage)}"


def headline(dimension: DimensionScore) -> str:
    """Score and basis of one dimension, as in ``9.5 published facts (2024-01)``."""
    score = "no score" if dimension.score is None else points(dimension.score)
    return f"{score} {dimension.basis} ({dimension.since})"


def value(finding: Finding) -> str:
    if finding.value is None:
        return "unknown"
    if finding.criterion.unit == "level":
        return f"level {number(finding.value)}"
    return f"{number(finding.value)} {finding.criterion.unit}"


def origin(source: Source) -> str:
    """Kind, date, age and stated range of a source; what was measured of a measurement."""
    if source.kind == "measured":
        return f"measured here: {source.text}"
    parts = [f"{source.kind} {source.as_of}"]
    if source.age_months >= _OLD_MONTHS:
        parts.append(f"{source.age_months} months old")
    if source.low is not None and source.high is not None:
        parts.append(f"stated {number(source.low)} to {number(source.high)}")
    return ", ".join(parts)


def rows(finding: Finding) -> Iterator[tuple[str, str, str, tuple[Source, ...]]]:
    """Name, value, score and sources of a finding, then of its parts, then of what stands beside it."""
    name = finding.criterion.name
    if not finding.known:
        yield name, "unknown", "", ()
        return
    single = len(finding.sources) == 1
    yield name, value(finding), points(finding.score), finding.sources if single else ()
    for source in () if single else finding.sources:
        yield f"  {source.name}", number(source.value), "", (source,)
    for source in finding.beside:
        yield f"  {f'beside: {source.name}' if source.name else 'beside it'}", number(source.value), "", (source,)


def footnote(source: Source) -> str:
    """Enough to find a source again."""
    if source.kind == "measured":
        return f"{', '.join(Path(run).name for run in source.runs)}: {_nodeids(source.nodeids)}"
    return source.text


def measured_sentences(report: Report) -> Iterator[str]:
    """What was measured, on which machine, how completely, and how far the certificates were from their limits."""
    if not report.runs:
        yield f"Nothing was measured: every score rests on facts known by {report.snapshot}."
        return
    for run in report.runs:
        machine = f" on {run.machine}" if run.machine else ""
        yield f"Measured {run.created[:10]}{machine}, preset {run.preset} ({run.name})."
        for line in report.coverage:
            if line.run == run.name:
                yield from _coverage_sentences(line)
    if report.worst_error is not None:
        yield (
            "Every measured case was first proved to compute its workload; "
            f"the largest error used {per_cent(report.worst_error)} of its tolerance."
        )
    for model, shape in report.shapes.items():
        yield f"{model}: {shape}."


def standing(standing: Standing | None) -> str:
    """Median of one framework in one cell."""
    return "not measured" if standing is None else _quantity(standing.median, standing.unit)


def _coverage_sentences(line: DeviceCoverage) -> Iterator[str]:
    yield f"{line.device}: {line.measured} of {line.selected} selected cases measured."
    by_reason: dict[str, list[str]] = {}
    for case, reason in line.missing:
        by_reason.setdefault(reason, []).append(case)
    for reason, cases in by_reason.items():
        more = f" and {len(cases) - _NAMED_CASES} more" if len(cases) > _NAMED_CASES else ""
        yield f"{line.device}, not measured: {', '.join(cases[:_NAMED_CASES])}{more} ({' '.join(reason.split())})."


def _nodeids(nodeids: tuple[str, ...]) -> str:
    """The test once and then its cases, as in ``test_training.py::test_training [a], [b]``."""
    cases: dict[str, list[str]] = {}
    for nodeid in nodeids:
        test, bracket, case = nodeid.partition("[")
        cases.setdefault(test, []).append(bracket + case)
    return "; ".join(f"{test} {', '.join(ids)}" for test, ids in cases.items())


def _quantity(amount: float, unit: str) -> str:
    if unit != "s":
        return f"{amount:,.3g} {unit}"
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if amount >= factor:
            return f"{amount / factor:.3g} {name}"
    return f"{amount / 1e-9:.3g} ns"
