"""What Performance would be with an ecosystem scored as another of its variants that is about as fast.

An eager and a compiled program may train equally fast and are far apart in all else that is measured of them, so where
next to nothing chose between them the score of either is one that could have come out. Which variant is scored is
decided in ``findings``; nothing here changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.findings import judge, ratios_by_criterion
from speedscore.scoring.findings.variants import ScoredVariant, VariantBeside, Variants, choose_variants, scored_as
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.dimension_score import score_dimension


class OtherVariant(msgspec.Struct, frozen=True):
    """One framework's Performance with an ecosystem, itself or another, scored as another variant."""

    ecosystem: str
    """Whose variant it is, by its folder."""
    name: str
    """The same for people."""
    line: str = msgspec.field(name="framework")
    """As in ``torch-compile``."""
    times_as_fast: float
    """As the variant that is scored, in training."""
    score: float
    """Performance, rounded by the policy."""


def other_variants(
    rubric: Rubric, evidence: Evidence, *, device: DeviceName, frameworks: Sequence[str]
) -> dict[str, tuple[OtherVariant, ...]]:
    """By framework its Performance with each other variant, of any ecosystem on ``device``, that might as well be
    scored; left out where there is none, or no score."""
    chosen = choose_variants(rubric.policy, evidence, device=device)
    found: dict[str, list[OtherVariant]] = {}
    for ecosystem, line, times_as_fast in _as_fast(rubric.policy, chosen):
        variants = scored_as(chosen, ecosystem, line)
        for framework, score in _scores(rubric, evidence, variants, device, frameworks):
            name = evidence.names.get(ecosystem, ecosystem)
            other = OtherVariant(ecosystem=ecosystem, name=name, line=line, times_as_fast=times_as_fast, score=score)
            found.setdefault(framework, []).append(other)
    return {framework: tuple(others) for framework, others in found.items()}


def _as_fast(policy: Policy, chosen: Variants) -> Iterator[tuple[str, str, float]]:
    """Ecosystem, line and how many times as fast: those of the scored style that completed the same models."""
    for ecosystem, variant in chosen.scored.items():
        for beside in variant.beside:
            times_as_fast = beside.times_as_fast
            if times_as_fast is None or beside.only_models or beside.style != variant.style:
                continue
            if _was_passed_over(variant, beside) or _is_near(times_as_fast, policy):
                yield ecosystem, beside.line, times_as_fast


def _was_passed_over(variant: ScoredVariant, beside: VariantBeside) -> bool:
    """Whether it was faster in the rounds that chose, by no more than the tie."""
    seconds, scored_seconds = beside.choosing_seconds, variant.choosing_seconds
    return seconds is not None and scored_seconds is not None and seconds < scored_seconds


def _is_near(times_as_fast: float, policy: Policy) -> bool:
    """Within the tie and half as much again: so far may the process that chose have been from the next, so that on
    neither side of the tie the other variant is lost."""
    limit = 1 + 1.5 * policy.variant_tie
    return 1 / limit <= times_as_fast <= limit


def _scores(
    rubric: Rubric, evidence: Evidence, variants: Variants, device: DeviceName, frameworks: Sequence[str]
) -> Iterable[tuple[str, float]]:
    ratios = ratios_by_criterion(rubric, evidence, device=device, variants=variants)
    findings = judge(rubric, evidence, frameworks=frameworks, device=device, ratios=ratios)
    for framework, answers in findings.items():
        scored = score_dimension(rubric, "performance", answers, snapshot=evidence.snapshot, device=device)
        if scored.score is not None:
            yield framework, scored.score
