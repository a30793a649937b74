"""One group's table on the terminal: one phase, model, device and precision, and what sets frameworks apart.

Eighty columns. It reads results and ratios and computes nothing but what one division gives.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from speedscore.bench_suite.session.group_ratios import (
    GroupRatios,
    compiles_nothing,
    is_one_number,
    middle,
    missed_target,
    rounds_fraction,
)
from speedscore.bench_suite.session.noise import is_too_noisy
from speedscore.bench_suite.workloads.presets import INTERVAL_WIDTH
from speedscore.record.phases import PHASES
from speedscore.record.rounds import (
    FEWEST_FOR_AN_INTERVAL,
    interval_fraction_over_processes,
    process_medians,
)
from speedscore.record.run_record import CaseResult, Ratio
from speedscore.text.numbers import NO_FIGURE, duration, percent, size, three_digits
from speedscore.text.tables import plain_table

_MEMORY_COLUMNS = {
    "allocator_peak_bytes": "allocated",
    "peak_rss_running_bytes": "peak RSS",
    "peak_rss_with_compile_bytes": "peak RSS with compile",
}
"""In order of preference; of a compilation only the last. All rows of a table show the same one, or none."""

_WIDTH = 80
_FEWEST_COLUMNS = 4
"""Framework, median, its interval, and how many times as long: without these a table says nothing."""
_COMPILING_MEMORY = "peak_rss_with_compile_bytes"
MISSED = "*"
"""Behind a median whose rounds ended before they were narrow."""
_REFERENCE_FRAMEWORK = "jax"
"""Whose program the other JAX libraries' are held against."""


def group_lines(
    cases: Sequence[CaseResult], ratios: Iterable[Ratio], *, preset: str, gemm_flops_per_second: float | None
) -> list[str]:
    """The table of a group and the sentences below it. ``cases`` were measured against each other; at least one."""
    first = cases[0]
    ordered = sorted(cases, key=lambda case: (compiles_nothing(case), middle(case)))
    group_ratios = GroupRatios(ratios, first)
    definitions = [_COMPILING_MEMORY] if PHASES[first.phase].compiles else list(_MEMORY_COLUMNS)
    memory = next((name for name in definitions if all(case.find(name) for case in cases)), None)
    spread = _spread_column(cases)
    rows = [
        _row(
            case,
            fastest=ordered[0],
            ratios=group_ratios,
            spread=spread,
            memory=memory,
            gemm_flops_per_second=gemm_flops_per_second,
        )
        for case in ordered
    ]
    table = _table_lines(rows)
    title = f"{PHASES[first.phase].title} {first.model} {first.place}, {preset}: {first.metric.title}"
    return [
        *textwrap.wrap(title, _WIDTH, subsequent_indent="  ", break_on_hyphens=False),
        f"  {table[0]}",
        f"  {'-' * max(map(len, table))}",
        *(f"  {line}" for line in table[1:]),
        *_indented(group_ratios.sentences(ordered)),
        *_indented(_reservations(ordered)),
        *_indented(_dispatch(ordered)),
        "",
    ]


def _table_lines(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The rows under the names of their columns; from the right, a column that finds no room is left out."""
    # Where a row lacks a column, the figure is not known of its device.
    columns = max((list(row) for row in rows), key=len)
    while True:
        lines = plain_table([columns, *([row.get(name, NO_FIGURE) for name in columns] for row in rows)])
        if len(columns) <= _FEWEST_COLUMNS or max(map(len, lines)) <= _WIDTH - 2:
            return lines
        columns.pop()


def shape_lines(case: CaseResult) -> list[str]:
    """What the preset made of the model."""
    numbers = ", ".join(
        f"{name.replace('_', ' ')} {value:.3g}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"
        for name, value in case.workload.items()
        if name not in ("preset", "cut")
    )
    cut = case.workload.get("cut", "none")
    return _indented([numbers if cut == "none" else f"{numbers}; cut below full size: {cut}"])


def _row(
    case: CaseResult,
    *,
    fastest: CaseResult,
    ratios: GroupRatios,
    spread: str,
    memory: str | None,
    gemm_flops_per_second: float | None,
) -> dict[str, str]:
    row = {
        "framework": case.framework,
        "median": duration(middle(case)) + (MISSED if missed_target(case) else ""),
        spread: _spread(case, spread),
        "× fastest": ratios.times_as_long(case, fastest),
    }
    if case.flops:
        rate = case.flops / middle(case)
        row["GFLOP/s"] = three_digits(rate / 1e9)
        peak = case.worker.peak_flops_per_second
        if peak is not None:
            row["MFU"] = f"{100 * rate / peak:.0f} %"
        elif gemm_flops_per_second and case.worker.gemm_flops_per_second is not None:
            row["GEMM"] = f"{100 * rate / gemm_flops_per_second:.0f} %"
    if memory is not None:
        memory_measurement = case.find(memory)
        row[_MEMORY_COLUMNS[memory]] = size(max(memory_measurement.samples)) if memory_measurement else NO_FIGURE
    return row


def _spread_column(cases: Sequence[CaseResult]) -> str:
    """The column that tells how sure a figure is: for compilations their number, else the interval over processes, or
    with too few processes how far apart they lie."""
    if PHASES[cases[0].phase].compiles:
        return "n"
    fewest = min(len(process_medians(case.rounds)) for case in cases)
    return "±95 %" if fewest >= FEWEST_FOR_AN_INTERVAL else "apart"


def _spread(case: CaseResult, column: str) -> str:
    if column == "n":
        return "one" if len(case.rounds) == 1 else str(len(case.rounds))
    if is_too_noisy(rounds_fraction(case)):
        return "too noisy"
    if column == "±95 %":
        width = interval_fraction_over_processes(case.rounds)
        return NO_FIGURE if width is None else "> 50 %" if is_too_noisy(width) else percent(width)
    medians = process_medians(case.rounds)
    return "one process" if len(medians) == 1 else percent(max(medians) / min(medians) - 1)


def _reservations(cases: Sequence[CaseResult]) -> list[str]:
    """What a reader must know of single rows: who missed the target, who compiles nothing, what was done once."""
    said = []
    if missed := sum(map(missed_target, cases)):
        said.append(
            f"{MISSED} {missed} of {len(cases)} missed the target: time was up before the rounds of each process were "
            f"narrow (their median known within {100 * INTERVAL_WIDTH:.0f} %)"
        )
    if eager := [case.framework for case in cases if compiles_nothing(case)]:
        said.append(f"{', '.join(eager)}: nothing is compiled, and the figure is that of the first step alone")
    if any(map(is_one_number, cases)):
        said.append("a compilation that was made once has no interval, and no ratio is made of it")
    return said


def _dispatch(cases: Sequence[CaseResult]) -> list[str]:
    """What each JAX library adds to a step in Python, and whether its program is raw JAX's own."""
    dispatches = {case.framework: measured for case in cases if (measured := case.find("dispatch_seconds"))}
    if len(dispatches) < 2:
        return []
    programs = {case.framework: case.program.program_sha256 for case in cases}
    raw = programs.get(_REFERENCE_FRAMEWORK)
    parts = []
    for name, measured in sorted(dispatches.items(), key=lambda entry: median(entry[1].samples)):
        known = None not in (raw, programs[name]) and name != _REFERENCE_FRAMEWORK
        sign = "" if not known else " =" if programs[name] == raw else " ≠"
        parts.append(f"{name} {median(measured.samples) * 1e6:.0f}{sign}")
    legend = "" if raw is None else "; = compiles to raw JAX's own program, ≠ to another one"
    return [f"Python dispatch, µs a step: {', '.join(parts)}{legend}"]


def _indented(paragraphs: Iterable[str]) -> list[str]:
    return [
        line
        for paragraph in paragraphs
        for line in textwrap.wrap(
            paragraph, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        )
    ]
