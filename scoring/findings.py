"""One answer for each criterion and framework: value, points and sources, or unknown with its reason.

A measurement answers before a fact does. What nobody knows stays unknown: this module never puts a zero, a mean or an
older guess in the place of an answer, and has no case for any framework.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Literal

import msgspec

from scoring.evidence import Evidence
from scoring.facts import Fact, Kind, months_between
from scoring.ratios import Comparison, Ratio, compare
from scoring.rubric import Criterion, Device, Rubric


class Source(msgspec.Struct, frozen=True):
    """Where an answer, or what contradicts it, came from."""

    kind: Kind | Literal["measured"]
    text: str
    """Title and place of a fact; in words what was measured."""
    as_of: str
    """Of a fact ``YYYY-MM`` or ``YYYY-MM-DD``; of a measurement when its run was made."""
    value: float
    low: float | None = None
    high: float | None = None
    age_months: int = 0
    """Before the snapshot's month."""
    method: str = ""
    name: str = ""
    """Which of several facts, or empty where a criterion needs one only."""
    nodeids: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    rounds: int = 0


class Finding(msgspec.Struct, frozen=True):
    """The answer to one criterion about one framework."""

    criterion: Criterion
    framework: str
    value: float | None = None
    """In the criterion's unit; None when unknown."""
    score: float | None = None
    """0 to 10, unrounded; None when unknown, never zero for it."""
    sources: tuple[Source, ...] = ()
    beside: tuple[Source, ...] = ()
    """Facts of the same snapshot that say something else and were not scored."""
    reason: str = ""
    """Why it is unknown."""
    note: str = ""
    """Why a fact answers although a measurement was sought."""

    @property
    def known(self) -> bool:
        return self.score is not None

    @property
    def measured(self) -> bool:
        return any(source.kind == "measured" for source in self.sources)


def judge(
    rubric: Rubric, evidence: Evidence, *, frameworks: Iterable[str], device: Device | None
) -> dict[str, tuple[Finding, ...]]:
    """Ask every criterion about every framework; ``device`` says whose measurements answer, None for facts alone.

    A criterion that only a measurement can answer is left out for a framework that was not measured on the device.
    """
    comparisons = {
        criterion.id: compare(evidence, device=device, measure=criterion.measure)
        for criterion in rubric.criterion
        if criterion.measure is not None and device is not None
    }
    measured = set(evidence.ecosystems(device)) if device else set()
    return {
        framework: tuple(
            _answer(
                criterion,
                known=evidence.facts.get(framework, {}),
                evidence=evidence,
                framework=framework,
                comparison=comparisons.get(criterion.id),
                names={key: rubric.facts[key].name for key in criterion.facts},
            )
            for criterion in rubric.criterion
            if framework in measured or not criterion.only_measured
        )
        for framework in frameworks
    }


def _answer(
    criterion: Criterion,
    *,
    known: dict[str, tuple[Fact, ...]],
    evidence: Evidence,
    framework: str,
    comparison: Comparison | None,
    names: dict[str, str],
) -> Finding:
    facts = {
        key: [_fact_source(fact, evidence, name=name) for fact in known[key]]
        for key, name in names.items()
        if key in known
    }
    note = ""
    if comparison is not None:
        if framework in comparison.ratios:
            ratio = comparison.ratios[framework]
            return Finding(
                criterion=criterion,
                framework=framework,
                value=ratio.value,
                score=criterion.score(ratio.value),
                sources=(_measured_source(ratio, evidence),),
                beside=tuple(sources[0] for sources in facts.values()),
            )
        note = comparison.reason or "not measured on this device"
    missing = [key for key in criterion.facts if key not in facts]
    if missing or not facts:
        named = ", ".join(name for key in missing if (name := names[key]))
        reason = f"no sourced fact{f' about {named}' if named else ''}" if missing else ""
        return Finding(
            criterion=criterion, framework=framework, reason="; ".join(part for part in (note, reason) if part)
        )
    value = _combine(criterion, [sources[0].value for sources in facts.values()])
    return Finding(
        criterion=criterion,
        framework=framework,
        value=value,
        score=criterion.score(value),
        sources=tuple(sources[0] for sources in facts.values()),
        beside=tuple(
            source for sources in facts.values() for source in sources[1:] if source.value != sources[0].value
        ),
        note=note,
    )


def _combine(criterion: Criterion, values: list[float]) -> float:
    match criterion.combine:
        case None:
            return values[0]
        case "sum":
            return sum(values)
        case "geometric mean":
            return statistics.geometric_mean(values) if all(value > 0 for value in values) else 0.0


def _fact_source(fact: Fact, evidence: Evidence, *, name: str) -> Source:
    return Source(
        kind=fact.kind,
        text=fact.source,
        as_of=fact.as_of,
        value=fact.value,
        low=fact.low,
        high=fact.high,
        age_months=months_between(fact.as_of, evidence.snapshot),
        method=fact.method,
        name=name,
    )


def _measured_source(ratio: Ratio, evidence: Evidence) -> Source:
    preset = evidence.runs[0].record.preset
    made = sorted(run.record.created for run in evidence.runs if run.name in ratio.runs)
    count = len(ratio.nodeids)
    variants = ", ".join(
        variant if times == count else f"{variant} in {times}" for variant, times in ratio.variants.items()
    )
    return Source(
        kind="measured",
        text=f"{count} {'case' if count == 1 else 'cases'}, {ratio.device}, preset {preset}, "
        f"{ratio.rounds} {'round' if ratio.rounds == 1 else 'rounds'}, {variants}",
        as_of=made[-1][:10],
        value=ratio.value,
        nodeids=ratio.nodeids,
        runs=ratio.runs,
        rounds=ratio.rounds,
    )
