"""What tasks tell beyond how long a call takes, as text on the terminal: work a second, and frontiers of memory.

Eighty columns. It reads results and computes nothing but what one division gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from speedscore.bench_suite.session.group_ratios import middle
from speedscore.record.run_record import CaseResult
from speedscore.text.numbers import NO_FIGURE, duration, size, three_digits
from speedscore.text.tables import plain_table

_PEAKS = ("allocator_peak_bytes", "static_plan_bytes", "peak_rss_running_bytes")
"""Metrics of a frontier's peak: the first that a case has is shown, and each line names it."""
_PEAK_NAMES = {
    "allocator_peak_bytes": "allocated",
    "static_plan_bytes": "planned",
    "peak_rss_running_bytes": "resident",
}


def capability_lines(measured: Sequence[CaseResult]) -> list[str]:
    """A table for each unit of work that tasks of several sizes share, and one for each network's frontier."""
    tasks = [case for case in measured if case.phase == "capability"]
    return [*_rate_lines(tasks), *_frontier_lines(tasks)]


def group_by_work(tasks: Sequence[CaseResult]) -> dict[str, list[CaseResult]]:
    """Unit of work → the tasks that do it, where they differ in size: over one a rate says no more than a time."""
    by_unit: dict[str, list[CaseResult]] = {}
    for case in tasks:
        if unit := case.workload.get("work_unit"):
            by_unit.setdefault(str(unit), []).append(case)
    return {unit: cases for unit, cases in by_unit.items() if len({case.workload["work"] for case in cases}) > 1}


def work_a_second(case: CaseResult) -> float:
    """How much of its unit of work a task does in a second; the task must say how much one call does."""
    return _work(case)[0] / middle(case)


def _rate_lines(tasks: Sequence[CaseResult]) -> list[str]:
    lines = []
    for unit, cases in group_by_work(tasks).items():
        lines += ["", f"{unit.capitalize()} a second", *_rates(cases)]
    return lines


def _rates(cases: Sequence[CaseResult]) -> list[str]:
    frameworks = list(dict.fromkeys(case.framework for case in cases))
    rows = []
    for task, group in groupby(sorted(cases, key=_work), key=lambda case: (case.model, case.place)):
        rate_by_framework = {case.framework: work_a_second(case) for case in group}
        rows.append([f"  {task[0]}", *(_rate(rate_by_framework, name) for name in frameworks)])
    return plain_table([["", *frameworks], *rows])


def _work(case: CaseResult) -> tuple[float, str, str]:
    return float(case.workload.get("work") or 0), case.model, case.place


def _rate(rate_by_framework: Mapping[str, float], framework: str) -> str:
    rate = rate_by_framework.get(framework)
    return NO_FIGURE if rate is None else short_count(rate)


def short_count(rate: float) -> str:
    """As in ``13.1 M`` or ``512 k``."""
    return f"{three_digits(rate / 1e6)} M" if rate >= 1e6 else f"{three_digits(rate / 1e3)} k"


def _frontier_lines(tasks: Sequence[CaseResult]) -> list[str]:
    """Time against memory, by network and framework; the policies stand below each other."""
    cases = [case for case in tasks if "budget_bytes" in case.workload]
    lines = []
    for network, group in groupby(sorted(cases, key=network_of), key=network_of):
        members = list(group)
        frameworks = list(dict.fromkeys(case.framework for case in members))
        members.sort(key=lambda case: (case.place, frameworks.index(case.framework)))
        budget = members[0].workload.get("budget_bytes")
        batch = f"batch in {size(float(budget))}" if isinstance(budget, int) else "batch"
        title = f"Recomputing the forward pass of {network}: time against memory"
        headers = ["", "recomputed", "a call", "kept", "peak", batch]
        lines += ["", title, *plain_table([headers, *map(_frontier_row, members)])]
    return lines


def network_of(case: CaseResult) -> str:
    """Whose forward pass a task of rematerialisation computes again."""
    return case.model.removeprefix("remat-").removesuffix(f"-{case.workload['policy']}")


def peak_of(case: CaseResult) -> tuple[str, str]:
    """The metric of the peak that is shown, with its name in a word; both empty where none is known."""
    name = next((name for name in _PEAKS if case.find(name)), "")
    return name, _PEAK_NAMES.get(name, "")


def _frontier_row(case: CaseResult) -> list[str]:
    peak, word = peak_of(case)
    return [
        f"  {case.framework}",
        str(case.workload["policy"]),
        duration(middle(case)),
        _size(case, "residual_bytes"),
        f"{_size(case, peak)} {word}".rstrip(),
        _count(case, "largest_batch"),
    ]


def _size(case: CaseResult, name: str) -> str:
    measurement = case.find(name)
    return size(measurement.samples[0]) if measurement else NO_FIGURE


def _count(case: CaseResult, name: str) -> str:
    measurement = case.find(name)
    return f"{measurement.samples[0]:.0f}" if measurement else NO_FIGURE
