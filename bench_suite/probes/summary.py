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
from tabulate import tabulate

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.record.measurement import Measurement
from speedscore.record.probe_result import ProbeResult
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import duration, first_line, size, three_digits

NOTHING = "–"
NO_CONTROL = "unproved"
"""In place of a figure whose control was not asked, or did not hold."""


class Line(msgspec.Struct, frozen=True):
    """One question, and what each framework came to."""

    title: str
    cells: dict[str, str]
    """By framework; one that was not asked has none."""


def summary_lines(probes: Sequence[ProbeResult], *, width: int) -> list[str]:
    """The table in lines of at most ``width`` characters, and why some were not asked; nothing where none was."""
    if not probes:
        return []
    lines: list[str] = []
    table = list(make_lines(probes))
    if table:
        answered = {probe.framework for probe in probes if probe.status == "answered"}
        frameworks = [name for name in FRAMEWORKS if name in answered]
        for chosen in _that_fit(frameworks, table, width=width):
            rows = [[line.title, *(line.cells.get(name, NOTHING) for name in chosen)] for line in table]
            rows = [row for row in rows if any(cell != NOTHING for cell in row[1:])]
            headers = ["", *(name.replace("-", "\n", 1) for name in chosen)]
            lines += tabulate(rows, headers=headers, tablefmt="plain", disable_numparse=True).splitlines()
            lines.append("")
    return [*lines, *_missing_lines(probes, width=width)]


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
                yield Line(f"{family.short}{f' to {target}' if target else ''}", cells)


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
    """How many came to the family's best outcome, of how many; the outcome itself where there is but one."""
    answered = [probe for probe in of_cell if probe.status == "answered"]
    if not answered:
        return ""
    if not all(proved(probe, probes) for probe in answered):
        return NO_CONTROL
    if len(answered) == 1 and (figure := answered[0].find(FAMILIES[answered[0].family].figure)) is not None:
        return _quantity(figure)
    if len({probe.outcome for probe in answered}) == 1 and (len(answered) == 1 or answered[0].outcome == "no route"):
        return answered[0].outcome
    best = FAMILIES[answered[0].family].outcomes[0]
    return f"{sum(probe.outcome == best for probe in answered)} of {len(answered)}"


def _quantity(figure: Measurement) -> str:
    middle = median(figure.samples)
    match figure.unit:
        case "s":
            return duration(middle)
        case "bytes":
            return size(middle)
        case "count":
            return three_digits(middle)


def _that_fit(frameworks: Sequence[str], table: Sequence[Line], *, width: int) -> Iterable[list[str]]:
    """The frameworks in groups whose columns fit beside each other."""
    gap, label = 2, max(len(line.title) for line in table)
    left, chosen = width - label, list[str]()
    for name in frameworks:
        parts = name.split("-", 1)
        needed = gap + max(max(map(len, parts)), *(len(line.cells.get(name, NOTHING)) for line in table))
        if needed > left and chosen:
            yield chosen
            left, chosen = width - label, []
        left -= needed
        chosen.append(name)
    yield chosen


def _missing_lines(probes: Sequence[ProbeResult], *, width: int) -> list[str]:
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
