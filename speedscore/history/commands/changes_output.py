"""The change points of a history as a person or a program reads them: on the terminal, or as JSON.

It renders and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import msgspec

from speedscore.comparing.fields import Difference
from speedscore.history.asking.changes import CaseMark, ChangePoint, HistoryReport, SeriesChanges
from speedscore.history.asking.choosing import WITHOUT_FIGURES
from speedscore.history.figures.series import Point, Series
from speedscore.record.moments import utc
from speedscore.text.numbers import factor, short_percent
from speedscore.text.wrapping import wrapped
from speedscore.verdicts.verdict import outcome_word

_MOST_FIELDS = 6
_COMMIT_DIGITS = 9
_INDENT = "      "


def as_text(report: HistoryReport) -> str:
    """At most 80 columns, but for names that are longer."""
    told = [changes for changes in report.series if changes.change_points or changes.marks]
    lines: list[str] = []
    for case, of_case in groupby(told, key=lambda changes: changes.series.case):
        lines += [case, *(line for changes in of_case for line in _series_lines(changes)), ""]
    return "\n".join([*lines, *_summary(report)]) + "\n"


def as_json(report: HistoryReport) -> str:
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


FORMATS: dict[str, Callable[[HistoryReport], str]] = {"text": as_text, "json": as_json}


def _series_lines(changes: SeriesChanges) -> Iterator[str]:
    series = changes.series
    yield from wrapped(f"  {series_heading(series)}", indent="    ")
    if series.apart:
        yield from wrapped(f"  kept apart by {fields_text(series.apart)}", indent="    ")
    for change in changes.change_points:
        yield from wrapped(f"    {_change(series, change)}", indent=_INDENT)
        if there := there_changed(change):
            yield from wrapped(f"{_INDENT}there changed {there}", indent=f"{_INDENT}  ")
    for mark in changes.marks:
        yield from wrapped(f"    {_mark(series, mark)}", indent=_INDENT)


def series_heading(series: Series) -> str:
    """With how many machines it was measured on, of one kind, where they are known to be several."""
    first, last = series.points[0], series.points[-1]
    preset = f", {series.preset}" if series.preset else ""
    names = {point.machine_name for point in series.points if point.machine_name}
    machines = f" on {len(names)} machines" if len(names) > 1 else ""
    return f"{series.metric}{preset}, {series.machine}: {_runs(len(series.points))}{machines}, {_days(first, last)}"


def there_changed(change: ChangePoint) -> str:
    """The machine first, for it may explain all of it; empty where nothing is known to have changed."""
    machine = f"machine {change.machine_before} → {change.machine_after}" if change.is_on_another_machine else ""
    return ", ".join(filter(None, (machine, fields_text(change.changed))))


def _change(series: Series, change: ChangePoint) -> str:
    before, after = series.points[change.index - 1], series.points[change.index]
    size = f"{before.value:g} → {after.value:g}" if change.ratio is None else f"{factor(change.ratio)}×"
    interval = "" if change.low is None or change.high is None else f" ({factor(change.low)} to {factor(change.high)})"
    return f"{_day(after.at)}  {change.direction}: {size}{interval}, {_commits(before, after)}"


def _commits(before: Point, after: Point) -> str:
    """From which to which."""
    if not (before.commit or after.commit):
        return f"after the run of {_day(before.at)}"
    return f"{commit_text(before.commit, before.is_dirty)} → {commit_text(after.commit, after.is_dirty)}"


def _mark(series: Series, mark: CaseMark) -> str:
    said = mark.mark
    size = "" if said.ratio is None else f" {factor(said.ratio)}×"
    where = "" if mark.indices else ", which no run here measured"
    metric = "" if said.metric == series.metric else f", {said.metric}"
    commit = commit_text(said.head_commit, said.is_dirty)
    return f"{_day(said.at)}  gate{metric}: {outcome_word(said)}{size} at {commit}{where}"


def _summary(report: HistoryReport) -> Iterator[str]:
    """What was looked at, so that no line stands for a series that was not."""
    changed = sum(bool(changes.change_points) for changes in report.series)
    cases = len({changes.series.case for changes in report.series})
    yield from wrapped(f"{_series(len(report.series))} of {_count(cases, 'case', 'cases')}; {changed} changed.")
    if not report.series:
        yield from wrapped(f"No case there has figures; {WITHOUT_FIGURES}.")
    if report.tested:
        yield from wrapped(
            f"{_series(report.tested)} had runs enough to be tested. Where nothing changed at all, any change is found "
            f"in {short_percent(report.false_alarm)} of histories."
        )
    for why, count in Counter(changes.why_none for changes in report.series if changes.why_none).most_common():
        yield from wrapped(f"{_series(count)}: {why}")


def fields_text(differing: Sequence[Difference]) -> str:
    """What differs, from which value to which; of many the first."""
    said = [f"{each.field} {each.base} → {each.head}" for each in differing[:_MOST_FIELDS]]
    more = len(differing) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")


def commit_text(commit: str, is_dirty: bool) -> str:
    """A commit as people write it, and whether there was more than it holds."""
    known = commit[:_COMMIT_DIGITS] or "an unknown commit"
    return f"{known} with changes" if is_dirty else known


def _days(first: Point, last: Point) -> str:
    return _day(first.at) if _day(first.at) == _day(last.at) else f"{_day(first.at)} to {_day(last.at)}"


def _day(moment: str) -> str:
    return utc_text(moment)[:10]


def utc_text(moment: str) -> str:
    """As people write it. Where a file of pytest-benchmark's own says no zone, as it says."""
    try:
        known = utc(moment)
    except ValueError:
        return moment.replace("T", " ")
    return known.isoformat(sep=" ") if known else moment


def _runs(count: int) -> str:
    return _count(count, "run", "runs")


def _series(count: int) -> str:
    return _count(count, "series", "series")


def _count(count: int, singular: str, plural: str) -> str:
    return f"one {singular}" if count == 1 else f"{count} {plural}"
