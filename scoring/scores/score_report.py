"""What every card format renders: the cards of several frameworks, and what was measured for them.

Here it is decided on which basis each framework is scored: a device that was measured, or the facts alone. Nothing here
reads a file or knows a framework.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.claims.judging import JudgedClaim, judge_claims
from speedscore.scoring.evidence.evidence import DeviceCoverage, Evidence
from speedscore.scoring.evidence.run_summaries import RunSummary, shapes, summarize_runs, worst_error
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.findings import RatiosByCriterion, judge, ratios_by_criterion
from speedscore.scoring.findings.standings import MeasuredCell, cells
from speedscore.scoring.findings.variants import ScoredVariant, choose_variants
from speedscore.scoring.rubric.criterion import Dimension
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.comparison import Comparison, compare
from speedscore.scoring.scores.dimension_score import score_dimension
from speedscore.scoring.scores.layer_card import LayerCard, make_layer_card
from speedscore.scoring.scores.other_variants import OtherVariant, other_variants
from speedscore.scoring.scores.score_card import Basis, ScoreCard, make_card
from speedscore.scoring.scores.sensitivity import Sensitivity, sensitivity
from speedscore.scoring.scores.uncertainty import Uncertainty, uncertainties


class ScoreReport(msgspec.Struct, frozen=True):
    """What a card format renders."""

    snapshot: str
    as_of: str
    """``YYYY-MM``: the month to which ages are counted; that of ``snapshot`` or a later one."""
    rubric_version: int
    cards: tuple[ScoreCard, ...]
    runs: tuple[RunSummary, ...]
    coverage: tuple[DeviceCoverage, ...]
    cells: tuple[MeasuredCell, ...]
    """Every measured model and phase, for the table of medians."""
    shapes: dict[str, str]
    """Model → the shape that was really measured."""
    worst_error: float | None
    """Largest error of all certificates over its tolerance; None when nothing was measured."""
    policy: Policy
    weights: dict[Dimension, float]
    """Dimension → its weight in the Speed Score."""
    departures: tuple[str, ...]
    """What of policy and weights is not the rubric's, in words; empty where all is."""
    comparison: Comparison
    """Which frameworks are ranked, and on which questions."""
    sensitivity: Sensitivity | None
    """How firm their order is; None where fewer than two are ranked."""
    layers: tuple[LayerCard, ...] = ()
    """Of the libraries that stand on frameworks; they have no Speed Score and no place in the order."""
    claims: tuple[JudgedClaim, ...] = ()
    """What others say of the speed of these frameworks, the most notable first; it enters no score."""


def build_report(
    rubric: Rubric,
    evidence: Evidence,
    *,
    frameworks: Sequence[str],
    departures: tuple[str, ...] = (),
    claims: Sequence[Claim] = (),
) -> ScoreReport:
    """Score each of ``frameworks`` on the evidence; ``departures`` say what of the rubric is not the package's own.

    What the facts call a layer gets a card without a score. The device whose measurements enter the score is the one
    on which most models are in a ratio, of as many the first in the policy's order. Of ``claims`` those
    about any of the frameworks are judged, and enter no score.
    """
    layers = [name for name in frameworks if evidence.stands_on(name)]
    frameworks = [name for name in frameworks if name not in layers]
    ratios: dict[Basis, RatiosByCriterion] = {"probes": {}, None: {}}
    ratios |= {device: ratios_by_criterion(rubric, evidence, device=device) for device in evidence.measured}
    devices = _devices(rubric, ratios)
    # The facts alone come last and serve a framework that was measured nowhere.
    bases: list[Basis] = [*devices, *(("probes",) if evidence.probed_frameworks() else ()), None]
    # All there are, as what to take instead need not be among those that are asked for.
    everybody = tuple(dict.fromkeys((*frameworks, *evidence.frameworks())))
    findings = {basis: _judge(rubric, evidence, everybody, basis=basis, ratios=ratios[basis]) for basis in bases}
    main_bases = {
        framework: next(basis for basis in bases if framework in _measured_on(evidence, basis, everybody))
        for framework in everybody
    }
    answers = {framework: findings[basis][framework] for framework, basis in main_bases.items()}
    scored = {framework: answers[framework] for framework in frameworks}
    comparison = compare(rubric, scored)
    others = _other_variants(rubric, evidence, main_bases, frameworks)
    by_variants = {
        framework: _points_of_variants(rubric, evidence, scored[framework], others[framework]) for framework in others
    }
    intervals = _uncertainties(rubric, evidence, scored, main_bases, ratios, by_variants)
    variants = _variants(rubric, evidence, devices)
    return ScoreReport(
        snapshot=evidence.snapshot,
        as_of=evidence.as_of,
        rubric_version=rubric.version,
        cards=tuple(
            make_card(
                rubric,
                evidence,
                framework=framework,
                findings={basis: findings[basis][framework] for basis in bases},
                main_basis=main_bases[framework],
                uncertainty=intervals[framework],
                variants=variants.get(framework, ()),
                other_variants=others.get(framework, ()),
                rivals={evidence.names.get(name, name): answers[name] for name in everybody if name != framework},
            )
            for framework in frameworks
        ),
        runs=summarize_runs(evidence),
        coverage=evidence.coverage(),
        cells=tuple(_measured_cells(evidence, devices)),
        shapes=shapes(evidence),
        worst_error=worst_error(evidence),
        policy=rubric.policy,
        weights=rubric.weights,
        departures=departures,
        comparison=comparison,
        sensitivity=sensitivity(rubric, comparison),
        layers=tuple(make_layer_card(rubric, evidence, library=library, variants=variants) for library in layers),
        claims=judge_claims(
            [claim for claim in claims if any(map(claim.is_about, frameworks))], evidence, policy=rubric.policy
        ),
    )


def _judge(
    rubric: Rubric, evidence: Evidence, frameworks: Sequence[str], *, basis: Basis, ratios: RatiosByCriterion
) -> dict[str, tuple[Finding, ...]]:
    probes = basis is not None
    return judge(rubric, evidence, frameworks=frameworks, device=_device(basis), probes=probes, ratios=ratios)


def _device(basis: Basis) -> DeviceName | None:
    return None if basis == "probes" else basis


def _measured_on(evidence: Evidence, basis: Basis, frameworks: Sequence[str]) -> Sequence[str]:
    """Whom a basis can answer about; the facts alone about everybody."""
    if basis is None:
        return frameworks
    return evidence.probed_frameworks() if basis == "probes" else evidence.frameworks_on(basis)


def _devices(rubric: Rubric, ratios: Mapping[Basis, RatiosByCriterion]) -> list[DeviceName]:
    """The measured devices, those first on which most models were compared: one model on a fast device says less of a
    framework than four on a slow one."""
    devices = [device for device in rubric.policy.device_order if device in ratios]
    return sorted(devices, key=lambda device: -_compared_models(ratios[device]))


def _compared_models(ratios: RatiosByCriterion) -> int:
    """How many models the criterion compares that compares most."""
    return max((len({cell.cell.model for cell in each.common}) for each in ratios.values()), default=0)


def _variants(
    rubric: Rubric, evidence: Evidence, devices: Sequence[DeviceName]
) -> dict[str, tuple[ScoredVariant, ...]]:
    """Ecosystem → the variant that it is scored as on each device."""
    by_ecosystem: dict[str, tuple[ScoredVariant, ...]] = {}
    for device in devices:
        for ecosystem, variant in choose_variants(rubric.policy, evidence, device=device).scored.items():
            by_ecosystem[ecosystem] = (*by_ecosystem.get(ecosystem, ()), variant)
    return by_ecosystem


def _other_variants(
    rubric: Rubric, evidence: Evidence, main_bases: Mapping[str, Basis], frameworks: Sequence[str]
) -> dict[str, tuple[OtherVariant, ...]]:
    """Of each framework, on the device that it is scored on."""
    found: dict[str, tuple[OtherVariant, ...]] = {}
    for device in dict.fromkeys(_device(main_bases[framework]) for framework in frameworks):
        if device is not None:
            on_device = [framework for framework in frameworks if main_bases[framework] == device]
            found |= other_variants(rubric, evidence, device=device, frameworks=on_device)
    return found


def _points_of_variants(
    rubric: Rubric, evidence: Evidence, findings: Sequence[Finding], others: Sequence[OtherVariant]
) -> tuple[float, float]:
    """How many points other variants would take from Performance, and how many they would add."""
    own = score_dimension(rubric, "performance", findings, snapshot=evidence.snapshot).score
    scores = [other.score for other in others]
    return (0.0, 0.0) if own is None else (min(0.0, min(scores) - own), max(0.0, max(scores) - own))


def _uncertainties(
    rubric: Rubric,
    evidence: Evidence,
    scored: Mapping[str, Sequence[Finding]],
    main_bases: Mapping[str, Basis],
    ratios: Mapping[Basis, RatiosByCriterion],
    by_variants: Mapping[str, tuple[float, float]],
) -> dict[str, Uncertainty]:
    """Framework → how sure its scores are; those that are scored on one basis are drawn together."""
    intervals: dict[str, Uncertainty] = {}
    for basis in dict.fromkeys(main_bases[framework] for framework in scored):
        on_basis = {framework: answers for framework, answers in scored.items() if main_bases[framework] == basis}
        intervals |= uncertainties(
            rubric, evidence, on_basis, device=_device(basis), ratios=ratios[basis], by_variants=by_variants
        )
    return intervals


def _measured_cells(evidence: Evidence, devices: Sequence[DeviceName]) -> Iterator[MeasuredCell]:
    for device in devices:
        for phase in dict.fromkeys(measured.case.phase for measured in evidence.measured[device]):
            yield from cells(evidence, device=device, phase=phase)
