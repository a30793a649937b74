"""One group's table on the terminal: the frameworks of one phase, model and device, and what sets them apart.

Eighty columns. It reads results and ratios and computes nothing but what one division gives.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import median

import msgspec
from tabulate import tabulate

from speedscore.bench_suite.measuring.stopping import widest_fraction
from speedscore.bench_suite.session.noise import is_too_noisy
from speedscore.record.phases import PHASES
from speedscore.record.rounds import figure_of_rounds
from speedscore.record.run_record import CaseResult, Ratio
from speedscore.text.numbers import duration, percent, size, three_digits

_MEMORY_COLUMNS = {
    "allocator_peak_bytes": "allocated",
    "peak_rss_running_bytes": "peak RSS",
    "peak_rss_with_compile_bytes": "peak RSS with compile",
}
"""In order of preference. All rows of a table show the same definition, or none."""

_WIDTH = 80
_FEWEST_COLUMNS = 4
"""Framework, median, its interval, and how many times as long: without these a table says nothing."""
_SENSELESS = 10
"""An interval whose limits are further apart than this factor says nothing that a number should stand for."""
_REFERENCE_FRAMEWORK = "jax"
"""Whose program the other JAX libraries' are held against."""


def group_lines(
    cases: Sequence[CaseResult], ratios: Iterable[Ratio], *, preset: str, gemm_flops_per_second: float | None
) -> list[str]:
    """The table of a group and the sentences below it. ``cases`` were measured against each other; at least one."""
    first = cases[0]
    ordered = sorted(cases, key=middle)
    group_ratios = GroupRatios(ratios, first)
    memory = next((name for name in _MEMORY_COLUMNS if all(case.find(name) for case in cases)), None)
    rows = [
        _row(case, fastest=ordered[0], ratios=group_ratios, memory=memory, gemm_flops_per_second=gemm_flops_per_second)
        for case in ordered
    ]
    table = _table_lines(rows)
    title = f"{PHASES[first.phase].title} {first.model} {first.device}, {preset}: {first.metric.title}"
    return [
        *textwrap.wrap(title, _WIDTH, subsequent_indent="  ", break_on_hyphens=False),
        f"  {table[0]}",
        f"  {'-' * max(map(len, table))}",
        *(f"  {line}" for line in table[1:]),
        *_indented(group_ratios.sentences(ordered)),
        *_indented(_dispatch(ordered)),
        "",
    ]


def _table_lines(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The rows under the names of their columns; from the right, a column that finds no room is left out."""
    # Where a row lacks a column, the figure is not known of its device.
    columns = max((list(row) for row in rows), key=len)
    while True:
        # The names go in as a row: as headers tabulate would pad each by two, and eighty columns are few.
        lines = tabulate(
            [columns, *([row.get(name, "–") for name in columns] for row in rows)],
            tablefmt="plain",
            disable_numparse=True,
            colalign=["left", *["right"] * (len(columns) - 1)],
        ).splitlines()
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


def middle(case: CaseResult) -> float:
    """The one number of the case's own figure: over processes the mean of each one's median."""
    return figure_of_rounds(case.rounds)


def interval_of(case: CaseResult) -> float | None:
    """How far the interval of a median reaches in the process where it reaches furthest; None if unknown."""
    return widest_fraction(case.rounds)


class Slowdown(msgspec.Struct, frozen=True):
    """How many times as long one framework takes as another."""

    value: float
    low: float | None = None
    high: float | None = None
    """Limits of the 95 % interval over processes; None where there is none."""

    @property
    def is_senseless(self) -> bool:
        return _is_senseless(self.low, self.high)


class GroupRatios:
    """The ratios of one group, in either direction."""

    def __init__(self, ratios: Iterable[Ratio], case: CaseResult) -> None:
        self._by_pair = {
            frozenset((ratio.faster, ratio.slower)): ratio
            for ratio in ratios
            if (ratio.phase, ratio.model, ratio.device) == (case.phase, case.model, case.device)
        }

    def times_as_long(self, case: CaseResult, fastest: CaseResult) -> str:
        """How many times as long a case takes as the fastest, and the interval of that."""
        if case is fastest:
            return "1"
        slowdown = self.slowdown(case, fastest)
        if slowdown.low is None or slowdown.high is None:
            return three_digits(slowdown.value)
        if slowdown.is_senseless:
            return "processes disagree"
        return f"{three_digits(slowdown.value)} ({three_digits(slowdown.low)}–{three_digits(slowdown.high)})"

    def slowdown(self, case: CaseResult, fastest: CaseResult) -> Slowdown:
        """By the record's ratio; of the medians, and without an interval, where it has none."""
        ratio = self._by_pair.get(frozenset((case.framework, fastest.framework)))
        if ratio is None:
            return Slowdown(middle(case) / middle(fastest))
        if ratio.slower != fastest.framework:
            return Slowdown(ratio.value, ratio.low, ratio.high)
        # By their medians one is faster, by neighbouring rounds the other: they are as good as equal.
        return Slowdown(1 / ratio.value, ratio.high and 1 / ratio.high, ratio.low and 1 / ratio.low)

    def sentences(self, ordered: Sequence[CaseResult]) -> list[str]:
        """The best of each ecosystem beside the fastest, and each variant beside what it is a variant of."""
        best: dict[str, CaseResult] = {}
        for case in ordered:
            best.setdefault(case.ecosystem, case)
        leaders = list(best.values())
        # Where all are of one ecosystem, the two fastest.
        pairs = [(leaders[0], slower) for slower in leaders[1:] or ordered[1:2]]
        for faster, slower in combinations(ordered, 2):
            names = sorted((faster.framework, slower.framework), key=len)
            if names[1].startswith(f"{names[0]}-") and (faster, slower) not in pairs:
                pairs.append((faster, slower))
        return [sentence for pair in pairs if (sentence := self._sentence(*pair))]

    def _sentence(self, first: CaseResult, second: CaseResult) -> str:
        ratio = self._by_pair.get(frozenset((first.framework, second.framework)))
        if ratio is None:
            return ""
        if _is_senseless(ratio.low, ratio.high):
            return (
                f"which of {ratio.faster} and {ratio.slower} is faster cannot be said: their processes disagree by "
                f"more than a factor of {_SENSELESS}"
            )
        value = f"{ratio.value:.2f}×"
        if ratio.low is not None and ratio.high is not None:
            value += f" ({ratio.low:.2f} to {ratio.high:.2f})"
        return f"{ratio.faster} is {value} as fast as {ratio.slower}"


def _is_senseless(low: float | None, high: float | None) -> bool:
    """True where the limits are so far apart that no number should stand for them."""
    return low is not None and high is not None and high > _SENSELESS * low


def _row(
    case: CaseResult,
    *,
    fastest: CaseResult,
    ratios: GroupRatios,
    memory: str | None,
    gemm_flops_per_second: float | None,
) -> dict[str, str]:
    width = interval_of(case)
    row = {
        "framework": case.framework,
        "median": duration(middle(case)),
        "±95 %": "–" if width is None else "too noisy" if is_too_noisy(width) else percent(width),
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
        row[_MEMORY_COLUMNS[memory]] = size(max(memory_measurement.samples)) if memory_measurement else "–"
    return row


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
