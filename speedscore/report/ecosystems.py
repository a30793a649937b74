"""Whose colour and shape an ecosystem has: those of the line of the matrix that it is scored as.

Scores are of ecosystems, measured series of lines: whoever follows ``flax-nnx`` through the charts finds JAX under the
same mark. Nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from speedscore.report.content import Content


def line_of_each(content: Content) -> Mapping[str, str]:
    """Ecosystem of each card → the line that it is scored as, else its first, else its own name."""
    lines = {card.framework: card.variants[0].line for card in content.scores.cards if card.variants}
    for ecosystem, line in _lines(content):
        lines.setdefault(ecosystem, line)
    return {card.framework: lines.get(card.framework, card.framework) for card in content.scores.cards}


def all_series(content: Content) -> tuple[str, ...]:
    """Whatever has a colour and a shape of its own: every line, then the ecosystems of which no run has any."""
    return tuple(dict.fromkeys([*content.frameworks, *line_of_each(content).values()]))


def _lines(content: Content) -> Iterator[tuple[str, str]]:
    """(ecosystem, line), in the order of the lines."""
    owners = {case.framework: case.ecosystem for _, case in content.cases}
    owners |= {probe.framework: probe.ecosystem for run in content.runs for probe in run.record.probes}
    return ((owners[line], line) for line in content.frameworks if line in owners)
