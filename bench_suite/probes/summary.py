"""What a session's probes came to, on one screen: a line a question and target, a column a framework.

It reads saved answers and counts them; it asks nothing and ranks nothing. What each family has to tell beyond that
stands in its own tables.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.table import NOTHING, Table, terminal_lines
from speedscore.record.measurement import Measurement
from speedscore.record.probe_result import ProbeResult
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import duration, first_line, size

NO_CONTROL = "unproved"
"""In place of a figure whose control was not asked, or did not hold."""


class Line(msgspec.Struct, frozen=True):
    """One question, and what each framework came to."""

    title: str
    family: str
    target: str
    cells: dict[str, str]
    """By framework; one that was not asked has none."""


def summary_lines(probes: Sequence[ProbeResult], *, width: int) -> list[str]:
    """The table in lines of at most ``width`` characters, and why some were not asked; nothing where none was."""
    if not probes:
        return []
    table = summary_table(probes)
    return [*(terminal_lines(table, width=width) if table.rows else ()), *missing_lines(probes, width=width)]


def summary_table(probes: Sequence[ProbeResult]) -> Table:
    """A line for each question and target that has answers, a column for each framework that gave any."""
    answered = {probe.framework for probe in probes if probe.status == "answered"}
    frameworks = [name for name in FRAMEWORKS if name in answered]
    return Table(
        headers=("", *frameworks),
        rows=tuple(
            (line.title, *(line.cells.get(name, NOTHING) for name in frameworks)) for line in make_lines(probes)
        ),
    )


def make_lines(probes: Sequence[ProbeResult]) -> Iterable[Line]:
    """A line for each family and target that has answers, in the order of the families."""
    for name, family in FAMILIES.items():
        if family.is_control:
            continue
        targets = dict.fromkeys(probe.target for probe in probes if probe.family == name)
        for target in targets:
            of_line = [probe for probe in probes if (probe.family, probe.target) == (name, target)]
            cells = {
                framework: _cell([probe for probe in of_line if probe.framework == framework], probes)
                for framework in dict.fromkeys(probe.framework for probe in of_line)
            }
            cells = {framework: cell for framework, cell in cells.items() if cell}
            if cells:
                title = f"{family.short}{family.joint}{target}" if target else family.short
                yield Line(title=title, family=name, target=target, cells=cells)


def proved(probe: ProbeResult, probes: Iterable[ProbeResult]) -> bool:
    """Whether the control of a probe's family held for its framework and target; true where the family has none.

    A way that there is not needs no proof.
    """
    control = FAMILIES[probe.family].control
    if not control or probe.outcome == "no route":
        return True
    return any(
        other.outcome == FAMILIES[control].outcomes[0]
        for other in probes
        if (other.family, other.framework, other.target) == (control, probe.framework, probe.target)
    )


def _cell(of_cell: Sequence[ProbeResult], probes: Sequence[ProbeResult]) -> str:
    """The family's figure, or how many came out good, of how many; the outcome itself where there is but one."""
    answered = [probe for probe in of_cell if probe.status == "answered"]
    if not answered:
        return ""
    if not all(proved(probe, probes) for probe in answered):
        return NO_CONTROL
    family = FAMILIES[answered[0].family]
    figures = [figure for probe in answered if (figure := probe.find(family.figure)) is not None]
    if figures and family.figure_of:
        return f"{_total(answered, (family.figure,))} of {_total(answered, family.figure_of)}"
    if figures:
        return _quantity(figures)
    if len(answered) == 1 or {probe.outcome for probe in answered} == {"no route"}:
        return answered[0].outcome
    return f"{sum(probe.outcome in family.outcomes[: family.good] for probe in answered)} of {len(answered)}"


def _total(answered: Iterable[ProbeResult], metrics: Iterable[str]) -> str:
    """Of what was counted; what an older run did not count is none of it."""
    counted = [probe.find(metric) for probe in answered for metric in metrics]
    return f"{sum(median(found.samples) for found in counted if found is not None):.0f}"


def _quantity(figures: Sequence[Measurement]) -> str:
    middle = median(median(figure.samples) for figure in figures)
    match figures[0].unit:
        case "s":
            return duration(middle)
        case "bytes":
            return size(middle)
        case "count":
            return f"{middle:.0f}"


def missing_lines(probes: Sequence[ProbeResult], *, width: int) -> list[str]:
    """How many have no answer, and why; nothing where all have."""
    missing = [probe for probe in probes if probe.status != "answered"]
    if not missing:
        return []
    lines = [f"{len(missing)} of {len(probes)} probes have no answer:"]
    reasons = Counter((probe.status, first_line(probe.reason)) for probe in missing)
    for (status, reason), count in reasons.most_common():
        lines += textwrap.wrap(
            one_line(f"{count} {status}: {reason}"),
            width,
            initial_indent="  ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
    return lines
