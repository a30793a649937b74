"""Tables of the probes as the page shows them: the cells that ``speedscore probes`` prints, each leading to its probes.

What stands in a cell is made by the families' own functions. Here it is only found out which probe a cell is about.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes import table as probes_table
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.table import NOTHING
from speedscore.record.probe_result import ProbeResult
from speedscore.report.blocks import Cell, Column, Table
from speedscore.report.identifiers import block_id, probe_group_id, probe_id
from speedscore.report.probes import HeldProbe
from speedscore.text.numbers import first_line

LONGEST_REASON = 120
"""Characters of a reason's first line that a table has room for; the detail has all of it."""
_ROW_EACH = (".production.", ".steady.")
"""Packages of the families whose tables have a row for each answer."""
Link = Callable[[int, Sequence[str], str], str]
"""Of a row's place, the row and a column's head the detail of that cell; empty for none."""


def answers(held: Sequence[HeldProbe]) -> list[ProbeResult]:
    return [each.probe for each in held]


def detail_of(held: HeldProbe) -> str:
    return probe_id(held.run, held.probe.nodeid)


def reason_of(probe: ProbeResult, *, longest: int = LONGEST_REASON) -> str:
    """The first line of what the framework said, or of why it was not asked."""
    return textwrap.shorten(first_line(probe.reason), longest, placeholder=" …")


def family_tables(family: str, held: Sequence[HeldProbe], *, folded: bool = False) -> list[Table]:
    """What a family has to tell of these probes, as blocks."""
    of_family = [each for each in held if each.probe.family == family]
    made = FAMILIES[family].make_tables(answers(of_family))
    link = _link(family, of_family)
    sources = tuple(dict.fromkeys(each.run for each in of_family))
    return [
        block_of(table, link, name=block_id(family, str(place)), sources=sources, folded=folded)
        for place, table in enumerate(made)
    ]


def block_of(
    table: probes_table.Table, link: Link, *, name: str, sources: tuple[str, ...], folded: bool = False
) -> Table:
    """The table with a link wherever a figure stands, and at the head of each row that is about one probe."""
    return Table(
        id=name,
        title=table.title,
        columns=(Column(_head(table)), *map(Column, table.headers[1:])),
        rows=tuple(
            tuple(
                _cell(text, link(place, row, header), first=column == 0)
                for column, (text, header) in enumerate(zip(row, table.headers, strict=True))
            )
            for place, row in enumerate(table.rows)
        ),
        notes=table.notes,
        sources=sources,
        folded=folded,
    )


def _head(table: probes_table.Table) -> str:
    """Of the first column, which a terminal leaves without one."""
    of_frameworks = all(row[0] in FRAMEWORKS for row in table.rows)
    return table.headers[0] or ("Framework" if of_frameworks else "What")


def _cell(text: str, detail: str, *, first: bool) -> Cell:
    says = first or any(sign.isdigit() for sign in text)
    return Cell(text, detail=detail if says and text != NOTHING else "")


def _link(family: str, held: Sequence[HeldProbe]) -> Link:
    """A row of its own for each answered probe, where there are as many; else by the names of row and column."""
    answered = [each for each in held if each.probe.status == "answered"]
    by_names = {
        names: detail_of(each)
        for each in held
        for names in (
            (each.probe.subject, each.probe.framework),
            (each.probe.framework, each.probe.subject),
        )
        if each.probe.subject and not each.probe.target
    }
    groups = {
        each.probe.framework: probe_group_id(each.probe.framework, family) for each in held if not each.probe.target
    }

    def link(place: int, row: Sequence[str], header: str) -> str:
        if (row[0], header) in by_names:
            return by_names[row[0], header]
        if place < len(answered) and row[0] == answered[place].probe.framework and has_a_row_each(family):
            return detail_of(answered[place])
        return groups.get(row[0]) or groups.get(header, "")

    return link


def has_a_row_each(family: str) -> bool:
    """Whether a family's table has a row for each answered probe, in their order; those of ``_ROW_EACH`` promise it."""
    return any(package in FAMILIES[family].tables for package in _ROW_EACH)
