"""How many times as long each framework of a group took as the fastest: the record's ratios, and why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.bench_suite.session.group_ratios import Slowdown, compiles_nothing, is_one_number, middle
from speedscore.host.fields import Scalar
from speedscore.record.run_record import CaseResult
from speedscore.report.blocks import Block, Cell, Column, Figure, Prose
from speedscore.report.charts import ratios as chart
from speedscore.report.performance.groups import Group
from speedscore.text.numbers import duration

_TITLE = "Times as long as the fastest"


def blocks(group: Group) -> tuple[Block, ...]:
    """A chart, or the sentence why there is none; of one framework alone nothing."""
    if len(group.measured) < 2:
        return ()
    compared = [case for case in group.measured if not is_one_number(case) and not compiles_nothing(case)]
    if is_one_number(group.fastest) or len(compared) < 2:
        return (_no_ratio(group),)
    return (_figure(group, compared),)


def _no_ratio(group: Group) -> Prose:
    once = any(map(is_one_number, group.measured))
    said = (
        "None: each was compiled once, which has no interval and bears no ratio. With a larger number "
        "--processes compiles more often, by turns from empty caches and from those of the process before."
        if once
        else "None: no two of these compile anything."
    )
    return Prose(
        id=group.id("ratios"),
        title=f"{_TITLE}: {group.title}",
        items=(Cell(said),),
        form="paragraphs",
        tags=group.tags,
    )


def _figure(group: Group, compared: Sequence[CaseResult]) -> Figure:
    slowdowns = [(case, group.ratios.slowdown(case, group.fastest)) for case in compared[1:]]
    shown = [(case, slowdown) for case, slowdown in slowdowns if not slowdown.is_senseless]
    rows: list[tuple[Scalar, ...]] = [
        (group.fastest.framework, 1.0, None, None, f"fastest, {duration(middle(group.fastest))}"),
        *((case.framework, each.value, each.low, each.high, _label(each)) for case, each in shown),
    ]
    values = [1.0, *(value for _, each in shown for value in (each.value, each.low, each.high) if value is not None)]
    return Figure(
        id=group.id("ratios"),
        title=f"{_TITLE}: {group.title}",
        lead=_lead("; ".join(group.ratios.sentences(group.measured))),
        spec=chart.spec([str(row[0]) for row in rows], values=values),
        columns=(
            Column("framework"),
            Column("times as long", numeric=True),
            Column("low", numeric=True),
            Column("high", numeric=True),
            Column("as it reads"),
        ),
        fields=("framework", "times", "low", "high", "label"),
        rows=tuple(rows),
        notes=_notes(group, slowdowns),
        sources=group.sources,
        tags=group.tags,
    )


def _label(slowdown: Slowdown) -> str:
    if slowdown.low is None or slowdown.high is None:
        return f"{slowdown.text()}×"
    return f"{slowdown.text()}× ({slowdown.text(slowdown.low)}–{slowdown.text(slowdown.high)})"


def _notes(group: Group, slowdowns: Sequence[tuple[CaseResult, Slowdown]]) -> tuple[str, ...]:
    notes = [
        "From rounds that were neighbours in time: of each process the median of its ratios, their geometric mean over "
        "processes, and a 95 % interval over processes (Student's t). An interval that holds 1 leaves the order open."
    ]
    if senseless := [case.framework for case, each in slowdowns if each.is_senseless]:
        notes.append(
            f"Without a ratio, because their processes disagree by more than a factor of ten: {', '.join(senseless)}."
        )
    if alone := [case.framework for case, each in slowdowns if each.low is None]:
        notes.append(f"Without an interval, for want of a second process in common: {', '.join(alone)}.")
    if eager := [case.framework for case in group.measured if compiles_nothing(case)]:
        notes.append(f"Without a ratio, because nothing is compiled: {', '.join(eager)}.")
    return tuple(notes)


def _lead(sentences: str) -> str:
    return f"By rounds side by side {sentences}." if sentences else "The further right, the longer it took."
