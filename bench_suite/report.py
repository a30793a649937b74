"""What a session measured, and what it did not, as tables on the terminal. It reads a record and computes no score."""

from __future__ import annotations

import textwrap
from collections import Counter
from itertools import groupby
from statistics import median

import pytest
from tabulate import tabulate

from bench_suite.machine import BUSY_FROM
from bench_suite.measuring.stopping import interval_fraction
from bench_suite.record import CaseResult, RunRecord
from bench_suite.text import duration, first_line, percent, size, three_digits

_MEMORY_COLUMNS = {
    "allocator_peak_bytes": "allocator peak",
    "peak_rss_running_bytes": "peak RSS",
    "peak_rss_with_compile_bytes": "peak RSS with compile",
}
"""In order of preference. All rows of a table show the same definition, or none."""

_METRIC_TITLES = {
    "seconds_per_step": "seconds per step, steps queued",
    "latency_seconds": "seconds per call, each waited for",
    "time_to_first_step_seconds": "seconds to the first step, cold",
}

_LEGEND = (
    "±95 %: how far the 95 % interval of the median reaches (rounds of one process). "
    "peak RSS: highest resident memory while stepping, above what was resident after importing the framework. "
    "cert: largest error against the float64 reference, in per cent of its tolerance."
)


def write_report(terminal: pytest.TerminalReporter, run: RunRecord) -> None:
    """Print the tables, then what was asked for and not measured, with the reasons."""
    width = min(terminal.config.get_terminal_writer().fullwidth, 100)
    measured = [case for case in run.cases if case.status == "measured"]
    if measured:
        terminal.section("speedscore: measured", sep="=")
        for (_, model, device), cases in groupby(sorted(measured, key=_block), key=_block):
            block = list(cases)
            for line in block_lines(block, title=f"{block[0].phase} {model} {device}, {run.preset}"):
                terminal.write_line(line)
        for line in textwrap.wrap(_LEGEND, width):
            terminal.write_line(line)
        for line in busy_lines(measured, width=width):
            terminal.write_line(line, yellow=True)
    for line in missing_lines(run, width=width):
        terminal.write_line(line)


def block_lines(cases: list[CaseResult], *, title: str) -> list[str]:
    """One block's table. ``cases`` were measured against each other and are not empty."""
    fastest_seconds = min(median(case.rounds) for case in cases)
    memory = next((name for name in _MEMORY_COLUMNS if all(case.find(name) for case in cases)), None)
    rows = [_row(case, fastest_seconds=fastest_seconds, memory=memory) for case in sorted(cases, key=_median)]
    # The names of the columns go in as a row: as headers tabulate would pad each by two, and eighty columns are few.
    table = tabulate(
        [list(rows[0]), *(row.values() for row in rows)],
        tablefmt="plain",
        disable_numparse=True,
        colalign=["left", *["right"] * (len(rows[0]) - 1)],
    ).splitlines()
    return [
        f"{title}: {_METRIC_TITLES[cases[0].metric]}",
        *(f"  {line}" for line in textwrap.wrap(_shape(cases[0]), 76)),
        f"  {table[0]}",
        f"  {'-' * max(map(len, table))}",
        *(f"  {line}" for line in table[1:]),
        "",
    ]


def busy_lines(measured: list[CaseResult], *, width: int) -> list[str]:
    """A warning where others were using the processors; no lines where the machine was quiet."""
    busy = [case for case in measured if float(case.worker.get("processors_busy_before") or 0.0) >= BUSY_FROM]
    if not busy:
        return []
    return textwrap.wrap(
        f"Busy machine: before {len(busy)} of {len(measured)} cases other processes were using the processors. Threads "
        "that wait for each other suffer most from that, and not in every framework alike: measure again when it is "
        "quiet.",
        width,
    )


def missing_lines(run: RunRecord, *, width: int) -> list[str]:
    """How many cases were asked for and not measured, and why."""
    missing = [case for case in run.cases if case.status != "measured"]
    if not missing:
        return []
    devices = Counter(case.device for case in missing)
    by_device = ", ".join(f"{count} {device}" for device, count in devices.items())
    lines = [f"{len(missing)} of {len(run.cases)} cases were asked for and not measured ({by_device}):"]
    reasons = Counter((case.status, first_line(case.reason)) for case in missing)
    for (status, reason), count in reasons.items():
        lines += textwrap.wrap(
            f"{count} {status}: {reason}",
            width,
            initial_indent="  ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
    return lines


def _row(case: CaseResult, *, fastest_seconds: float, memory: str | None) -> dict[str, str]:
    width = interval_fraction(case.rounds)
    row = {
        "framework": case.framework,
        "median": duration(_median(case)),
        "±95 %": "–" if width is None else percent(width),
        "rounds": str(len(case.rounds)),
        "× fastest": three_digits(_median(case) / fastest_seconds),
    }
    if memory is not None:
        found = case.find(memory)
        row[_MEMORY_COLUMNS[memory]] = size(max(found.samples)) if found else "–"
    first_step = case.find("time_to_first_step_seconds")
    if first_step is not None and first_step.name != case.metric:
        row["first step"] = duration(first_step.samples[0])
    row["cert"] = f"{100 * case.certificate.worst_ratio:.0f} %" if case.certificate else "–"
    return row


def _block(case: CaseResult) -> tuple[int, str, str]:
    return list(_METRIC_TITLES).index(case.metric), case.model, case.device


def _median(case: CaseResult) -> float:
    return median(case.rounds)


def _shape(case: CaseResult) -> str:
    numbers = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in case.workload.items() if name not in ("preset", "cut")
    )
    cut = case.workload.get("cut", "none")
    return numbers if cut == "none" else f"{numbers}; cut below full size: {cut}"
