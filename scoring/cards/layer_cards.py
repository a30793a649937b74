"""The card of a layer, short, whole and in Markdown: its grade, why, what would change it, and what is known of it.

It has the layout of the frameworks' cards and no score. It computes nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from speedscore.scoring.cards import unscored, wording
from speedscore.scoring.findings.finding import Source
from speedscore.scoring.findings.topics import KnownFact
from speedscore.scoring.scores.layer_card import GradeLimits, LayerCard, Limit, MeasuredLine
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.text.markdown import escaped, markdown_table
from speedscore.text.numbers import factor
from speedscore.text.tables import GAP, Footnotes, table
from speedscore.text.wrapping import ends_apart

_GRADE_WIDTH, _NAME_WIDTH, _VALUE_WIDTH = 15, 25, 20


def title(card: LayerCard) -> str:
    return f"{'Maturity unknown' if card.layer.grade is None else card.layer.grade}; a layer, without a Speed Score"


def about(card: LayerCard) -> str:
    """What it is for and what it stands on, as in ``Neural network library, stands on JAX``."""
    return f"{card.layer.purpose}, stands on {_and(list(card.stands_on.values()))}"


def why_no_score(card: LayerCard) -> str:
    return (
        "A layer has a grade of maturity and no Speed Score: it is used together with "
        f"{' or '.join(card.stands_on.values())}, and the score is a framework's."
    )


def changes_of_grade(card: LayerCard) -> Iterator[str]:
    """What it lacks for each better grade, and which single fact would cost it the present one."""
    for grade in card.grades:
        if grade.grade == card.layer.grade:
            break
        missed = [limit for limit in grade.limits if not limit.reached]
        if missed:
            yield f"{grade.grade} takes {' and '.join(map(_lacking, missed))}"
    for loss in card.losses:
        yield f"{loss.grade} if {loss.limit.name} fell below {wording.number(loss.limit.least)}"


def grade_and_limits(card: LayerCard) -> Iterator[str]:
    """What the grade means, or why it is unknown, and each limit of it with the figure that reached it."""
    yield _grade_sentence(card).rstrip(".")
    for grade in card.grades:
        if grade.grade == card.layer.grade:
            yield from map(_limit, grade.limits)


def limit_sentence(limit: Limit) -> str:
    """As in ``Commits a week: 2 or more, has 9.5: reached``."""
    has = "unknown" if limit.value is None else f"has {wording.number(limit.value)}: {_reached(limit)}"
    return f"{limit.name}: {wording.number(limit.least)} or more, {has}"


def measured_line(line: MeasuredLine) -> str:
    """As in ``flax-linen: 0.9× as fast as flax-nnx in training on cpu``."""
    if line.line == line.scored_as:
        return f"{line.line}: the variant that {line.framework} is scored as on {line.device}"
    if line.times_as_fast is None:
        return f"{line.line}: not compared with {line.scored_as} on {line.device}"
    return f"{line.line}: {factor(line.times_as_fast)}× as fast as {line.scored_as} in training on {line.device}"


def fact_value(fact: KnownFact) -> str:
    return wording.amount(fact.source.value, fact.unit)


def unasked(card: LayerCard) -> Iterator[KnownFact]:
    """What is known beyond the answers to the rubric's questions."""
    asked = {key for finding in card.answers for key in finding.criterion.facts}
    return (fact for fact in card.facts if fact.key not in asked)


def full(card: LayerCard, report: ScoreReport, width: int) -> Iterator[str]:
    """Lines of the whole card in a terminal."""
    yield "=" * width
    yield from ends_apart(card.layer.name, title(card), width=width)
    yield "=" * width
    sentences = (f"{about(card)}. {why_no_score(card)}", f"{wording.known_by(report)}.", _grade_sentence(card))
    for sentence in sentences:
        yield from textwrap.wrap(sentence, width, subsequent_indent="  ", break_on_hyphens=False)
    yield ""
    rows = [row for grade in card.grades for row in _grade_rows(grade)]
    rest = width - _GRADE_WIDTH - _NAME_WIDTH - _VALUE_WIDTH - 3 * GAP
    yield from table(
        rows,
        headers=("Grade", "Asks for", "Has", "Reached"),
        widths=(_GRADE_WIDTH, _NAME_WIDTH, _VALUE_WIDTH, rest),
    )
    yield from _bullets("What would change the grade", changes_of_grade(card), width)
    footnotes = Footnotes()
    yield ""
    yield from table(
        [
            (name, value, f"{wording.origin(source)} {footnotes.mark([wording.footnote(source)])}")
            for name, value, source in _fact_rows(card)
        ],
        headers=("Known", "Value", "From"),
        widths=(_NAME_WIDTH, _VALUE_WIDTH, width - _NAME_WIDTH - _VALUE_WIDTH - 2 * GAP),
    )
    said = unscored.of_statements(card.topics)
    yield from _bullets("Said of it", (f"{line.text} {footnotes.mark([line.source])}" for line in said), width)
    yield from _bullets("Measured", map(measured_line, card.lines), width)
    if footnotes:
        yield from ("", "Sources", *footnotes.lines(width))


def in_markdown(card: LayerCard, report: ScoreReport) -> Iterator[str]:
    """Lines of the whole card in Markdown."""
    yield f"## {escaped(card.layer.name)}: {escaped(title(card))}"
    yield ""
    yield escaped(f"{about(card)}. {why_no_score(card)} {wording.known_by(report)}. {_grade_sentence(card)}")
    yield ""
    rows = [row for grade in card.grades for row in _grade_rows(grade)]
    yield from markdown_table(rows, headers=("Grade", "Asks for", "Has", "Reached"))
    for heading, sentences in (
        ("What would change the grade", list(changes_of_grade(card))),
        ("Said of it", [f"{line.text} ({line.origin}: {line.source})" for line in unscored.of_statements(card.topics)]),
        ("Measured", list(map(measured_line, card.lines))),
    ):
        if sentences:
            yield from ("", f"**{heading}**", "", *(f"- {escaped(sentence)}" for sentence in sentences))
    yield ""
    yield from markdown_table(
        [
            (name.strip(), value, f"{wording.origin(source)}: {wording.footnote(source)}")
            for name, value, source in _fact_rows(card)
        ],
        headers=("Known", "Value", "From"),
    )


def _grade_sentence(card: LayerCard) -> str:
    if card.layer.grade is None:
        return f"Unknown: {card.layer.reason}."
    return f"{card.layer.grade}: {card.layer.reason}"


def _grade_rows(grade: GradeLimits) -> Iterator[tuple[str, str, str, str]]:
    if not grade.limits:
        yield grade.grade, "nothing", "", "reached"
    for place, each in enumerate(grade.limits):
        value = "unknown" if each.value is None else wording.amount(each.value, each.unit)
        asked = f"{each.name}: {wording.number(each.least)} or more"
        yield grade.grade if place == 0 else "", asked, value, _reached(each)


def _fact_rows(card: LayerCard) -> Iterator[tuple[str, str, Source]]:
    for fact in card.facts:
        yield fact.name, fact_value(fact), fact.source
        for source in fact.beside:
            yield "  beside it", wording.number(source.value), source


def _bullets(heading: str, sentences: Iterable[str], width: int) -> Iterator[str]:
    lines = [
        line
        for sentence in sentences
        for line in textwrap.wrap(
            sentence, width, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False
        )
    ]
    if lines:
        yield from ("", heading, *lines)


def _limit(limit: Limit) -> str:
    """As in ``Commits a week 9.5 where 2 is asked``."""
    value = "unknown" if limit.value is None else wording.number(limit.value)
    return f"{limit.name} {value}, asked {wording.number(limit.least)}"


def _lacking(limit: Limit) -> str:
    has = "which nobody knows" if limit.value is None else f"not {wording.number(limit.value)}"
    return f"{limit.name} {wording.number(limit.least)} or more, {has}"


def _reached(limit: Limit) -> str:
    return {True: "reached", False: "missed", None: "unknown"}[limit.reached]


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
