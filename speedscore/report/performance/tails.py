"""How far the slowest rounds lie above their median, and which rounds stalled, with turn and process.

A round is a mean over several steps: what a single step took cannot be read from it. Nothing is left out of a figure
for being slow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median, quantiles

import msgspec

from speedscore.record.rounds import rounds_by_process
from speedscore.record.run_record import CaseResult, Round
from speedscore.report.blocks import Block, Cell, Column, Prose, Table
from speedscore.report.identifiers import case_id
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import NO_FIGURE, duration, factor

STALLED_FROM = 2.0
"""Times the median of its own process from which a round is called a stall."""
FEWEST_FOR_P99 = 100
"""Rounds below which a 99th percentile is but the largest, or a guess between the two largest."""


class Placed(msgspec.Struct, frozen=True):
    """A round beside the median of its process."""

    case: CaseResult
    round: Round
    times_median: float


def place_rounds(case: CaseResult) -> list[Placed]:
    """Every round, as a multiple of the median of its own process."""
    return [
        Placed(case, round_, round_.seconds / middle)
        for rounds in rounds_by_process(case.rounds).values()
        for middle in [median(round_.seconds for round_ in rounds)]
        for round_ in rounds
    ]


def find_stalls(cases: Sequence[CaseResult]) -> list[Placed]:
    """The longest first."""
    placed = [each for case in cases for each in place_rounds(case) if each.times_median >= STALLED_FROM]
    return sorted(placed, key=lambda each: -each.times_median)


def p99_times_median(case: CaseResult) -> float | None:
    """The 99th percentile of its rounds as multiples of their process's median; None of fewer than a hundred."""
    if len(case.rounds) < FEWEST_FOR_P99:
        return None
    return quantiles((each.times_median for each in place_rounds(case)), n=100, method="inclusive")[98]


def blocks(group: Group) -> tuple[Block, ...]:
    """Nothing of a compilation, which has one round a process."""
    if group.spec.compiles:
        return ()
    return (_tails(group), *_stalls(group))


def _tails(group: Group) -> Table:
    most = max((max(place_rounds(case), key=_times) for case in group.measured), key=_times)
    has_p99 = any(len(case.rounds) >= FEWEST_FOR_P99 for case in group.measured)
    return Table(
        id=group.id("tails"),
        title=f"Slowest rounds: {group.title}",
        lead=f"The slowest round of all is one of {most.case.framework}: {factor(most.times_median)} times its median.",
        columns=(
            Column("Framework"),
            Column("Slowest over median", numeric=True, meaning="of its own process"),
            *([Column("p99 over median", numeric=True, meaning="of 100 rounds or more")] if has_p99 else []),
            Column("Rounds", numeric=True),
            Column("Processes", numeric=True),
            Column("Steps a round", numeric=True),
            Column("Stalls", numeric=True, meaning=f"rounds of {STALLED_FROM:g} times their median or more"),
        ),
        rows=tuple(tuple(_tail_row(group, case, has_p99=has_p99)) for case in group.measured),
        notes=_notes(group),
        sources=group.sources,
        tags=group.tags,
    )


def _tail_row(group: Group, case: CaseResult, *, has_p99: bool) -> Iterator[Cell]:
    placed = place_rounds(case)
    slowest = max(map(_times, placed))
    yield group.name_cell(case)
    yield Cell(factor(slowest), value=slowest, detail=case_id(group.run, case))
    if has_p99:
        p99 = p99_times_median(case)
        yield Cell(NO_FIGURE) if p99 is None else Cell(factor(p99), value=p99)
    yield _count(len(case.rounds))
    yield _count(len(rounds_by_process(case.rounds)))
    yield _count(case.steps_per_round)
    yield _count(len(find_stalls([case])))


def _notes(group: Group) -> tuple[str, ...]:
    notes = [
        "A round is a mean over its steps, so that one slow step among many hardly shows: percentiles of single steps "
        "are not known."
    ]
    fewest = min(len(case.rounds) for case in group.measured)
    if fewest < FEWEST_FOR_P99:
        notes.append(f"No p99 of fewer than {FEWEST_FOR_P99} rounds: it would lie between the two slowest.")
    return tuple(notes)


def _stalls(group: Group) -> tuple[Block, ...]:
    stalls = find_stalls(group.measured)
    title = f"Stalls: {group.title}"
    if not stalls:
        said = f"None: no round took {STALLED_FROM:g} times the median of its process or longer."
        return (Prose(id=group.id("stalls"), title=title, items=(Cell(said),), form="paragraphs", tags=group.tags),)
    return (
        Table(
            id=group.id("stalls"),
            title=title,
            lead=_stalls_lead(stalls),
            columns=(
                Column("Framework"),
                Column("Round", unit="s", numeric=True),
                Column("Times its median", numeric=True),
                Column("Turn", numeric=True),
                Column("Process", numeric=True),
            ),
            rows=tuple(_stall_row(group, stall) for stall in stalls),
            notes=(
                "They are in the figures as every other round is; a median hardly moves for one. Rounds of one turn "
                "and process number were neighbours in time.",
            ),
            sources=group.sources,
            tags=group.tags,
        ),
    )


def _stalls_lead(stalls: Sequence[Placed]) -> str:
    """How many there were, and whether several frameworks stalled at the same time."""
    if len(stalls) == 1:
        return f"One round took {STALLED_FROM:g} times the median of its process or longer."
    said = f"{len(stalls)} rounds took {STALLED_FROM:g} times the median of their process or longer"
    places = {
        (each.case.framework, each.round.process, each.round.turn) for each in stalls if each.round.turn is not None
    }
    turns = Counter((process, turn) for _, process, turn in places)
    if not (shared := sorted((place for place, count in turns.items() if count > 1), key=str)):
        return f"{said}, no two frameworks in the same turn."
    where = ", ".join(f"turn {turn} of process {process}" for process, turn in shared)
    return f"{said}. Several frameworks stalled in {where}, which points to the machine rather than to one of them."


def _stall_row(group: Group, stall: Placed) -> tuple[Cell, ...]:
    return (
        group.name_cell(stall.case),
        Cell(duration(stall.round.seconds), value=stall.round.seconds, detail=case_id(group.run, stall.case)),
        Cell(factor(stall.times_median), value=stall.times_median),
        _count(stall.round.turn),
        _count(stall.round.process),
    )


def _count(number: int | None) -> Cell:
    return Cell(NO_FIGURE) if number is None else Cell(f"{number:,}", value=number)


def _times(placed: Placed) -> float:
    return placed.times_median
