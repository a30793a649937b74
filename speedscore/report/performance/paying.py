"""Whether compiling pays: a line a framework of the time after so many steps, and the step from which each pays.

The arithmetic is ``break_even``'s; here it is given its figures, and put into words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from speedscore.bench_suite.session.group_ratios import is_eager, middle
from speedscore.record.metrics import WARM
from speedscore.record.rounds import figure_of_rounds, interval_fraction_over_processes
from speedscore.record.run_record import CaseResult, Round
from speedscore.report.blocks import Block, Cell, Column, Figure, Table
from speedscore.report.charts import break_even as chart
from speedscore.report.performance.break_even import BreakEven, PerStep, Start, break_even
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import NO_FIGURE, duration

_FIRST = "time_to_first_step_seconds"
_COUNTED = {"training": "steps", "inference": "calls", "throughput": "passes"}
_FEWEST_DECADES, _MOST_DECADES = 3, 8
Starts = Mapping[str, Start]
"""By framework."""


def blocks(group: Group, others: Sequence[Group]) -> tuple[Block, ...]:
    """Nothing of a phase that counts none, or where fewer than two say how long their first step took.

    ``others`` are all groups of the report.
    """
    if group.phase not in _COUNTED:
        return ()
    cold = {case.framework: start for case in group.measured if (start := _start(case, _FIRST)) is not None}
    cases = [case for case in group.measured if case.framework in cold]
    if len(cases) < 2:
        return ()
    rivals = [case for case in cases if is_eager(case)] or [min(cases, key=lambda case: cold[case.framework].seconds)]
    return (_figure(group, cases, cold), _table(group, cases, rivals=rivals, cold=cold, warm=_warm(group, others)))


def _start(case: CaseResult, name: str) -> Start | None:
    measurement = case.find(name)
    if measurement is None or not all(measurement.samples):
        return None
    # One compilation a process: as rounds they have the one estimator's figure and interval.
    rounds = [Round(seconds, process=process) for process, seconds in enumerate(measurement.samples)]
    figure, fraction = figure_of_rounds(rounds), interval_fraction_over_processes(rounds)
    if fraction is None:
        return Start(figure)
    return Start(figure, low=figure / (1 + fraction), high=figure * (1 + fraction))


def _warm(group: Group, others: Sequence[Group]) -> Starts:
    """From warm caches, which only the training step is compiled from."""
    if group.phase != "training":
        return {}
    place = (group.run.name, group.run_title, group.place, group.model)
    cases = (
        case
        for other in others
        if other.spec.is_warm and (other.run.name, other.run_title, other.place, other.model) == place
        for case in other.measured
    )
    return {case.framework: start for case in cases if (start := _start(case, f"{WARM}{_FIRST}")) is not None}


def _figure(group: Group, cases: Sequence[CaseResult], cold: Starts) -> Figure:
    counted = _COUNTED[group.phase]
    rows = tuple(
        (case.framework, steps, cold[case.framework].seconds + (steps - 1) * middle(case))
        for case in cases
        for steps in _grid(cases, cold)
    )
    return Figure(
        id=group.id("break-even"),
        title=f"When compiling pays: {group.title}",
        lead=_lead(rows, counted),
        spec=chart.spec([case.framework for case in cases], steps=f"{counted} done"),
        columns=(Column("framework"), Column(counted, numeric=True), Column("seconds", unit="s", numeric=True)),
        fields=("framework", "steps", "seconds"),
        rows=rows,
        notes=(
            f"The time after n {counted} is that to the end of the first, compiling from empty caches included, and "
            "n − 1 times the figure of this phase. It is worked out, and no run of so many was timed.",
        ),
        sources=group.sources,
        tags=group.tags,
    )


def _grid(cases: Sequence[CaseResult], cold: Starts) -> list[int]:
    """1, 2, 5, 10, … until the slowest start has been made up for."""
    needed = max(cold[case.framework].seconds for case in cases) / min(map(middle, cases))
    decades = min(max(math.ceil(math.log10(max(needed, 1.0))) + 1, _FEWEST_DECADES), _MOST_DECADES)
    return [mantissa * 10**decade for decade in range(decades) for mantissa in (1, 2, 5)] + [10**decades]


def _lead(rows: Sequence[tuple[str, int, float]], counted: str) -> str:
    """Who has taken the least time after one step, and who later on."""
    leaders: dict[str, int] = {}
    for steps in sorted({row[1] for row in rows}):
        leaders.setdefault(min((row for row in rows if row[1] == steps), key=lambda row: row[2])[0], steps)
    (first, _), *later = leaders.items()
    said = f"{first} has taken the least time after the first of the {counted}"
    return f"{said}{''.join(f', {name} by {steps:,}' for name, steps in later)}."


def _table(
    group: Group, cases: Sequence[CaseResult], *, rivals: Sequence[CaseResult], cold: Starts, warm: Starts
) -> Table:
    rows = []
    for case in cases:
        row = [group.name_cell(case), _start_cell(cold.get(case.framework)), group.figure_cell(case)]
        for rival in rivals:
            row.append(_cell(group, case, rival, starts=cold))
            if warm:
                row.append(_cell(group, case, rival, starts=warm))
        rows.append(tuple(row))
    return Table(
        id=group.id("break-even-table"),
        title=f"From which of the {_COUNTED[group.phase]} it pays: {group.title}",
        columns=(
            Column("Framework"),
            Column("To the first", unit="s", numeric=True, meaning="time to the end of the first step, empty caches"),
            Column("Each", unit="s", numeric=True, meaning=group.spec.metric.title),
            *(column for rival in rivals for column in _rival_columns(rival, warm=bool(warm))),
        ),
        rows=tuple(rows),
        notes=_notes(rivals),
        sources=group.sources,
        tags=group.tags,
    )


def _rival_columns(rival: CaseResult, *, warm: bool) -> Iterator[Column]:
    name = f"{rival.framework}, which is eager" if is_eager(rival) else rival.framework
    yield Column(f"Pays against {name}", numeric=True, meaning="the first at which it is not behind, empty caches")
    if warm:
        yield Column("From warm caches", numeric=True, meaning="the same, both from warm caches")


def _notes(rivals: Sequence[CaseResult]) -> tuple[str, ...]:
    names = " and ".join(rival.framework for rival in rivals)
    why = (
        "compiles nothing" if all(map(is_eager, rivals)) else "is done with its first soonest, as nothing here is eager"
    )
    return (
        f"{names} {why}. It pays from 1 + (difference of the times to the first) / (difference of the times of each), "
        "rounded up, where the second difference is by the record's ratio of the two.",
        "Bounds take the ends of every known interval at once: of the ratio, and of the time to the first where it was "
        "compiled in three processes or more. Otherwise how much compiling varies is not in them.",
    )


def _start_cell(start: Start | None) -> Cell:
    return Cell(NO_FIGURE) if start is None else Cell(duration(start.seconds), value=start.seconds)


def _cell(group: Group, case: CaseResult, rival: CaseResult, *, starts: Starts) -> Cell:
    own, other = starts.get(case.framework), starts.get(rival.framework)
    if case is rival or own is None or other is None:
        return Cell(NO_FIGURE)
    slowdown = group.ratios.slowdown(rival, case)
    if slowdown.is_senseless:
        return Cell(NO_FIGURE, note="processes disagree")
    return break_even_cell(
        break_even(own, other, PerStep(middle(case), slowdown.value, low=slowdown.low, high=slowdown.high))
    )


def break_even_cell(found: BreakEven) -> Cell:
    """In words: the step, or never, and between which bounds."""
    if 1 < found.until < math.inf:
        return Cell(f"until {found.until:,}", value=found.until, note=_bounds(found))
    if found.steps == math.inf or found.until == 1:
        return Cell("never", note=_bounds(found))
    return Cell(f"{found.steps:,}", value=found.steps, note=_bounds(found))


def _bounds(found: BreakEven) -> str:
    if found.earliest is None or found.latest is None or found.earliest == found.latest:
        return ""
    early, late = (f"{steps:,}" if steps < math.inf else "never" for steps in (found.earliest, found.latest))
    return f"{early} to {late}" if late != "never" else f"{early}, or never"
