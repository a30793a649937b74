"""The rubric as a page of the documentation: ``python -m speedscore.scoring.cards.rubric_page > docs/rubric.md``.

It reads the rubric, writes every question and rule in words, and judges nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from speedscore.scoring.cards.wording import number
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion
from speedscore.scoring.rubric.probe_measure import ProbeMeasure
from speedscore.scoring.rubric.rubric import Rubric, load_rubric
from speedscore.scoring.rubric.score_sentence import ScoreSentence
from speedscore.scoring.rubric.topic import Section
from speedscore.text.markdown import markdown_table


def page(rubric: Rubric) -> str:
    """The whole page, in Markdown."""
    return "\n\n".join(_parts(rubric)) + "\n"


def _parts(rubric: Rubric) -> Iterator[str]:
    yield "# The rubric"
    yield "Made by `python -m speedscore.scoring.cards.rubric_page` from `scoring/rubric/rubric.toml`; not typed."
    yield (
        f"Version {rubric.version}: {len(rubric.criterion)} criteria in {len(DIMENSIONS)} dimensions. Between two "
        "breakpoints a score lies on a straight line over the value (linear) or its logarithm (log); a level has the "
        "score of the highest breakpoint that it reaches. Beyond the first and the last the score stays. "
        "[How it scores](how-it-scores.md) says why."
    )
    yield from _policy(rubric)
    for dimension in DIMENSIONS:
        yield f"## {rubric.dimensions[dimension]}"
        yield _list(map(_verdict, rubric.verdicts[dimension]))
        for criterion in rubric.of(dimension):
            yield from _criterion(criterion)
    yield "## Told and not scored"
    yield (
        "What sources say in words, and facts that cannot be compared, stand on the card by topic and enter no score: "
        "words have no scale, and a scale for one source's judgement would be that judgement again."
    )
    yield _table(
        [
            (topic.name, _section(rubric, topic.section), ", ".join(map(rubric.fact_name, topic.facts)))
            for topic in rubric.topics.values()
        ],
        headers=("topic", "under", "facts"),
    )
    yield "## Maturity of layers"
    yield "A library that stands on a framework gets the first grade whose every limit is reached, and no score."
    yield _table(
        [
            (
                entry.grade,
                "; ".join(f"{rubric.fact_name(key)}: {number(least)} or more" for key, least in entry.least.items()),
                entry.reason,
            )
            for entry in rubric.maturity
        ],
        headers=("grade", "limits", "reason"),
    )


def _policy(rubric: Rubric) -> Iterator[str]:
    policy = rubric.policy
    named = ", ".join(f"{variant} for {ecosystem}" for ecosystem, variant in policy.scored_variants.items())
    base = ", ".join(f"{variant} for {ecosystem}" for ecosystem, variant in policy.base_variants.items())
    yield "## What holds for every criterion"
    stale = ", ".join(f"{kind} {months}" for kind, months in policy.stale_after_months.items())
    yield _list(
        (
            f"Dimension scores are rounded half up to {policy.round_to:g}.",
            f"A dimension needs answers to {100 * policy.minimum_coverage:g} % of its weight and to its heaviest "
            "question (a group is one question, and of several that weigh most any will do), or has no score.",
            f"Of several facts the first kind answers: {', '.join(policy.kind_order)}.",
            f"A fact is stale after so many months: {stale}; what was measured after "
            f"{policy.measured_stale_after_months}; a record, such as the largest run, never is.",
            f"A stale answer stays in the mean with {policy.stale_most:g} points at most and covers nothing, so that "
            "no score rises by waiting.",
            f"Where {' or '.join(f'`{key}`' for key in policy.dormant_without)} is known and none is above zero, the "
            f"project is dormant: what it gathered, showed or promised counts for {policy.dormant_most:g} at most.",
            "Of several measured devices the one on which most models were compared is scored, of as many the first: "
            f"{', '.join(policy.device_order)}.",
            f"Of an ecosystem's variants one is scored, of the {policy.scored_style} ones the fastest in training: the "
            "first process of each training case chooses, and the others are the figure. Where the base line is slower "
            f"than the fastest by no more than {policy.variant_tie * 100:g} %, it is scored ({base}), else by the same "
            f"rule the named one ({named}), which is scored also where cases have one process. The bounds of "
            "Performance hold what another that is about as fast would make of it.",
            f"A probe is answered by the scored variant where it was asked it, and otherwise by {base}; what is each "
            "line's own, both answer.",
            *(
                f"What probes of {family} say is unknown where those of {control.family} did not end with "
                f'"{control.holds}".'
                for family, control in policy.probe_controls.items()
            ),
            f"Strengths are criteria from {policy.strength_from:g} points, weaknesses those up to "
            f"{policy.weakness_to:g}, at most {policy.sentences_each} each. What to take instead is above "
            f"{policy.weakness_to:g} and ahead by {policy.instead_ahead:g} points or more.",
        )
    )
    yield _table(
        [(rubric.dimensions[dimension], f"{rubric.weights[dimension]:g}") for dimension in DIMENSIONS],
        headers=("dimension", "weight in the Speed Score"),
    )


def _verdict(verdict: ScoreSentence) -> str:
    claims = ", ".join(f"`{name}` {least:g}" for name, least in verdict.claims.items())
    return f"from {verdict.start:g}: {verdict.sentence}{f' (needs {claims})' if claims else ''}"


def _criterion(criterion: Criterion) -> Iterator[str]:
    yield f"### {criterion.name}"
    yield f"{criterion.question} Weight {criterion.weight:g}. {criterion.reason}"
    if criterion.past:
        yield "Of the past, where the project is dormant."
    if criterion.only_measured:
        yield "Asked only of what was measured or probed."
    yield _list(map(_rule, criterion.answers))


def _rule(rule: AnswerRule) -> str:
    value, score = rule.example
    points = ", ".join(f"{number(at)} → {reached:g}" for at, reached in rule.points)
    return (
        f"{_asked(rule)}: {rule.scale} scale in {rule.unit}: {points}; "
        f"for example {number(value)} → {score:g}. {rule.reason}"
    )


def _section(rubric: Rubric, section: Section) -> str:
    """A section's title: a dimension's own, and of the others their name in words."""
    titles = [title for dimension, title in rubric.dimensions.items() if dimension == section]
    return titles[0] if titles else section.replace("_", " ").capitalize()


def _asked(rule: AnswerRule) -> str:
    """What a rule takes its answer from."""
    if rule.measure is not None:
        left_out = "".join(f", not on a {device.upper()}" for device in rule.measure.not_on)
        return f"measured, {rule.measure.phase} as a ratio to the best other framework{left_out}"
    if rule.probes is not None:
        return f"probes of {_probes(rule.probes)}"
    joined = f", joined by their {rule.combine}" if rule.combine else ""
    return f"facts {', '.join(f'`{key}`' for key in rule.facts)}{joined}"


def _probes(measure: ProbeMeasure) -> str:
    """Which probes a rule asks, and what of their answers is the value."""
    asked = " and ".join(f"`{family}`" for family in measure.families)
    if measure.targets:
        asked += f", targets {_either(measure.targets)}"
    if measure.subjects:
        asked += f", subjects {', '.join(measure.subjects)}"
    if measure.own_questions:
        asked += ", of each line its own"
    if measure.figure:
        return f"{asked}, the mean of `{measure.figure}`"
    if measure.count:
        return f"{asked}, {_sum(measure.count)} per hundred of {_sum(measure.of)}"
    worth = ", ".join(f"`{outcome}` {worth:g}" for outcome, worth in measure.worth.items())
    unknown = f"; {_sum(measure.unknown)} answers nothing" if measure.unknown else ""
    parts = " in each family" if len(measure.families) > 1 else ""
    return f"{asked}, the mean worth{parts} ({worth}, any other 0{unknown})"


def _either(groups: Iterable[Sequence[str]]) -> str:
    """As in ``(onnx or openvino), program``: of each group one is enough."""
    return ", ".join(f"({' or '.join(group)})" if len(group) > 1 else group[0] for group in groups)


def _sum(names: Iterable[str]) -> str:
    return " + ".join(f"`{name}`" for name in names)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(rows: Iterable[Sequence[str]], *, headers: Sequence[str]) -> str:
    return "\n".join(markdown_table(rows, headers=headers))


if __name__ == "__main__":
    sys.stdout.write(page(load_rubric()))
