"""Set facts or weights by hand and see what that does to every score. Nothing is saved."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence

import msgspec

from speedscore.scoring.cards import layer_cards, wording
from speedscore.scoring.cards.widths import MINIMUM_WIDTH
from speedscore.scoring.commands import arguments
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.fact import FactError, make_fact
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import Rubric, load_rubric
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.layer_card import LayerCard
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, write
from speedscore.text.plain import plain
from speedscore.text.suggestions import did_you_mean
from speedscore.text.tables import GAP, table

EXAMPLES = examples(f"{COMMAND} whatif jax --fact github_stars=50000", f"{COMMAND} whatif --weights performance=3")
ERRORS = arguments.ERRORS

BY_HAND = "set by hand"
_WHAT_WIDTH, _CHANGE_WIDTH = 28, 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("framework", nargs="*", metavar="FRAMEWORK", help="whose facts are set")
    parser.add_argument("--fact", action="append", default=[], metavar="KEY=NUMBER", help="as in github_stars=50000")
    arguments.add_evidence(parser)


def run(options: argparse.Namespace) -> int:
    """Print what changes, and return 0, or 2 where it could not be written."""
    rubric = load_rubric()
    evidence, frameworks = arguments.read_evidence(rubric, options)
    if not (options.fact or options.weights or options.policy):
        raise FactError("whatif: nothing is set; give --fact KEY=NUMBER, --weights or --policy")
    if options.fact and not options.framework:
        raise FactError("--fact: whose? Name one framework, as in whatif jax --fact github_stars=50000")
    overridden = apply_overrides(rubric, weights=options.weights, policy=options.policy)
    changed = with_facts(evidence, rubric, frameworks[0], options.fact) if options.fact else evidence
    # The others stay, so that the order can be told.
    compared = list(dict.fromkeys((*evidence.frameworks(), *frameworks)))
    before = build_report(rubric, evidence, frameworks=compared)
    after = build_report(overridden.rubric, changed, frameworks=compared, departures=overridden.departures)
    return write(changes(before, after, width=options.width), what="result")


def with_facts(evidence: Evidence, rubric: Rubric, framework: str, settings: Sequence[str]) -> Evidence:
    """The evidence with facts of one framework replaced, each given as ``github_stars=50000``. Raises FactError."""
    facts = dict(evidence.facts.get(framework, {}))
    for setting in settings:
        key, _, number = setting.partition("=")
        try:
            value = float(number)
        except ValueError:
            raise FactError(f"--fact: expected KEY=NUMBER, as in github_stars=50000, found {setting!r}") from None
        known = rubric.facts.get(key)
        if known is None:
            hint = did_you_mean(key, rubric.facts)
            raise FactError(f"--fact {setting}: unknown key; the rubric's [facts] table lists those there are{hint}")
        entry = {
            "value": value,
            "unit": known.unit,
            "as_of": evidence.as_of,
            "kind": "reference",
            "source": BY_HAND,
            "method": "--fact",
        }
        try:
            facts[key] = (make_fact(framework, key, entry, known=known),)
        except ValueError as error:
            raise FactError(f"--fact {setting}: {error}") from error
    return msgspec.structs.replace(evidence, facts={**evidence.facts, framework: facts})


def changes(before: ScoreReport, after: ScoreReport, *, width: int) -> str:
    """What differs between two reports about the same frameworks, as text."""
    before, after, width = plain(before), plain(after), max(width, MINIMUM_WIDTH)
    lines = [line for pair in zip(before.cards, after.cards, strict=True) for line in _card(*pair, width=width)]
    lines += [line for pair in zip(before.layers, after.layers, strict=True) for line in _layer(*pair, width=width)]
    lines = lines or [_nothing_changes(after)]
    for report, when in ((before, "before"), (after, "after")):
        if report.sensitivity is not None:
            names = {card.framework: card.name for card in report.cards}
            order = ", ".join(
                f"{names[framework]} {report.sensitivity.speed_scores[framework]:.2f}"
                for framework in report.sensitivity.ranking
            )
            questions = len(report.comparison.questions)
            sentence = f"Order {when}, on the {questions} questions that all answer by one method: {order}"
            lines += textwrap.wrap(sentence, width, subsequent_indent="  ", break_on_hyphens=False)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _nothing_changes(after: ScoreReport) -> str:
    """Why, where what was set stands beside a measurement."""
    named = [
        f"{finding.criterion.name} of {card.name}"
        for card in after.cards
        for dimension in card.dimensions
        for finding in dimension.findings
        if finding.measured and any(source.text == BY_HAND for source in finding.beside)
    ]
    why = f": what was measured answers before facts do ({', '.join(named)})" if named else ""
    return f"Nothing changes{why}."


def _card(before: ScoreCard, after: ScoreCard, *, width: int) -> Iterator[str]:
    rows = [row for pair in zip(before.dimensions, after.dimensions, strict=True) for row in _dimension(*pair)]
    then, now = wording.speed_score(before), wording.speed_score(after)
    if not rows and then == now:
        return
    yield f"{after.name}: Speed Score {wording.changed(then, now)}"
    if rows:
        widths = (_WHAT_WIDTH, _CHANGE_WIDTH, width - _WHAT_WIDTH - _CHANGE_WIDTH - 2 * GAP)
        yield from table(rows, headers=("", "Score", "Value"), widths=widths)
    yield ""


def _layer(before: LayerCard, after: LayerCard, *, width: int) -> Iterator[str]:
    """The grade, and each fact that was set with what the grades ask of it."""
    then = {fact.key: fact for fact in before.facts}
    changed = [fact for fact in after.facts if fact.key not in then or then[fact.key].source != fact.source]
    if not changed:
        return
    grade = wording.changed(wording.grade(before.layer), wording.grade(after.layer))
    yield f"{after.layer.name}, a layer without a Speed Score: maturity {grade}"
    for fact in changed:
        was = layer_cards.fact_value(then[fact.key]) if fact.key in then else "unknown"
        asked = [
            f"{grade.grade} asks for {wording.number(limit.least)}"
            for grade in after.grades
            for limit in grade.limits
            if limit.key == fact.key
        ]
        change = wording.changed(was, layer_cards.fact_value(fact))
        yield from _indented(f"{fact.name}: {change}; {', '.join(asked) or 'no grade asks for it'}", width)
    for sentence in layer_cards.changes_of_grade(after):
        yield from _indented(sentence, width)
    yield ""


def _indented(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(sentence, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _dimension(before: DimensionScore, after: DimensionScore) -> Iterator[tuple[str, str, str]]:
    pairs = list(zip(before.findings, after.findings, strict=True))
    rows = [
        (f"  {now.criterion.name}", wording.changed(wording.score(then), wording.score(now)), _values(then, now))
        for then, now in pairs
        if (then.value, then.score, then.criterion.weight) != (now.value, now.score, now.criterion.weight)
    ]
    if rows or before.score != after.score:
        yield after.title, wording.changed(_score(before), _score(after)), ""
        yield from rows


def _values(before: Finding, after: Finding) -> str:
    return wording.changed(wording.value(before), wording.value(after))


def _score(dimension: DimensionScore) -> str:
    return "no score" if dimension.score is None else f"{wording.points(dimension.score)} ({dimension.raw:.2f})"
