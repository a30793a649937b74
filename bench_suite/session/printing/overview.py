"""What a session measured, on one screen: how the frameworks compare in each model and phase, and what is wanting.

It reads a record and computes nothing but what one division gives. Everything that it leaves out stands in the tables
of ``terminal_report`` (``--full``), in the saved run and in the Markdown.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from speedscore.bench_suite.session.group_ratios import (
    GroupRatios,
    Slowdown,
    compiles_nothing,
    is_one_number,
    middle,
    missed_target,
    rounds_fraction,
)
from speedscore.bench_suite.session.noise import TOO_NOISY_FROM, is_too_noisy, likely_reason
from speedscore.bench_suite.workloads.presets import INTERVAL_WIDTH
from speedscore.host.control_groups import quota_processors
from speedscore.host.processors import allowed_processors
from speedscore.record.machines import by_machine, named_machine
from speedscore.record.phases import PHASES
from speedscore.record.run_record import CaseResult, RunRecord, Status
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import NO_FIGURE, duration, first_line
from speedscore.text.tables import columns_that_fit, plain_table

_LABEL_WIDTH = 12
_NAME_WIDTH = 10
"""A longer name of a framework is broken at its hyphens, so that six columns fit into eighty characters."""
_MOST_LINES = 2
"""How long a note may be; what does not fit is in the saved run."""
_NAMED = 3
"""Cases that a note names; the rest are counted."""


def overview_lines(run: RunRecord, *, width: int) -> list[str]:
    """A table of what each machine measured, and a note each for what failed, was skipped or was too noisy."""
    measured = [case for case in run.cases if case.status == "measured"]
    lines = []
    if measured:
        lines += textwrap.wrap(
            f"Preset {run.preset}. In each row the fastest's time and how many times as long each other took; a range "
            "(95 %) where the order is open.",
            width,
        )
        machines = by_machine(measured)
        for machine, cases in machines.items():
            if len(machines) > 1:
                lines += ["", *textwrap.wrap(f"On {named_machine(run, machine)}", width)]
            lines += [line for table in _tables(run, cases, width=width) for line in ("", *table)]
        lines.append("")
    return [*lines, *_notes(run, measured, width=width)]


def _tables(run: RunRecord, measured: Sequence[CaseResult], *, width: int) -> Iterator[list[str]]:
    """One table, or several below each other where there are more frameworks than columns have room."""
    frameworks = list(dict.fromkeys(case.framework for case in measured))
    groups: dict[tuple[str, str], dict[str, dict[str, CaseResult]]] = {}
    for case in sorted(measured, key=_place):
        group = groups.setdefault((case.phase, case.place), {})
        group.setdefault(case.model, {})[case.framework] = case
    rows = [
        [f"  {model}", *(_cells(cases, run, frameworks))]
        for models in groups.values()
        for model, cases in models.items()
    ]
    several = len({place for _, place in groups}) > 1
    titles = [_title(next(iter(models.values())), place=several) for models in groups.values()]
    title_of_row = [title for title, models in zip(titles, groups.values(), strict=True) for _ in models]
    for chosen in _columns_that_fit(frameworks, rows, width=width):
        header = _header([frameworks[place] for place in chosen])
        # A framework that has one model alone, as a tuned one may, would fill a table of its own with dashes.
        kept = [place for place, row in enumerate(rows) if any(row[1 + column] != NO_FIGURE for column in chosen)]
        body = [[rows[place][0], *(rows[place][1 + column] for column in chosen)] for place in kept]
        lines = plain_table([*header, *body])
        table, title = lines[: len(header)], ""
        for place, line in zip(kept, lines[len(header) :], strict=True):
            if title != title_of_row[place]:
                title = title_of_row[place]
                table.append(title)
            table.append(line)
        yield table


def _title(cases: Mapping[str, CaseResult], *, place: bool) -> str:
    case = next(iter(cases.values()))
    where = f" on {case.place}" if place else ""
    once = "; one each" if any(map(is_one_number, cases.values())) else ""
    return f"{PHASES[case.phase].title}{where}: {case.metric.title}{once}"


def _cells(cases: Mapping[str, CaseResult], run: RunRecord, frameworks: Sequence[str]) -> list[str]:
    """One row: the fastest's own figure, and of the others how many times as long they took."""
    fastest = min(cases.values(), key=lambda case: (compiles_nothing(case), middle(case)))
    ratios = GroupRatios(run.ratios, fastest)
    return [
        NO_FIGURE if (case := cases.get(name)) is None else short_figure(case, fastest=fastest, ratios=ratios)
        for name in frameworks
    ]


def short_figure(case: CaseResult, *, fastest: CaseResult, ratios: GroupRatios) -> str:
    """How many times as long as the fastest; the case's own time where nothing is to be divided."""
    if case is fastest or compiles_nothing(case) or is_one_number(case) or is_one_number(fastest):
        return duration(middle(case))
    return _times(ratios.slowdown(case, fastest))


def _times(slowdown: Slowdown) -> str:
    if slowdown.low is None or slowdown.high is None or slowdown.low > 1 or slowdown.high < 1:
        return f"{slowdown.text()}×" if not slowdown.is_senseless else "noisy"
    return "noisy" if slowdown.is_senseless else f"{slowdown.text(slowdown.low)}–{slowdown.text(slowdown.high)}×"


def _header(names: Sequence[str]) -> list[list[str]]:
    """Rows of the frameworks' names, those that are long in several parts."""
    parts = [_parts(name) for name in names]
    height = max(map(len, parts))
    padded = [[""] * (height - len(part)) + part for part in parts]
    return [["", *(part[row] for part in padded)] for row in range(height)]


def _parts(name: str) -> list[str]:
    return textwrap.wrap(name, _NAME_WIDTH, break_long_words=False)


def _columns_that_fit(frameworks: Sequence[str], rows: Sequence[Sequence[str]], *, width: int) -> Iterator[list[int]]:
    """Places of the frameworks of each table."""
    widths = [
        max(map(len, (*_parts(name), *(row[1 + place] for row in rows)))) for place, name in enumerate(frameworks)
    ]
    return columns_that_fit(widths, room=width - max(len(row[0]) for row in rows))


def _notes(run: RunRecord, measured: Sequence[CaseResult], *, width: int) -> list[str]:
    notes = [
        _unmeasured(run, "failed"),
        _unmeasured(run, "skipped"),
        *(_too_noisy(run, cases) for cases in by_machine(measured).values()),
        _narrow(measured),
    ]
    if unlike := unlike_attention(measured):
        notes.append(("Attention", unlike))
    if any(case.certificate is not None for case in measured):
        worst = max(case.certificate.worst_ratio for case in measured if case.certificate is not None)
        notes.append(
            ("Certified", f"all {len(measured)} compute their workload; largest error {100 * worst:.0f} % of tolerance")
        )
    return [line for note in notes if note for line in _note(*note, width=width)]


def unlike_attention(measured: Sequence[CaseResult]) -> str:
    """Which frameworks compute attention in which way, where not all do alike; else nothing.

    A fused kernel never writes the matrix of scores that the others write and read again: side by side they are not the
    same work, though the same model.
    """
    ways: dict[str, list[str]] = {}
    for case in measured:
        if way := case.program.attention:
            frameworks = ways.setdefault(way, [])
            if case.framework not in frameworks:
                frameworks.append(case.framework)
    if len(ways) < 2:
        return ""
    return "; ".join(f"{', '.join(frameworks)}: {way}" for way, frameworks in ways.items())


def _note(label: str, text: str, *, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=label.ljust(_LABEL_WIDTH),
        subsequent_indent=" " * _LABEL_WIDTH,
        break_on_hyphens=False,
        max_lines=_MOST_LINES,
        placeholder=" …",
    )


def _unmeasured(run: RunRecord, status: Status) -> tuple[str, str] | None:
    """How many cases came to that end, which, and the commonest reasons."""
    cases = [case for case in run.cases if case.status == status]
    if not cases:
        return None
    reasons = [reason for reason, _ in Counter(first_line(case.reason) for case in cases).most_common()]
    if len(cases) > _NAMED * len(reasons):
        names = [f"{count} on {place}" for place, count in Counter(case.place for case in cases).items()]
    else:
        names = [_names([case for case in cases if first_line(case.reason) == reason]) for reason in reasons]
    # All names before the first reason: a reason may be so long that it leaves room for nothing else.
    return status.capitalize(), f"{len(cases)} of {len(run.cases)}: {', '.join(names)} ({'; '.join(reasons)})"


def _too_noisy(run: RunRecord, measured: Sequence[CaseResult]) -> tuple[str, str] | None:
    """Of one machine's cases, with what is known of that machine."""
    noisy = [case for case in measured if is_too_noisy(rounds_fraction(case))]
    if not noisy:
        return None
    reason = likely_reason(
        busy_processors=max(
            max(case.worker.processors_busy_before or 0.0, case.worker.processors_busy_during or 0.0) for case in noisy
        ),
        **_limits_of(run, noisy[0]),
    )
    where = f" on {one_line(noisy[0].machine)}" if noisy[0].machine else ""
    return (
        "Too noisy",
        f"{len(noisy)} of {len(measured)}{where}, wider than ±{100 * TOO_NOISY_FROM:.0f} % (likely reason: {reason}): "
        f"{_names(noisy)}",
    )


class _Limits(TypedDict):
    quota_processors: float | None
    processors: int


def _limits_of(run: RunRecord, case: CaseResult) -> _Limits:
    """What the processors of the case's machine allow: read here, or for another machine from its record."""
    if not case.machine:
        return _Limits(quota_processors=quota_processors(), processors=len(allowed_processors()))
    known = run.environment_of(case)
    quota = known.get("cpu.quota_processors")
    return _Limits(
        quota_processors=quota if isinstance(quota, int | float) else None,
        processors=len(str(known.get("cpu.affinity", "0")).split(",")),
    )


def _narrow(measured: Sequence[CaseResult]) -> tuple[str, str] | None:
    """How many cases reached the target of their rounds; nothing where all did."""
    timed = [case for case in measured if case.stopped and not PHASES[case.phase].compiles]
    missed = sum(map(missed_target, timed))
    if not missed:
        return None
    return "Narrow", (
        f"{len(timed) - missed} of {len(timed)} timed cases (median within ±{100 * INTERVAL_WIDTH:.0f} % in each "
        "process); time ended the rounds of the others"
    )


def _names(cases: Sequence[CaseResult]) -> str:
    if len(cases) > _NAMED and len(counts := Counter(case.place for case in cases)) == 1:
        return f"{len(cases)} on {next(iter(counts))}"
    named = ", ".join(f"{PHASES[case.phase].title} {case.id}" for case in cases[:_NAMED])
    return named if len(cases) <= _NAMED else f"{named} and {len(cases) - _NAMED} more"


def _place(case: CaseResult) -> tuple[int, str, str]:
    return list(PHASES).index(case.phase), case.place, case.model
