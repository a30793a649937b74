"""Series of a case as a person or a program reads them: months or runs in 80 columns, JSON, or CSV with a line a run.

It renders and decides nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from statistics import median

import msgspec

from speedscore.history.commands.changes_output import commit_text, fields_text, series_heading, utc_text
from speedscore.history.figures.series import Point, Series
from speedscore.text.numbers import NO_FIGURE, duration, size
from speedscore.text.wrapping import wrapped

SCHEMA_VERSION = 1
"""1 (2026-11): the first form."""
_INDENT = "    "
_COLUMNS = (
    *("case", "metric", "unit", "better", "preset", "framework", "model", "device", "machine", "at", "month", "run"),
    *("commit", "dirty", "value", "low", "high", "processes", "changed", "machine_name"),
)


class _Shown(msgspec.Struct, frozen=True):
    """The JSON form."""

    schema_version: int
    series: tuple[Series, ...]


def as_text(all_series: Sequence[Series], *, each_run: bool) -> str:
    """At most 80 columns, but for names that are longer."""
    lines: list[str] = []
    for case, of_case in groupby(all_series, key=lambda series: series.case):
        lines.append(case)
        for series in of_case:
            lines += [*wrapped(f"  {series_heading(series)}", indent=_INDENT), *_apart(series)]
            lines += _each_run(series) if each_run else _each_month(series)
        lines.append("")
    return "\n".join(lines[:-1] or ["no figures"]) + "\n"


def as_json(all_series: Sequence[Series], *, each_run: bool) -> str:  # noqa: ARG001
    shown = _Shown(SCHEMA_VERSION, tuple(all_series))
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"


def as_csv(all_series: Sequence[Series], *, each_run: bool) -> str:  # noqa: ARG001
    """As RFC 4180 has it, but for the ends of lines; what is not known is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for series in all_series:
        measured = (series.case, series.metric, series.unit, series.better, series.preset)
        of_series = (*measured, series.framework, series.model, series.device, series.machine)
        for point in series.points:
            changed = "; ".join(f"{each.field} {each.base} → {each.head}" for each in point.changed)
            dirty = "true" if point.is_dirty else "false"
            limits = ("" if limit is None else repr(limit) for limit in (point.low, point.high))
            figure = (point.commit, dirty, repr(point.value), *limits, point.processes, changed, point.machine_name)
            writer.writerow((*of_series, point.at, _month(point), point.run, *figure))
    return text.getvalue()


FORMATS: dict[str, Callable[..., str]] = {"text": as_text, "json": as_json, "csv": as_csv}


def _apart(series: Series) -> list[str]:
    return wrapped(f"  kept apart by {fields_text(series.apart)}", indent=_INDENT) if series.apart else []


def _each_month(series: Series) -> Iterator[str]:
    """A line for each month: how many runs, the median figure and its limits, and the newest commit."""
    yield f"{_INDENT}{'month':<7}  {'runs':>6}  {'median':>9}  {'lowest':>9}  {'highest':>9}  newest commit"
    for month, of_month in groupby(series.points, key=_month):
        points = list(of_month)
        values = [point.value for point in points]
        shown = [_figure(series, value) for value in (median(values), min(values), max(values))]
        commit = commit_text(points[-1].commit, points[-1].is_dirty)
        yield f"{_INDENT}{month}  {len(points):>6}  {shown[0]:>9}  {shown[1]:>9}  {shown[2]:>9}  {commit}"
        for point in points:
            if point.changed:
                yield from _changed(point, at=f"{_day(point)}: ")


def _each_run(series: Series) -> Iterator[str]:
    """A line for each run: its figure, how far its 95 % interval reaches, its commit, and the machine's name."""
    commits = [commit_text(point.commit, point.is_dirty) for point in series.points]
    has_names = any(point.machine_name for point in series.points)
    width = max(map(len, ["commit", *commits])) if has_names else 0
    titles = f"{'commit':<{width}}{'  machine' if has_names else ''}"
    yield f"{_INDENT}{'measured (UTC)':<16}  {'figure':>9}  {'95 % from':>9}  {'to':>9}  {titles}"
    for point, commit in zip(series.points, commits, strict=True):
        low, high = (NO_FIGURE if limit is None else _figure(series, limit) for limit in (point.low, point.high))
        figures = f"{_figure(series, point.value):>9}  {low:>9}  {high:>9}"
        place = f"{commit:<{width}}{f'  {point.machine_name}' if point.machine_name else ''}".rstrip()
        yield f"{_INDENT}{utc_text(point.at)[:16]}  {figures}  {place}"
        if point.changed:
            yield from _changed(point, at="")


def _changed(point: Point, *, at: str) -> list[str]:
    return wrapped(f"{_INDENT}  {at}changed {fields_text(point.changed)}", indent=f"{_INDENT}    ")


def _figure(series: Series, value: float) -> str:
    if series.unit == "s":
        return duration(value)
    return size(value) if series.unit == "bytes" else f"{value:g}"


def _month(point: Point) -> str:
    return utc_text(point.at)[:7]


def _day(point: Point) -> str:
    return utc_text(point.at)[:10]
