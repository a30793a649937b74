"""What is said of figures whose two sides were measured on different machines of one kind.

Their hardware is alike in all that is recorded, so they may be compared, and they may still differ in speed. It knows
names only; what such a difference does to a verdict is ``deciding``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from speedscore.comparing.rows import Row
from speedscore.comparing.saved_run import CaseFigures
from speedscore.text.numbers import counted, first_of

_MOST_NAMES = 3


def names_of(cases: Iterable[CaseFigures]) -> tuple[str, ...]:
    """Of the machines that figures are of; without those that are not known."""
    return tuple(sorted({case.machine_name for case in cases if case.figures and case.machine_name}))


def machine_warnings(rows: Sequence[Row]) -> list[str]:
    """One for all that was compared between machines of a fleet, and one for all between hosts; none where nothing
    was."""
    return [warning for by_host_names in (False, True) for warning in _warning(rows, by_host_names=by_host_names)]


def _warning(rows: Iterable[Row], *, by_host_names: bool) -> Iterator[str]:
    cases = {
        row.verdict.case: row.verdict.machine
        for row in rows
        if row.is_between_machines and row.is_by_host_names == by_host_names
    }
    if cases:
        machines = first_of(list(dict.fromkeys(cases.values())), 1, between="; ")
        difference = (
            f"under different host names ({machines}), which count as different machines of one kind: the ratio may "
            "hold the difference between two machines"
            if by_host_names
            else f"on different machines of one kind ({machines}): the ratio holds the difference between the machines "
            "too"
        )
        yield f"{counted(len(cases), 'case')} measured {difference}; measure both sides on one"


def where(row: Row, rows: Iterable[Row]) -> list[str]:
    """Between which machines a row was compared, where that is not the same for all of them."""
    if not row.is_between_machines or all(other.verdict.machine == row.verdict.machine for other in rows):
        return []
    return [f"machine {row.verdict.machine}"]


def machines_text(names: tuple[str, ...]) -> str:
    return f"on {first_of(names, _MOST_NAMES)}" if names else ""
