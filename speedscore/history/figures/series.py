"""Saved runs to series: the figures of one metric of one case on one machine, in the order in which they were measured.

Runs that must not be compared (another processor or number of threads, another preset, another clock; the table is
``comparing.fields``) are series of their own. Versions that changed from one run to the next stay in one, and are named
where they changed. It reads no file and finds no change.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from statistics import median
from sys import intern

import msgspec

from speedscore.comparing.fields import OF_THE_SESSION, Difference, differences, refused
from speedscore.comparing.saved_run import CaseFigures, Figure, Identity, SavedRun, moment
from speedscore.history.figures.compared_fields import ComparedFields, LookedAt, look_at, together
from speedscore.history.figures.machines import machine_id
from speedscore.host.fields import Scalar
from speedscore.record.metrics import Better, Unit
from speedscore.record.rounds import figure_over_processes, interval_fraction_over_medians


class Point(msgspec.Struct, frozen=True, gc=False):
    """One run's figure."""

    at: str
    """When it was measured, ISO 8601."""
    run: str
    """The file."""
    commit: str
    """Empty where it is not known."""
    is_dirty: bool
    """Whether there were changes that no commit holds."""
    value: float
    """In the series' unit: the geometric mean over processes; of what is counted, the count."""
    low: float | None
    """Limits of its 95 % interval over processes; None below three, and where they were not asked for."""
    high: float | None
    processes: int
    seed: int | None
    """Of the order of turns; None where there were none."""
    changed: tuple[Difference, ...] = ()
    """Versions, and other fields that may differ, which are not those of the run before."""
    machine_name: str = ""
    """Of the machine: its host's name, or the one that it has in a fleet. Two of one series have like hardware and may
    differ in speed. Empty where it is not known."""


class Series(msgspec.Struct, frozen=True, gc=False):
    """One metric of one case, measured alike."""

    case: str
    """Node id of the test."""
    metric: str
    """``time``, or the name that the saved runs have for it."""
    framework: str
    model: str
    device: str
    unit: Unit
    better: Better
    is_counted: bool
    """Whether any difference is a change, without statistics."""
    preset: str
    """Empty where pytest-benchmark saved the runs without this suite."""
    machine: str
    """As ``speedscore sql`` calls it."""
    points: tuple[Point, ...]
    """At least one, the oldest first. Two runs of one commit are two."""
    apart: tuple[Difference, ...] = ()
    """Why it is not one with the first series of its case and metric; empty for that one."""


class Measured(msgspec.Struct, frozen=True, gc=False):
    """A case in one run, with all that it must be read with."""

    run: SavedRun
    """For its file, moment, seed and commit; its fields may be those alone that comparing passes over."""
    case: CaseFigures
    """The same of its fields."""
    fields: ComparedFields
    run_moment_seconds: float
    moment_seconds: float


def make_series(runs: Iterable[SavedRun], *, with_intervals: bool = True) -> tuple[Series, ...]:
    """The series of all cases of the runs. See ``series_of``."""
    return series_of(measured_in(runs), with_intervals=with_intervals)


def measured_in(runs: Iterable[SavedRun]) -> Iterator[Measured]:
    """Every case of the runs that has figures."""
    for run in runs:
        run_moment_seconds = moment(run.created)
        by_machine: dict[str, LookedAt] = {}
        for case in run.cases.values():
            if case.figures:
                if case.machine not in by_machine:
                    by_machine[case.machine] = look_at(run.fields_of(case))
                fields = together(by_machine[case.machine], look_at(case.fields))
                yield Measured(run, case, fields, run_moment_seconds, moment(case.occasion))


def series_of(measured: Iterable[Measured], *, with_intervals: bool = True) -> tuple[Series, ...]:
    """The series of all cases, in the order in which cases and metrics first appear; of one, the oldest first.

    A measurement that was carried from one session into the next counts once. Intervals take as long as everything else
    together: without them their limits are None.
    """
    by_case: dict[str, dict[Identity, Measured]] = {}
    for each in sorted(measured, key=lambda each: each.run_moment_seconds):
        by_case.setdefault(each.case.case, {}).setdefault(each.case.identity, each)
    return tuple(
        series
        for measured_once in by_case.values()
        for series in _series_of_case(
            sorted(measured_once.values(), key=lambda each: each.moment_seconds), with_intervals=with_intervals
        )
    )


def _series_of_case(measured: list[Measured], *, with_intervals: bool) -> Iterator[Series]:
    groups = _alike(measured)
    # dict, not set: keeps first-seen order.
    metrics = dict.fromkeys(metric for each in measured for metric in each.case.figures)
    for metric in metrics:
        first: Measured | None = None
        for group in groups:
            with_metric = [each for each in group if metric in each.case.figures and _is_above_zero(each, metric)]
            if with_metric:
                yield _one_series(with_metric, metric, beside=first, with_intervals=with_intervals)
                first = first or with_metric[0]


def _alike(measured: list[Measured]) -> list[list[Measured]]:
    """Those that may be compared with each other, group by group. What a run did not record is not known to differ."""
    groups: list[list[Measured]] = []
    known: dict[Hashable, list[Measured]] = {}
    for each in measured:
        shape, reference = each.case.shape.items(), each.case.reference
        # By which object first, which most share, for the values that must agree are many.
        same = (each.fields, tuple(shape), reference)
        group = known.get(same)
        if group is None:
            agreeing = (each.fields.must_agree, tuple(sorted(shape)), reference)
            group = known.get(agreeing)
            group = group or next((group for group in groups if not _why_apart(group[0], each)), None)
            if group is None:
                group = []
                groups.append(group)
            known[same] = known[agreeing] = group
        group.append(each)
    return groups


def _why_apart(first: Measured, other: Measured) -> tuple[Difference, ...]:
    """What forbids to compare the two."""
    apart = refused(differences(first.fields.together, other.fields.together), ())
    shapes: tuple[Mapping[str, Scalar], Mapping[str, Scalar]] = (first.case.shape, other.case.shape)
    for name in sorted(shapes[0].keys() | shapes[1].keys()):
        base, head = (shape.get(name) for shape in shapes)
        if base != head:
            apart.append(Difference(f"workload.{name}", base, head, "refuse", "another shape"))
    if first.case.reference != other.case.reference:
        references = (first.case.reference, other.case.reference)
        apart.append(Difference("certificate", *references, "refuse", "certified against another reference"))
    return tuple(apart)


def _is_above_zero(measured: Measured, metric: str) -> bool:
    """A memory figure of 0 lies below what its instrument resolves, and has no ratio; a count of 0 is one."""
    figure = measured.case.figures[metric]
    return figure.is_counted or min(figure.by_process) > 0


def _one_series(measured: list[Measured], metric: str, *, beside: Measured | None, with_intervals: bool) -> Series:
    newest = measured[-1]
    figure = newest.case.figures[metric]
    of_run = newest.fields.of_run
    environment = {name: value for name, value in of_run.items() if name not in OF_THE_SESSION}
    return Series(
        case=newest.case.case,
        metric=metric,
        framework=newest.case.framework,
        model=newest.case.model,
        device=newest.case.device,
        unit=figure.unit,
        better=figure.better,
        is_counted=figure.is_counted,
        preset=str(of_run.get("preset") or ""),
        machine=machine_id(environment),
        points=tuple(
            _point(each, metric, before=before, with_interval=with_intervals)
            for before, each in zip([None, *measured], measured, strict=False)
        ),
        apart=_why_apart(beside, measured[0]) if beside else (),
    )


def _point(measured: Measured, metric: str, *, before: Measured | None, with_interval: bool) -> Point:
    run, figure = measured.run, measured.case.figures[metric]
    value = _value(figure)
    has_interval = with_interval and not figure.is_counted
    reach = interval_fraction_over_medians(figure.by_process) if has_interval else None
    return Point(
        # All cases and metrics of a run have these texts in common.
        at=intern(measured.case.occasion),
        run=intern(run.path),
        commit=intern(str(run.fields.get("git.commit") or "")),
        is_dirty=bool(run.fields.get("git.dirty")),
        value=value,
        low=None if reach is None else value / (1 + reach),
        high=None if reach is None else value * (1 + reach),
        processes=len(figure.by_process),
        seed=run.seed,
        changed=_changed(before, measured) if before else (),
        machine_name=intern(measured.case.machine_name),
    )


def _value(figure: Figure) -> float:
    if figure.is_counted:
        return median(figure.by_process)
    return figure_over_processes(figure.by_process)


def _changed(before: Measured, after: Measured) -> tuple[Difference, ...]:
    """What both recorded, and not alike."""
    if before.fields is after.fields or before.fields.together == after.fields.together:
        return ()
    return tuple(
        difference
        for difference in differences(before.fields.together, after.fields.together)
        if difference.base is not None and difference.head is not None
    )
