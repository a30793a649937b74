"""The details of probes: what was asked, what came of it, in the framework's own words, and with which versions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.host.fields import Scalar
from speedscore.record.probe_result import ProbeResult
from speedscore.report.blocks import Cell, Column, Detail, DetailTable
from speedscore.report.content import Content
from speedscore.report.details.sources import Entry
from speedscore.report.identifiers import finding_id, probe_id, run_id
from speedscore.report.probes import HeldProbe, groups_of, mistakes, probes_of
from speedscore.scoring.cards.measured_wording import quantity
from speedscore.text.numbers import first_line

_Used = Mapping[str, list[tuple[str, Cell]]]
"""Detail of a probe → the answers that rest on it."""
_LONGEST_REASON = 160
_SAMPLES = 12
"""Written out of a measurement; the saved run has the rest."""


def probe_details(content: Content) -> tuple[Detail, ...]:
    """Of every probe that is shown or that an answer rests on, and of those that one cell of a table counts."""
    held = probes_of(content)
    used = _used(content)
    shown = {probe_id(each.run, each.probe.nodeid): each for each in held}
    for run in content.runs:
        for probe in run.record.probes:
            if (own_id := probe_id(run.name, probe.nodeid)) in used:
                shown.setdefault(own_id, HeldProbe(run=run.name, probe=probe))
    return (
        *(_detail(each, used) for each in shown.values()),
        *(_group(name, each) for name, each in groups_of(held).items()),
    )


def _used(content: Content) -> _Used:
    used: dict[str, list[tuple[str, Cell]]] = {}
    for card in content.scores.cards:
        for dimension in card.dimensions:
            for finding in dimension.findings:
                for answer in finding.probed.answers if finding.probed is not None else ():
                    cell = Cell(finding.criterion.name, detail=finding_id(card.framework, finding.criterion.id))
                    used.setdefault(probe_id(answer.run, answer.probe.nodeid), []).append(("Answers", cell))
    return used


def _detail(held: HeldProbe, used: _Used) -> Detail:
    probe = held.probe
    own_id = probe_id(held.run, probe.nodeid)
    return Detail(
        id=own_id,
        title=f"{probe.framework}: {family_title(probe.family)}",
        entries=(*_entries(held), *used.get(own_id, [])),
        tables=tuple(_tables(probe)),
    )


def family_title(name: str) -> str:
    """What a family asks; its name where another release knew it."""
    return FAMILIES[name].title if name in FAMILIES else name


def _entries(held: HeldProbe) -> Iterator[Entry]:
    probe = held.probe
    yield "Test", Cell(probe.nodeid)
    if about := " to ".join(filter(None, (probe.subject, probe.target))):
        yield "About", Cell(about)
    if probe.family == "mistake" and (mistake := mistakes().get(probe.subject)) is not None:
        yield "The mistake", Cell(mistake.title, note=mistake.wrong)
        for source in mistake.sources:
            yield "Where users met it", Cell(source, url=source)
    yield "What came of it", Cell(probe.outcome or probe.status)
    if probe.seconds:
        yield "Took", Cell(quantity(probe.seconds[0], "s"), value=probe.seconds[0])
    for measurement in probe.measurements:
        samples = [quantity(sample, measurement.unit) for sample in measurement.samples]
        more = f" and {len(samples) - _SAMPLES} more" if len(samples) > _SAMPLES else ""
        yield measurement.name.replace("_", " "), Cell(f"{', '.join(samples[:_SAMPLES])}{more}")
    for name, value in probe.observations.items():
        if value not in (None, ""):
            yield name.replace("_", " "), Cell(_words(value))
    if probe.versions:
        yield "Versions", Cell(", ".join(f"{name} {version}" for name, version in probe.versions.items()))
    yield "Asked in", Cell(held.run, detail=run_id(held.run), note=probe.occasion)


def _words(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _tables(probe: ProbeResult) -> Iterator[DetailTable]:
    """What the framework said, line by line."""
    if probe.reason:
        title = "In its own words" if probe.status == "answered" else f"Why it was {probe.status}"
        yield DetailTable(
            title=title, columns=(Column("line"),), rows=tuple((line,) for line in probe.reason.splitlines())
        )


def _group(name: str, held: list[HeldProbe]) -> Detail:
    first = held[0].probe
    target = f" to {first.target}" if first.target else ""
    return Detail(
        id=name,
        title=f"{first.framework}: {family_title(first.family)}{target}",
        entries=tuple(
            (
                each.probe.subject or each.probe.target or each.probe.family,
                Cell(
                    each.probe.outcome or each.probe.status,
                    detail=probe_id(each.run, each.probe.nodeid),
                    note=textwrap.shorten(first_line(each.probe.reason), _LONGEST_REASON, placeholder=" …"),
                ),
            )
            for each in held
        ),
    )
