"""From findings to dimensions to the Speed Score, each with its coverage.

A dimension's raw score is the weighted mean of its answered criteria; unanswered ones leave both sums, and the share of
the weight that was answered is the coverage. A stale answer is carried along, and counts as none. The Speed Score is
the mean of the five rounded dimension scores, by the rubric's weights, and exists only when all that weigh anything do:
a mean over fewer would compare frameworks by different questions. Nothing here reads a file or knows a framework.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.scoring.evidence.evidence import DeviceCoverage, Evidence
from speedscore.scoring.evidence.run_lines import RunLine, run_lines, shapes, worst_error
from speedscore.scoring.findings.findings import Finding, judge
from speedscore.scoring.findings.standings import Cell, cells
from speedscore.scoring.rubric.rubric import DIMENSIONS, Dimension, Policy, Rubric
from speedscore.scoring.scores.maturity import Layer, grade_layers
from speedscore.scoring.scores.sensitivity import Sensitivity, sensitivity
from speedscore.scoring.scores.uncertainty import Uncertainty, uncertainties


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
    verdict: str = ""
    """What the score means in a sentence; empty where there is none."""

    @property
    def answered(self) -> int:
        return sum(finding.known for finding in self.findings)

    @property
    def stale(self) -> int:
        """Answers that are shown and do not count."""
        return sum(finding.stale for finding in self.findings)


class ScoreCard(msgspec.Struct, frozen=True):
    """All that is said about one framework."""

    framework: str
    name: str
    dimensions: tuple[DimensionScore, ...]
    beside: tuple[DimensionScore, ...]
    """The same dimensions on another basis: published where the score is measured, and the other devices."""
    weights: dict[Dimension, float]
    """Of each dimension in the Speed Score."""
    speed_score: float | None
    """Weighted mean of the rounded dimension scores, unrounded; None when a dimension that weighs has no score."""
    uncertainty: Uncertainty
    """How sure its scores are."""
    reason: str = ""
    """Why there is no Speed Score."""
    strengths: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    best_for: tuple[str, ...] = ()
    avoid_if: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    """The libraries that stand on it, each with its grade."""


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
    policy: Policy
    weights: dict[Dimension, float]
    """Of each dimension in the Speed Score."""
    departures: tuple[str, ...]
    """What of policy and weights is not the rubric's, in words; empty where all is."""
    sensitivity: Sensitivity | None
    """How firm the order of the frameworks is; None where fewer than two have a Speed Score."""


def round_half_up(value: float, step: float) -> float:
    """To the nearest multiple of ``step``, halves up; what binary fractions lose below 1e-9 is not counted."""
    return math.floor(round(value / step, 9) + 0.5) * step


def build_report(
    rubric: Rubric, evidence: Evidence, *, frameworks: Sequence[str], departures: tuple[str, ...] = ()
) -> Report:
    """Score each of ``frameworks`` on the evidence; ``departures`` say what of the rubric is not the package's own.

    The device whose measurements enter the score is the first in the policy's order on which two frameworks were
    measured, else the first on which any was.
    """
    order = [device for device in rubric.policy.device_order if device in evidence.measured]
    order.sort(key=lambda device: len(evidence.ecosystems(device)) < 2)
    bases: list[DeviceName | None] = [*order, None]
    judged = {basis: judge(rubric, evidence, frameworks=frameworks, device=basis) for basis in bases}
    # The facts alone come last and serve a framework that was measured nowhere.
    main = {
        framework: next(basis for basis in bases if basis is None or framework in evidence.ecosystems(basis))
        for framework in frameworks
    }
    sure = {
        framework: uncertainty
        for basis in bases
        for framework, uncertainty in uncertainties(
            rubric,
            evidence,
            {framework: judged[basis][framework] for framework in frameworks if main[framework] == basis},
            device=basis,
        ).items()
    }
    return Report(
        snapshot=evidence.snapshot,
        rubric_version=rubric.version,
        cards=tuple(
            _card(
                rubric,
                evidence,
                framework,
                views={basis: judged[basis][framework] for basis in bases},
                main=main[framework],
                uncertainty=sure[framework],
            )
            for framework in frameworks
        ),
        runs=run_lines(evidence),
        coverage=evidence.coverage(),
        cells=tuple(
            cell
            for device in order
            for phase in dict.fromkeys(measured.case.phase for measured in evidence.measured[device])
            for cell in cells(evidence, device=device, phase=phase)
        ),
        shapes=shapes(evidence),
        worst_error=worst_error(evidence),
        policy=rubric.policy,
        weights=rubric.weights,
        departures=departures,
        sensitivity=sensitivity(rubric, {framework: judged[main[framework]][framework] for framework in frameworks}),
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
    reason = ""
    if not enough:
        reason = (
            f"not enough evidence: {coverage * 100:.0f} % of the weight is answered, {needed * 100:.0f} % is needed"
        )
        if old := math.fsum(finding.criterion.weight for finding in asked if finding.stale):
            reason += f"; the answers to another {old / total * 100:.0f} % are stale"
    measured = any(finding.measured for finding in asked)
    score = round_half_up(raw, rubric.policy.round_to) if raw is not None and enough else None
    return DimensionScore(
        dimension=dimension,
        title=rubric.dimensions[dimension],
        basis=f"measured on {device}" if measured else "published facts",
        since=cases if measured else snapshot,
        score=score,
        raw=raw,
        coverage=coverage,
        findings=tuple(asked),
        reason=reason,
        verdict="" if score is None else rubric.verdict(dimension, score),
    )


def _card(
    rubric: Rubric,
    evidence: Evidence,
    framework: str,
    *,
    views: dict[DeviceName | None, tuple[Finding, ...]],
    main: DeviceName | None,
    uncertainty: Uncertainty,
) -> ScoreCard:
    scored: dict[DeviceName | None, list[DimensionScore]] = {}
    for basis, answers in views.items():
        cases = _cases(evidence, framework, basis)
        scored[basis] = [
            score_dimension(rubric, dimension, answers, snapshot=evidence.snapshot, device=basis, cases=cases)
            for dimension in DIMENSIONS
        ]
    dimensions = scored[main]
    beside = [
        other
        for place, dimension in enumerate(dimensions)
        for other in (view[place] for view in scored.values())
        if other.basis != dimension.basis and (_is_measured(dimension) or _is_measured(other))
    ]
    whole = math.fsum(rubric.weights.values())
    weighing = [dimension for dimension in dimensions if rubric.weights[dimension.dimension]]
    missing = [dimension for dimension in weighing if dimension.score is None]
    weighted = math.fsum(rubric.weights[each.dimension] * (each.score or 0.0) for each in weighing)
    findings = [finding for dimension in dimensions for finding in dimension.findings if finding.score is not None]
    policy = rubric.policy
    return ScoreCard(
        framework=framework,
        name=evidence.names.get(framework, framework),
        dimensions=tuple(dimensions),
        beside=tuple(beside),
        weights=rubric.weights,
        speed_score=None if missing else weighted / whole,
        uncertainty=uncertainty,
        reason=f"no score for {', '.join(dimension.title for dimension in missing)}" if missing else "",
        strengths=_say(findings, policy, text=lambda f: f.criterion.strength, strong=True),
        weaknesses=_say(findings, policy, text=lambda f: f.criterion.weakness, strong=False),
        best_for=_say(findings, policy, text=lambda f: f.criterion.best_for, strong=True),
        avoid_if=_say(findings, policy, text=lambda f: f.criterion.avoid_if, strong=False),
        layers=grade_layers(rubric, evidence, framework=framework),
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
