"""One answer for each criterion and framework: value, points and sources, or unknown with its reason.

A benchmark or a probe answers before a fact does, and a fact that is not stale before one that is. What nobody knows
stays unknown: this module never puts a zero, a mean or an older guess in the place of an answer, and has no case for
any framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from speedscore.record.machines import OWN
from speedscore.record.phases import DeviceName
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.fact import months_between
from speedscore.scoring.findings.dormancy import is_dormant, limit_past
from speedscore.scoring.findings.fact_answers import answer_by_facts
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.outdated import as_outdated, instead_of_outdated
from speedscore.scoring.findings.probe_statistics import probe_interval, probe_value
from speedscore.scoring.findings.probed import Probed, ask_probes, in_words
from speedscore.scoring.findings.standings import EcosystemRatio, EcosystemRatios, ecosystem_ratios
from speedscore.scoring.findings.variants import Variants, choose_variants
from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.rubric.probe_measure import ProbeMeasure
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.text.cleaning import one_line

_MACHINES_NAMED = 3
"""Machines that a source names in words; the rest are counted there, and stand in ``Source.machines``."""

RatiosByCriterion = Mapping[str, EcosystemRatios]
"""Criterion that a benchmark can answer → its ratios."""


def ratios_by_criterion(
    rubric: Rubric, evidence: Evidence, *, device: DeviceName | None, variants: Variants | None = None
) -> RatiosByCriterion:
    """What was measured on ``device`` says to each criterion that it can answer; empty for None.

    ``variants`` are scored in place of those that the policy chooses.
    """
    if device is None:
        return {}
    variants = choose_variants(rubric.policy, evidence, device=device) if variants is None else variants
    return {
        criterion.id: ecosystem_ratios(evidence, device=device, measure=criterion.measure, variants=variants)
        for criterion in rubric.criterion
        if criterion.measure is not None and device not in criterion.measure.not_on
    }


def judge(
    rubric: Rubric,
    evidence: Evidence,
    *,
    frameworks: Iterable[str],
    device: DeviceName | None,
    probes: bool = False,
    ratios: RatiosByCriterion | None = None,
) -> dict[str, tuple[Finding, ...]]:
    """Ask every criterion about every framework; ``device`` says whose benchmarks answer, None for none, and ``probes``
    whether probes do, which are about no device that is scored. ``ratios`` are those of ``device``, where the caller
    has found them already.

    A criterion that only a measurement can answer is left out for a framework of which nothing was asked that could,
    and on a device on which it answers nothing.
    """
    ratios = ratios_by_criterion(rubric, evidence, device=device) if ratios is None else ratios
    lines = dict(rubric.policy.scored_variants)
    if device is not None:
        variants = choose_variants(rubric.policy, evidence, device=device)
        lines |= {ecosystem: variant.line for ecosystem, variant in variants.scored.items()}
    measured = set(evidence.frameworks_on(device)) if device else set()
    answers: dict[str, tuple[Finding, ...]] = {}
    for framework in frameworks:
        probed = {
            criterion.id: ask_probes(
                criterion.probes, evidence, policy=rubric.policy, ecosystem=framework, scored=lines.get(framework)
            )
            for criterion in rubric.criterion
            if probes and criterion.probes is not None
        }
        answered = (
            _answer(
                criterion,
                rubric=rubric,
                evidence=evidence,
                framework=framework,
                ratios=ratios.get(criterion.id),
                probed=probed.get(criterion.id),
            )
            for criterion in rubric.criterion
            if not criterion.only_measured
            or (criterion.measure is not None and framework in measured and device not in criterion.measure.not_on)
            or probed.get(criterion.id) is not None
        )
        if is_dormant(rubric, evidence, framework=framework):
            answered = (limit_past(finding, most=rubric.policy.dormant_most) for finding in answered)
        answers[framework] = tuple(answered)
    return answers


def _answer(
    criterion: Criterion,
    *,
    rubric: Rubric,
    evidence: Evidence,
    framework: str,
    ratios: EcosystemRatios | None,
    probed: Probed | None,
) -> Finding:
    """The answer by the first rule that has one; what the facts say stands beside one that was measured."""
    notes: list[str] = []
    measured: list[Finding] = []
    outdated: list[Finding] = []
    by_facts = answer_by_facts(criterion, rubric=rubric, evidence=evidence, framework=framework)
    for rule in criterion.answers:
        source = None
        if rule.measure is not None and ratios is not None:
            if framework in ratios.ratios:
                source = _measured_source(ratios.ratios[framework], evidence)
                notes += [ratios.left_out] if ratios.left_out else []
            else:
                notes.append(ratios.reason or "not measured on this device")
        elif rule.probes is not None and probed is not None:
            source = _probed_source(rule.probes, probed)
            notes += [probed.reason] if probed.reason else []
        if source is not None:
            finding = Finding(
                criterion=criterion,
                framework=framework,
                rule=rule,
                value=source.value,
                score=rule.score(source.value),
                sources=(source,),
                beside=by_facts.sources,
                note="; ".join(notes),
                probed=probed if rule.probes is not None else None,
            )
            age_months = months_between(source.as_of, evidence.as_of)
            if age_months > rubric.policy.measured_stale_after_months:
                outdated.append(as_outdated(finding, age_months=age_months, policy=rubric.policy))
            else:
                measured.append(finding)
    candidates = (*measured, *by_facts.candidates)
    if measured:
        return msgspec.structs.replace(measured[0], candidates=candidates)
    if outdated:
        return instead_of_outdated(by_facts, outdated[0], note="; ".join(notes))
    note = "; ".join(notes)
    if by_facts.value is not None:
        return msgspec.structs.replace(by_facts, note=note)
    reason = "; ".join(part for part in (note, by_facts.reason) if part)
    return msgspec.structs.replace(by_facts, reason=reason)


def on_common_questions(findings: Sequence[Finding]) -> list[Finding]:
    """The same answers, each by probes on those questions alone that all of ``findings`` answered; empty where these
    are too few. As they are where no probe answers, or where each framework is asked what is its own."""
    measures = [finding.rule.probes if finding.rule else None for finding in findings]
    of_probes = [finding.probed for finding in findings if finding.probed is not None]
    if len(of_probes) < len(findings) or any(measure is None or measure.own_questions for measure in measures):
        return list(findings)
    common = set.intersection(*({question.key for question in probed.questions} for probed in of_probes))
    restricted = []
    for finding, measure, probed in zip(findings, measures, of_probes, strict=True):
        questions = tuple(question for question in probed.questions if question.key in common)
        assert measure is not None
        fewer = Probed(questions=questions, unanswered=(), value=probe_value(measure, questions))
        source = _probed_source(measure, fewer)
        if source is None or finding.rule is None:
            return []
        restricted.append(
            msgspec.structs.replace(
                finding, value=source.value, score=finding.rule.score(source.value), sources=(source,), probed=fewer
            )
        )
    return restricted


def _measured_source(ratio: EcosystemRatio, evidence: Evidence) -> Source:
    preset = evidence.runs[0].record.preset
    made = sorted(run.record.created for run in evidence.runs if run.name in ratio.runs)
    count = len(ratio.nodeids)
    machines = _machines(ratio)
    together = ", each ratio of one machine and their geometric mean" if len(machines) > 1 else ""
    return Source(
        kind="measured",
        text=f"{count} {'case' if count == 1 else 'cases'}, {ratio.device}, preset {preset}, "
        f"{ratio.rounds} {'round' if ratio.rounds == 1 else 'rounds'}, {ratio.variant}"
        f"{f', measured on {_listed(machines)}{together}' if machines else ''}",
        as_of=made[-1][:10],
        value=ratio.value,
        nodeids=ratio.nodeids,
        runs=ratio.runs,
        machines=machines,
        rounds=ratio.rounds,
        rival=evidence.names.get(ratio.rival, ratio.rival),
        by_model=ratio.by_model,
        definition=_measured_on(ratio.device),
    )


def _measured_on(device: DeviceName) -> str:
    """The ``definition`` of what was measured there."""
    return f"measured on {device}"


def _machines(ratio: EcosystemRatio) -> tuple[str, ...]:
    """Empty where every case was measured on its run's own machine."""
    if not any(machine for _, machine in ratio.machines):
        return ()
    of_run = len(ratio.runs) > 1
    return tuple(
        f"{one_line(machine) or OWN}{f' of {Path(run).name}' if of_run else ''}" for run, machine in ratio.machines
    )


def _listed(machines: Sequence[str]) -> str:
    more = f" and {len(machines) - _MACHINES_NAMED} more" if len(machines) > _MACHINES_NAMED else ""
    return f"{', '.join(machines[:_MACHINES_NAMED])}{more}"


def _probed_source(measure: ProbeMeasure, probed: Probed) -> Source | None:
    """None where the probes do not answer all that the rule needs."""
    if probed.value is None:
        return None
    low, high = probe_interval(measure, probed.questions) or (None, None)
    return Source(
        kind="measured",
        text=in_words(measure, probed),
        as_of=max(answer.made for answer in probed.answers)[:10],
        value=probed.value,
        low=low,
        high=high,
        nodeids=tuple(answer.probe.nodeid for answer in probed.answers),
        runs=tuple(dict.fromkeys(answer.run for answer in probed.answers)),
    )
