"""One answer for each criterion and framework: value, points and sources, or unknown with its reason.

A benchmark or a probe answers before a fact does, and a fact that is not stale before one that is. What nobody knows
stays unknown: this module never puts a zero, a mean or an older guess in the place of an answer, and has no case for
any framework.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.fact import Kind, month_after, months_between
from speedscore.scoring.findings.dormancy import is_dormant
from speedscore.scoring.findings.probe_statistics import probe_interval, probe_value
from speedscore.scoring.findings.probed import Probed, ask_probes, in_words
from speedscore.scoring.findings.standings import EcosystemRatio, EcosystemRatios, ecosystem_ratios
from speedscore.scoring.findings.variants import choose_variants
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.rubric.probe_measure import ProbeMeasure
from speedscore.scoring.rubric.rubric import Rubric


class Source(msgspec.Struct, frozen=True):
    """Where an answer, or what contradicts it, came from."""

    kind: Kind | Literal["measured"]
    text: str
    """Title and place of a fact; in words what was measured."""
    as_of: str
    """Of a fact ``YYYY-MM`` or ``YYYY-MM-DD``; of a measurement when its run was made."""
    value: float
    low: float | None = None
    """Of a fact the range that its source states; of probes what so few allow, with 95 %."""
    high: float | None = None
    age_months: int = 0
    """Before the month to which the evidence counts ages."""
    stale: bool = False
    """Past the policy's limit for its kind."""
    record: bool = False
    """Holds until it is beaten, and so is never stale, however old."""
    method: str = ""
    definition: str = ""
    """By which of several ways of counting, or on which device it was measured; answers are comparable where it is the
    same."""
    name: str = ""
    """Which of several facts, or empty where a criterion needs one only."""
    nodeids: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    rounds: int = 0
    unit: str = ""
    """Of a fact; of what was measured the rule says it."""


class Finding(msgspec.Struct, frozen=True):
    """The answer to one criterion about one framework."""

    criterion: Criterion
    framework: str
    rule: AnswerRule | None = None
    """By which the value was found and became points; None when unknown."""
    value: float | None = None
    """In the rule's unit; None when unknown."""
    score: float | None = None
    """0 to 10, unrounded; None when unknown or stale, never zero for it."""
    stale_score: float | None = None
    """What a stale answer counts for in the mean of its dimension, of whose weight it covers nothing."""
    limit: str = ""
    """Why it counts for less than its value would get by the rule; empty where it gets it all."""
    sources: tuple[Source, ...] = ()
    beside: tuple[Source, ...] = ()
    """Facts of the same snapshot that say something else and were not scored."""
    reason: str = ""
    """Why it has no score."""
    note: str = ""
    """Why a fact answers although a measurement was sought, or what of the probes is missing."""
    probed: Probed | None = None
    """The questions that probes answered, where they give the value: another framework is compared with it on those
    alone that it answered too, unless the rule's probes are each framework's own."""
    candidates: tuple[Finding, ...] = ()
    """Every fresh answer that there is, in order of preference: each by one rule, from a measurement or from one fact
    of each key. A comparison picks among them what all that are compared were asked alike."""

    @property
    def known(self) -> bool:
        return self.score is not None

    @property
    def stale(self) -> bool:
        """True when what answers is too old to count."""
        return self.stale_score is not None

    @property
    def points(self) -> float | None:
        """What it counts for, fresh or stale; None when unknown."""
        return self.stale_score if self.score is None else self.score

    @property
    def method(self) -> tuple[int, tuple[str, ...]]:
        """By which rule and which ways of counting it was answered: answers of one method are comparable. Of a known
        finding only."""
        assert self.rule is not None
        return self.criterion.answers.index(self.rule), tuple(source.definition for source in self.sources)

    @property
    def measured(self) -> bool:
        return any(source.kind == "measured" for source in self.sources)


RatiosByCriterion = Mapping[str, EcosystemRatios]
"""Of every criterion that a benchmark can answer."""


def find_ratios(rubric: Rubric, evidence: Evidence, *, device: DeviceName | None) -> RatiosByCriterion:
    """What was measured on ``device`` says to each criterion that it can answer; empty for None."""
    if device is None:
        return {}
    variants = choose_variants(rubric.policy, evidence, device=device)
    return {
        criterion.id: ecosystem_ratios(evidence, device=device, measure=criterion.measure, variants=variants)
        for criterion in rubric.criterion
        if criterion.measure is not None
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

    A criterion that only a measurement can answer is left out for a framework of which nothing was asked that could.
    """
    ratios = find_ratios(rubric, evidence, device=device) if ratios is None else ratios
    lines = dict(rubric.policy.scored_variants)
    if device is not None:
        variants = choose_variants(rubric.policy, evidence, device=device)
        lines |= {ecosystem: variant.framework for ecosystem, variant in variants.scored.items()}
    measured = set(evidence.ecosystems(device)) if device else set()
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
            or (criterion.measure is not None and framework in measured)
            or probed.get(criterion.id) is not None
        )
        if is_dormant(rubric, evidence, framework=framework):
            answered = (_limit_past(finding, most=rubric.policy.dormant_most) for finding in answered)
        answers[framework] = tuple(answered)
    return answers


def _limit_past(finding: Finding, *, most: float) -> Finding:
    """The answer of a dormant project: what is of the past counts for ``most`` points at most, and so does each of its
    candidates; any other is as it was."""
    if not finding.criterion.past:
        return finding
    candidates = tuple(_limit_past(candidate, most=most) for candidate in finding.candidates)
    if finding.points is None or finding.points <= most:
        return msgspec.structs.replace(finding, candidates=candidates)
    return msgspec.structs.replace(
        finding,
        score=None if finding.stale else most,
        stale_score=most if finding.stale else None,
        limit=f"no more than {most:g}, as the project is dormant",
        candidates=candidates,
    )


def fact_sources(
    rubric: Rubric, evidence: Evidence, *, framework: str, key: str, month: str | None = None
) -> tuple[Source, ...]:
    """What is known of one key: first the fact that answers, then those beside it; empty when nothing is.

    Ages are counted to ``month`` (``YYYY-MM``), by default to that of the evidence.

    The order is the policy's, except that a stale fact answers only where every other is stale too, and that of the
    records of one kind the highest does, as a record is not undone by a later run that falls short of it.
    """
    month = month or evidence.as_of
    known = rubric.facts[key]
    facts = evidence.facts.get(framework, {}).get(key, ())
    if known.only_rises:
        kinds = rubric.policy.kind_order
        facts = tuple(sorted(facts, key=lambda fact: (kinds.index(fact.kind), -fact.value)))
    sources = [
        Source(
            kind=fact.kind,
            text=fact.source,
            as_of=fact.as_of,
            value=fact.value,
            low=fact.low,
            high=fact.high,
            age_months=months_between(fact.as_of, month),
            stale=rubric.policy.is_stale(fact, key=known, month=month),
            record=known.only_rises,
            method=fact.method,
            definition=fact.definition,
            name=known.name,
            unit=fact.unit,
        )
        for fact in facts
    ]
    return tuple(sorted(sources, key=lambda source: source.stale))


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
    by_facts = _by_facts(criterion, rubric=rubric, evidence=evidence, framework=framework)
    for rule in criterion.answers:
        source = None
        if rule.measure is not None and ratios is not None:
            if framework in ratios.ratios:
                source = _measured_source(ratios.ratios[framework], evidence)
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
            measured.append(finding)
    candidates = (*measured, *by_facts.candidates)
    if measured:
        return msgspec.structs.replace(measured[0], candidates=candidates)
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


def _by_facts(criterion: Criterion, *, rubric: Rubric, evidence: Evidence, framework: str) -> Finding:
    """What the facts answer, with no more points than they gave in any month since the newest of them.

    When the fact that answers becomes stale, another may take its place and say more; without a limit the score would
    rise because evidence died.
    """

    def by_rules(month: str) -> list[Finding]:
        sources = {
            key: fact_sources(rubric, evidence, framework=framework, key=key, month=month) for key in criterion.facts
        }
        return [
            _by_rule(criterion, rule, sources, rubric=rubric, framework=framework)
            for rule in criterion.answers
            if rule.facts
        ]

    unknown = Finding(criterion=criterion, framework=framework)
    now = by_rules(evidence.as_of)
    finding = _first_known(now, unknown)
    months = _months_of_change(criterion, rubric, evidence, framework=framework)
    earlier = [_first_known(by_rules(month), unknown).points for month in months]
    least = min((points for points in earlier if points is not None), default=10.0)
    if finding.points is not None and least < finding.points:
        finding = msgspec.structs.replace(
            finding,
            score=None if finding.stale else least,
            stale_score=least if finding.stale else None,
            limit=f"no more than the {least:.2f} that were given before the fact that answered became stale",
        )
    candidates = tuple(candidate for by_rule in now for candidate in by_rule.candidates)
    return msgspec.structs.replace(finding, candidates=candidates)


def _first_known(by_rule: Sequence[Finding], unknown: Finding) -> Finding:
    """A fresh answer before a stale one, whichever rule it is by; else ``unknown`` with the reasons why."""
    known = [finding for finding in by_rule if finding.known] + [finding for finding in by_rule if finding.stale]
    reasons = dict.fromkeys(finding.reason for finding in by_rule)
    return known[0] if known else msgspec.structs.replace(unknown, reason="; ".join(reasons))


def _months_of_change(criterion: Criterion, rubric: Rubric, evidence: Evidence, *, framework: str) -> list[str]:
    """The month of the criterion's newest fact, and each later one in which a fact became stale; empty without such."""
    known = evidence.facts.get(framework, {})
    facts = [(rubric.facts[key], fact) for key in criterion.facts for fact in known.get(key, ())]
    newest = max((fact.month for _, fact in facts), default=evidence.as_of)
    limits = rubric.policy.stale_after_months
    ends = {month_after(fact.month, limits[fact.kind] + 1) for key, fact in facts if not key.only_rises}
    since = sorted(month for month in ends if newest < month <= evidence.as_of)
    return [newest, *since] if since else []


def _by_rule(
    criterion: Criterion, rule: AnswerRule, sources: Mapping[str, Sequence[Source]], *, rubric: Rubric, framework: str
) -> Finding:
    """What the first source of each key answers, and as candidates what every fresh choice of sources does."""
    if missing := [key for key in rule.facts if not sources[key]]:
        named = ", ".join(name for key in missing if (name := rubric.facts[key].name))
        reason = f"no sourced fact{f' about {named}' if named else ''}"
        return Finding(criterion=criterion, framework=framework, reason=reason)
    of_keys = [sources[key] for key in rule.facts]
    fresh = itertools.product(*([source for source in of_key if not source.stale] for of_key in of_keys))
    return msgspec.structs.replace(
        _of_sources(criterion, rule, [of_key[0] for of_key in of_keys], rubric=rubric, framework=framework),
        beside=tuple(source for of_key in of_keys for source in of_key[1:] if source.value != of_key[0].value),
        candidates=tuple(_of_sources(criterion, rule, chosen, rubric=rubric, framework=framework) for chosen in fresh),
    )


def _of_sources(
    criterion: Criterion, rule: AnswerRule, answering: Sequence[Source], *, rubric: Rubric, framework: str
) -> Finding:
    stale = [source for source in answering if source.stale]
    value = _combine(rule, [source.value for source in answering])
    score = rule.score(value)
    most = rubric.policy.stale_most
    return Finding(
        criterion=criterion,
        framework=framework,
        rule=rule,
        value=value,
        score=None if stale else score,
        stale_score=min(score, most) if stale else None,
        limit=f"no more than {most:g}, as it is stale" if stale and score > most else "",
        reason="; ".join(dict.fromkeys(_why_stale(source, rubric) for source in stale)),
        sources=tuple(answering),
    )


def _why_stale(source: Source, rubric: Rubric) -> str:
    assert source.kind != "measured"
    limit = rubric.policy.stale_after_months[source.kind]
    return f"stale: {source.age_months} months old, and a {source.kind} fact may be {limit}"


def _combine(rule: AnswerRule, values: list[float]) -> float:
    match rule.combine:
        case None:
            return values[0]
        case "sum":
            return sum(values)
        case "geometric mean":
            return statistics.geometric_mean(values) if all(value > 0 for value in values) else 0.0


def _measured_source(ratio: EcosystemRatio, evidence: Evidence) -> Source:
    preset = evidence.runs[0].record.preset
    made = sorted(run.record.created for run in evidence.runs if run.name in ratio.runs)
    count = len(ratio.nodeids)
    return Source(
        kind="measured",
        text=f"{count} {'case' if count == 1 else 'cases'}, {ratio.device}, preset {preset}, "
        f"{ratio.rounds} {'round' if ratio.rounds == 1 else 'rounds'}, {ratio.variant}",
        as_of=made[-1][:10],
        value=ratio.value,
        nodeids=ratio.nodeids,
        runs=ratio.runs,
        rounds=ratio.rounds,
        definition=f"measured on {ratio.device}",
    )


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
