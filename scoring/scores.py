"""From findings to dimensions to the Speed Score, each with its coverage.

A dimension's raw score is the weighted mean of its answered criteria; unanswered ones leave both sums, and the share of
the weight that was answered is the coverage. The Speed Score is the mean of the five rounded dimension scores and
exists only when all five do: a mean over fewer would compare frameworks by different questions. Nothing here reads a
file or knows a framework.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from scoring.evidence import DeviceCoverage, Evidence
from scoring.findings import Finding, judge
from scoring.ratios import Cell, cells
from scoring.rubric import DIMENSIONS, Device, Dimension, Policy, Rubric


class DimensionScore(msgspec.Struct, frozen=True):
    """One dimension of one framework."""

    dimension: Dimension
    title: str
    basis: str
    """What answered: ``published facts`` or ``measured on <device>``."""
    since: str
    """Month of the facts, or the framework's own measured and selected cases on the device."""
    score: float | None
    """Rounded by the policy; None when there is not enough evidence."""
    raw: float | None
    """Weighted mean of what was answered, unrounded; None when nothing was."""
    coverage: float
    """Answered weight over asked weight, 0 to 1."""
    findings: tuple[Finding, ...]
    reason: str = ""
    """Why there is no score."""

    @property
    def answered(self) -> int:
        return sum(finding.known for finding in self.findings)


class ScoreCard(msgspec.Struct, frozen=True):
    """All that is said about one framework."""

    framework: str
    name: str
    dimensions: tuple[DimensionScore, ...]
    beside: tuple[DimensionScore, ...]
    """The same dimensions on another basis: published where the score is measured, and the other devices."""
    speed_score: float | None
    """Mean of the rounded dimension scores, unrounded; None when a dimension has no score."""
    speed_score_range: tuple[float, float]
    """The Speed Score if every dimension without a score had 0, and if each had 10: what is unknown, taken at its
    extremes. Both ends are the Speed Score itself where nothing is missing."""
    reason: str = ""
    """Why there is no Speed Score."""
    strengths: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    best_for: tuple[str, ...] = ()
    avoid_if: tuple[str, ...] = ()


class RunLine(msgspec.Struct, frozen=True):
    """One run as a card names it."""

    name: str
    created: str
    preset: str
    machine: str


class Report(msgspec.Struct, frozen=True):
    """What a card format renders."""

    snapshot: str
    rubric_version: int
    cards: tuple[ScoreCard, ...]
    runs: tuple[RunLine, ...]
    coverage: tuple[DeviceCoverage, ...]
    cells: tuple[Cell, ...]
    """Every measured model and phase, for the table of medians."""
    shapes: dict[str, str]
    """Model → the shape that was really measured."""
    worst_error: float | None
    """Largest error of all certificates over its tolerance; None when nothing was measured."""


_HIGHEST_SCORE = 10.0


def round_half_up(value: float, step: float) -> float:
    """To the nearest multiple of ``step``, halves up; what binary fractions lose below 1e-9 is not counted."""
    return math.floor(round(value / step, 9) + 0.5) * step


def build_report(rubric: Rubric, evidence: Evidence, *, frameworks: Sequence[str]) -> Report:
    """Score each of ``frameworks`` on the evidence.

    The device whose measurements enter the score is the first in the policy's order on which two frameworks were
    measured, else the first on which any was.
    """
    order = [device for device in rubric.policy.device_order if device in evidence.measured]
    order.sort(key=lambda device: len(evidence.ecosystems(device)) < 2)
    bases: list[Device | None] = [*order, None]
    judged = {basis: judge(rubric, evidence, frameworks=frameworks, device=basis) for basis in bases}
    return Report(
        snapshot=evidence.snapshot,
        rubric_version=rubric.version,
        cards=tuple(
            _card(rubric, evidence, framework, views={basis: judged[basis][framework] for basis in bases})
            for framework in frameworks
        ),
        runs=tuple(
            RunLine(
                name=run.name,
                created=run.record.created,
                preset=run.record.preset,
                machine=_machine(run.record.environment),
            )
            for run in evidence.runs
        ),
        coverage=evidence.coverage(),
        cells=tuple(
            cell
            for device in order
            for phase in dict.fromkeys(measured.case.phase for measured in evidence.measured[device])
            for cell in cells(evidence, device=device, phase=phase)
        ),
        shapes=_shapes(evidence),
        worst_error=max(
            (
                measured.case.certificate.worst_ratio
                for group in evidence.measured.values()
                for measured in group
                if measured.case.certificate is not None
            ),
            default=None,
        ),
    )


def score_dimension(
    rubric: Rubric,
    dimension: Dimension,
    findings: Sequence[Finding],
    *,
    snapshot: str,
    device: str | None = None,
    cases: str = "",
) -> DimensionScore:
    """Weighted mean, coverage and rounding for one dimension; ``cases`` says how many of ``device`` were measured."""
    asked = [finding for finding in findings if finding.criterion.dimension == dimension]
    weighted = [(finding.criterion.weight, finding.score) for finding in asked if finding.score is not None]
    total = math.fsum(finding.criterion.weight for finding in asked)
    answered = math.fsum(weight for weight, _ in weighted)
    raw = math.fsum(weight * score for weight, score in weighted) / answered if answered else None
    coverage = answered / total if total else 0.0
    enough = raw is not None and round(coverage, 9) >= rubric.policy.minimum_coverage
    needed = rubric.policy.minimum_coverage
    reason = (
        ""
        if enough
        else f"not enough evidence: {coverage * 100:.0f} % of the weight is answered, {needed * 100:.0f} % is needed"
    )
    measured = any(finding.measured for finding in asked)
    return DimensionScore(
        dimension=dimension,
        title=rubric.dimensions[dimension],
        basis=f"measured on {device}" if measured else "published facts",
        since=cases if measured else snapshot,
        score=round_half_up(raw, rubric.policy.round_to) if raw is not None and enough else None,
        raw=raw,
        coverage=coverage,
        findings=tuple(asked),
        reason=reason,
    )


def _card(
    rubric: Rubric, evidence: Evidence, framework: str, *, views: dict[Device | None, tuple[Finding, ...]]
) -> ScoreCard:
    scored: dict[Device | None, list[DimensionScore]] = {}
    for basis, answers in views.items():
        cases = _cases(evidence, framework, basis)
        scored[basis] = [
            score_dimension(rubric, dimension, answers, snapshot=evidence.snapshot, device=basis, cases=cases)
            for dimension in DIMENSIONS
        ]
    # The facts alone come last and serve a framework that was measured nowhere.
    main = next(view for basis, view in scored.items() if basis is None or framework in evidence.ecosystems(basis))
    beside = [
        other
        for place, dimension in enumerate(main)
        for other in (view[place] for view in scored.values())
        if other.basis != dimension.basis and (_is_measured(dimension) or _is_measured(other))
    ]
    missing = [dimension.title for dimension in main if dimension.score is None]
    scores = [dimension.score for dimension in main if dimension.score is not None]
    findings = [finding for dimension in main for finding in dimension.findings if finding.score is not None]
    policy = rubric.policy
    return ScoreCard(
        framework=framework,
        name=evidence.names.get(framework, framework),
        dimensions=tuple(main),
        beside=tuple(beside),
        speed_score=None if missing else math.fsum(scores) / len(main),
        speed_score_range=(
            math.fsum(scores) / len(main),
            (math.fsum(scores) + _HIGHEST_SCORE * len(missing)) / len(main),
        ),
        reason=f"no score for {', '.join(missing)}" if missing else "",
        strengths=_say(findings, policy, text=lambda f: f.criterion.strength, strong=True),
        weaknesses=_say(findings, policy, text=lambda f: f.criterion.weakness, strong=False),
        best_for=_say(findings, policy, text=lambda f: f.criterion.best_for, strong=True),
        avoid_if=_say(findings, policy, text=lambda f: f.criterion.avoid_if, strong=False),
    )


def _say(
    findings: Sequence[Finding], policy: Policy, *, text: Callable[[Finding], str], strong: bool
) -> tuple[str, ...]:
    """Sentences of the criteria beyond the policy's thresholds, those that move the score furthest first."""
    limit = policy.strength_from if strong else policy.weakness_to
    said = [
        (finding.criterion.weight * (finding.score if strong else 10.0 - finding.score), text(finding))
        for finding in findings
        if finding.score is not None
        and text(finding)
        and (finding.score >= limit if strong else finding.score <= limit)
    ]
    said.sort(key=lambda pair: -pair[0])
    return tuple(sentence for _, sentence in said[: policy.sentences_each])


def _cases(evidence: Evidence, framework: str, device: str | None) -> str:
    """How many of a framework's cases on one device were measured, as in ``8 of 9 cases``."""
    selected = [
        case
        for run in evidence.runs
        for case in run.record.cases
        if (case.ecosystem, case.device) == (framework, device)
    ]
    return f"{sum(case.status == 'measured' for case in selected)} of {len(selected)} cases"


def _is_measured(dimension: DimensionScore) -> bool:
    return any(finding.measured for finding in dimension.findings)


def _machine(environment: dict[str, str | int | float | bool | None]) -> str:
    """Names of the processor and of every GPU that the record's environment holds."""
    return ", ".join(
        str(value)
        for key, value in environment.items()
        if key == "cpu.model" or (key.startswith("gpu.") and key.endswith(".name"))
    )


def _shapes(evidence: Evidence) -> dict[str, str]:
    """One line a model, from the first measured case of each."""
    shapes: dict[str, str] = {}
    for group in evidence.measured.values():
        for measured in group:
            if measured.case.model not in shapes:
                shapes[measured.case.model] = ", ".join(
                    f"{name} {value}" for name, value in measured.case.workload.items() if name != "preset"
                )
    return dict(sorted(shapes.items()))
