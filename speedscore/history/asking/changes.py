"""A history: series, where they changed their level, and what gates said there, as one record.

The false alarm is the whole history's: its share is the smaller, the more series there are. It reads no file and prints
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from speedscore.comparing.fields import Difference
from speedscore.comparing.matching_cases import matched_by_end
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.asking.change_points import FALSE_ALARM, FEWEST_RUNS, LevelChange, find_level_changes
from speedscore.history.asking.gate_marks import GateMark
from speedscore.history.figures.series import Point, Series, make_series

SCHEMA_VERSION = 1
"""1 (2026-11): the first form."""

Direction = Literal["better", "worse"]


class ChangePoint(msgspec.Struct, frozen=True):
    """Where a series has another level from one run on."""

    index: int
    """Of the first point with the new level."""
    direction: Direction
    """As the metric counts: less time is better."""
    ratio: float | None
    """After over before; None for a count that was 0."""
    low: float | None
    """Limits of its 95 % interval; None for what was counted, which has no error."""
    high: float | None
    chance: float | None
    """Probability that noise alone makes such a change of this series; None for what was counted."""
    last_before: str
    """Commit of the last run with the old level; empty where it is not known."""
    first_after: str
    changed: tuple[Difference, ...]
    """Versions, and other fields that may differ, which changed with it: they may be its reason."""
    machine_before: str = ""
    """Name of the machine of the last run with the old level; empty where it is not known."""
    machine_after: str = ""
    """Of the first with the new one. Where it is another of the same kind, it may be the reason as well."""

    @property
    def is_on_another_machine(self) -> bool:
        """As far as is known."""
        return bool(self.machine_before and self.machine_after) and self.machine_before != self.machine_after


class CaseMark(msgspec.Struct, frozen=True):
    """A gate's verdict on a series."""

    mark: GateMark
    indices: tuple[int, ...]
    """Of the points that were measured at the gate's head commit; none where no run was."""


class SeriesChanges(msgspec.Struct, frozen=True):
    """One series and what is said of it."""

    series: Series
    change_points: tuple[ChangePoint, ...]
    """The oldest first."""
    why_none: str
    """Why no change could be found, where there are too few runs; else empty."""
    marks: tuple[CaseMark, ...] = ()


class HistoryReport(msgspec.Struct, frozen=True):
    """All series of some runs; its JSON form."""

    schema_version: int
    false_alarm: float
    """Probability that a history in which nothing changed has any change point."""
    tested: int
    """Series that have enough runs, and share that probability."""
    series: tuple[SeriesChanges, ...]


def history_of(
    runs: Iterable[SavedRun], marks: Sequence[GateMark] = (), *, false_alarm: float = FALSE_ALARM
) -> HistoryReport:
    """The series of the runs with their change points, and the gates' verdicts on them."""
    return report_of(make_series(runs), marks, false_alarm=false_alarm)


def report_of(
    all_series: Sequence[Series], marks: Sequence[GateMark] = (), *, false_alarm: float = FALSE_ALARM
) -> HistoryReport:
    """The same of series that are all that there are."""
    tested = sum(_is_tested(series) for series in all_series)
    names = matched_by_end({series.case for series in all_series}, {mark.case for mark in marks})
    return HistoryReport(
        schema_version=SCHEMA_VERSION,
        false_alarm=false_alarm,
        tested=tested,
        series=tuple(
            SeriesChanges(
                series=series,
                change_points=_change_points(series, false_alarm=false_alarm / max(1, tested)),
                why_none=_why_none(series),
                marks=_marks_of(series, marks, names),
            )
            for series in all_series
        ),
    )


def _is_tested(series: Series) -> bool:
    return not series.is_counted and len(series.points) >= FEWEST_RUNS


def _why_none(series: Series) -> str:
    if series.is_counted or _is_tested(series):
        return ""
    return f"needs at least {FEWEST_RUNS} runs, has {len(series.points)}"


def _change_points(series: Series, *, false_alarm: float) -> tuple[ChangePoint, ...]:
    if series.is_counted:
        return tuple(_count_changes(series))
    if not _is_tested(series):
        return ()
    values = [point.value for point in series.points]
    return tuple(_measured(series, change) for change in find_level_changes(values, false_alarm=false_alarm))


def _count_changes(series: Series) -> Iterable[ChangePoint]:
    """Every difference is a change: what is counted has no noise."""
    for index, (before, after) in enumerate(zip(series.points, series.points[1:], strict=False), start=1):
        if before.value != after.value:
            yield _placed(series, index, grew=after.value > before.value, ratio=_ratio(before.value, after.value))


def _measured(series: Series, change: LevelChange) -> ChangePoint:
    place = _placed(series, change.index, grew=change.ratio > 1, ratio=change.ratio)
    return msgspec.structs.replace(place, low=change.low, high=change.high, chance=change.chance)


def _placed(series: Series, index: int, *, grew: bool, ratio: float | None) -> ChangePoint:
    before, after = series.points[index - 1], series.points[index]
    return ChangePoint(
        index=index,
        direction="worse" if grew == (series.better == "lower") else "better",
        ratio=ratio,
        low=None,
        high=None,
        chance=None,
        last_before=before.commit,
        first_after=after.commit,
        changed=after.changed,
        machine_before=before.machine_name,
        machine_after=after.machine_name,
    )


def _ratio(before: float, after: float) -> float | None:
    return after / before if before and after else None


def _marks_of(series: Series, marks: Sequence[GateMark], names: dict[str, str]) -> tuple[CaseMark, ...]:
    return tuple(
        CaseMark(mark, tuple(index for index, point in enumerate(series.points) if _is_at(point, mark)))
        for mark in marks
        if names.get(mark.case, mark.case) == series.case and mark.is_of(series.metric)
    )


def _is_at(point: Point, mark: GateMark) -> bool:
    """What no commit holds is nobody's: of two checkouts with changes nobody knows whether they are alike."""
    return bool(point.commit) and point.commit == mark.head_commit and not (point.is_dirty or mark.is_dirty)
