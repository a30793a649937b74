"""A source as entries of a detail: the figure, its kind, date and age, and a link where its text holds one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from speedscore.report.blocks import Cell
from speedscore.scoring.cards import unscored, wording
from speedscore.scoring.findings.finding import Source
from speedscore.scoring.findings.topics import KnownFact

Entry = tuple[str, Cell]
"""(name, what it is)."""

_URL = re.compile(r"https?://[^\s<>\"'\\]+")


def url_in(text: str) -> str:
    """The first address of a page in a text, without the punctuation of the sentence around it; empty for none."""
    found = _URL.search(text)
    if found is None:
        return ""
    url = found[0].rstrip(".,;:!?")
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(".,;:!?")
    return url


def fact_entries(source: Source, *, name: str, unit: str) -> Iterator[Entry]:
    """What one fact says, and where it says it."""
    yield name, Cell(wording.amount(source.value, unit), value=source.value, note=wording.origin(source))
    yield "", Cell(source.text, url=url_in(source.text), note=_method(source))


def _method(source: Source) -> str:
    age = f"{source.age_months} months old" if source.age_months else "of this month"
    record = "a record, which holds until it is beaten" if source.record else ""
    return "; ".join(filter(None, (source.method, source.definition, record, age)))


def known_fact_entries(fact: KnownFact) -> Iterator[Entry]:
    """A fact that no criterion asks for, and what says something else."""
    for place, source in enumerate(fact.sources):
        yield from fact_entries(source, name="Beside it" if place else "Known", unit=fact.unit)


def line_cell(line: unscored.Line, *, detail: str = "") -> Cell:
    """A line of what a card tells beside its scores."""
    return Cell(line.text, detail=detail, url=url_in(line.source), note=f"{line.origin}: {line.source}")
