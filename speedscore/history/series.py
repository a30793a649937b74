"""Saved runs to series: the figures of one metric of one case on one machine, in the order in which they were measured.

Runs that must not be compared (another processor or number of threads, another preset, another clock; the table is
``comparing.fields``) are series of their own. Versions that changed from one run to the next stay in one, and are named
where they changed. It reads no file and finds no change.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from statistics import median

import msgspec

from speedscore.comparing.fields import OF_THE_SESSION, Difference, differences, refused, rule_of
from speedscore.comparing.saved_run import CaseFigures, Figure, Identity, SavedRun, moment
from speedscore.history.machines import machine_id
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
    """Limits of its 95 % interval over processes; None below three."""
    high: float | None
    processes: int
    seed: int | None
    """Of the order of turns; None where there were none."""
    changed: tuple[Difference, ...] = ()
    """Versions, and other fields that may differ, which are not those of the run before."""


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


class _Compared(msgspec.Struct, frozen=True, gc=False):
    """What comparing looks at of some fields."""

    fields: dict[str, Scalar]
    must_agree: tuple[Scalar, ...]
    """The names of those that must agree, and then their values."""


class _Measured(msgspec.Struct, frozen=True, gc=False):
    """A case in one run, with all that it must be read with."""

    run: SavedRun
    case: CaseFigures
    fields: dict[str, Scalar]
    """What comparing looks at of the run's and the case's own."""
    must_agree: Hashable
    """All that must, with shape and reference: where it is the same for two, they stand in the same series."""
    moment_seconds: float


def make_series(runs: Iterable[SavedRun]) -> tuple[Series, ...]:
    """The series of all cases, in the order in which cases and metrics first appear; of one, the oldest first.

    A measurement that was carried from one session into the next counts once.
    """
    by_case: dict[str, dict[Identity, _Measured]] = {}
    for run in sorted(runs, key=lambda run: moment(run.created)):
        by_machine: dict[str, _Compared] = {}
        for name, case in run.cases.items():
            if case.figures:
                if case.machine not in by_machine:
                    by_machine[case.machine] = _compared(run.fields_of(case))
                measured = _measured(run, case, by_machine[case.machine])
                by_case.setdefault(name, {}).setdefault(case.identity, measured)
    return tuple(
        series
        for measured_once in by_case.values()
        for series in _series_of_case(sorted(measured_once.values(), key=lambda each: each.moment_seconds))
    )


def _measured(run: SavedRun, case: CaseFigures, of_run: _Compared) -> _Measured:
    own = _compared(case.fields)
    shape = tuple(sorted(case.shape.items()))
    return _Measured(
        run=run,
        case=case,
        fields=of_run.fields | own.fields,
        must_agree=(of_run.must_agree, own.must_agree, shape, case.reference),
        moment_seconds=moment(case.occasion),
    )


def _compared(fields: Mapping[str, Scalar]) -> _Compared:
    compared, refusing = _names(tuple(fields))
    return _Compared({name: fields[name] for name in compared}, (*refusing, *[fields[name] for name in refusing]))


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that comparing looks at, and among them those whose values must agree; most runs name the same fields."""
    compared = [name for name in names if rule_of(name).action != "ignore"]
    return tuple(compared), tuple(sorted(name for name in compared if rule_of(name).action == "refuse"))


def _series_of_case(measured: list[_Measured]) -> Iterator[Series]:
    groups = _alike(measured)
    # dict, not set: keeps first-seen order.
    metrics = dict.fromkeys(metric for each in measured for metric in each.case.figures)
    for metric in metrics:
        first: _Measured | None = None
        for group in groups:
            with_metric = [each for each in group if metric in each.case.figures and _is_above_zero(each, metric)]
            if with_metric:
                yield _one_series(with_metric, metric, beside=first)
                first = first or with_metric[0]


def _alike(measured: list[_Measured]) -> list[list[_Measured]]:
    """Those that may be compared with each other, group by group. What a run did not record is not known to differ."""
    groups: list[list[_Measured]] = []
    known: dict[Hashable, list[_Measured]] = {}
    for each in measured:
        group = known.get(each.must_agree)
        group = group or next((group for group in groups if not _why_apart(group[0], each)), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(each)
        known[each.must_agree] = group
    return groups


def _why_apart(first: _Measured, other: _Measured) -> tuple[Difference, ...]:
    """What forbids to compare the two."""
    apart = refused(differences(first.fields, other.fields), ())
    shapes: tuple[Mapping[str, Scalar], Mapping[str, Scalar]] = (first.case.shape, other.case.shape)
    for name in sorted(shapes[0].keys() | shapes[1].keys()):
        base, head = (shape.get(name) for shape in shapes)
        if base != head:
            apart.append(Difference(f"workload.{name}", base, head, "refuse", "another shape"))
    if first.case.reference != other.case.reference:
        references = (first.case.reference, other.case.reference)
        apart.append(Difference("certificate", *references, "refuse", "certified against another reference"))
    return tuple(apart)


def _is_above_zero(measured: _Measured, metric: str) -> bool:
    """A memory figure of 0 lies below what its instrument resolves, and has no ratio; a count of 0 is one."""
    figure = measured.case.figures[metric]
    return figure.is_counted or min(figure.by_process) > 0


def _one_series(measured: list[_Measured], metric: str, *, beside: _Measured | None) -> Series:
    newest = measured[-1]
    figure = newest.case.figures[metric]
    environment = {
        name: value for name, value in newest.run.fields_of(newest.case).items() if name not in OF_THE_SESSION
    }
    return Series(
        case=newest.case.case,
        metric=metric,
        framework=newest.case.framework,
        model=newest.case.model,
        device=newest.case.device,
        unit=figure.unit,
        better=figure.better,
        is_counted=figure.is_counted,
        preset=str(newest.run.fields.get("preset") or ""),
        machine=machine_id(environment),
        points=tuple(
            _point(each, metric, before=before) for before, each in zip([None, *measured], measured, strict=False)
        ),
        apart=_why_apart(beside, measured[0]) if beside else (),
    )


def _point(measured: _Measured, metric: str, *, before: _Measured | None) -> Point:
    run, figure = measured.run, measured.case.figures[metric]
    value = _value(figure)
    reach = None if figure.is_counted else interval_fraction_over_medians(figure.by_process)
    return Point(
        at=measured.case.occasion,
        run=run.path,
        commit=str(run.fields.get("git.commit") or ""),
        is_dirty=bool(run.fields.get("git.dirty")),
        value=value,
        low=None if reach is None else value / (1 + reach),
        high=None if reach is None else value * (1 + reach),
        processes=len(figure.by_process),
        seed=run.seed,
        changed=_changed(before, measured) if before else (),
    )


def _value(figure: Figure) -> float:
    if figure.is_counted:
        return median(figure.by_process)
    return figure_over_processes(figure.by_process)


def _changed(before: _Measured, after: _Measured) -> tuple[Difference, ...]:
    """What both recorded, and not alike."""
    if before.fields == after.fields:
        return ()
    return tuple(
        difference
        for difference in differences(before.fields, after.fields)
        if difference.base is not None and difference.head is not None
    )
