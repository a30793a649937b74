"""What the facts answer to a criterion: the fact that counts, those beside it, and what becomes of it with age.

The policy's order says which fact answers, a fresh one before a stale one. A stale answer counts for the policy's
points at most, and no answer gets more by age alone. No measurement is seen here, and unknown stays unknown.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence

import msgspec

from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.fact import month_after, months_between
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.rubric.rubric import Rubric


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


def answer_by_facts(criterion: Criterion, *, rubric: Rubric, evidence: Evidence, framework: str) -> Finding:
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
