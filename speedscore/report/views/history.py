"""The tab of the history: each case over all runs, where its level changed, and what gates said.

Series, change points and marks are ``speedscore.history``'s; here they are drawn and worded. Machines are never in one
chart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from speedscore.comparing.saved_run import TIME
from speedscore.history.asking.changes import CaseMark, ChangePoint, HistoryReport, SeriesChanges
from speedscore.history.commands.changes_output import commit_text, there_changed
from speedscore.history.figures.series import Point
from speedscore.host.fields import Scalar
from speedscore.record.phases import PHASES
from speedscore.report.blocks import Block, Cell, Column, Figure, Prose, Table, View
from speedscore.report.charts import history as chart
from speedscore.report.content import Content
from speedscore.report.identifiers import block_id, run_id
from speedscore.text.numbers import NO_FIGURE, factor, short_percent
from speedscore.verdicts.verdict import outcome_word

_FEWEST_POINTS = 2
"""Of a series that is drawn: one point is no history."""
_NONE = "none"
"""What a filter calls the benchmarks that have no model, say, or no preset."""


def view(content: Content) -> View | None:
    """None where no case was measured twice."""
    history = content.history
    if history is None or not any(len(changes.series.points) >= _FEWEST_POINTS for changes in history.series):
        return None
    timed = [each for each in history.series if each.series.metric == TIME and _is_drawn(each)]
    machines = {each.series.machine for each in timed}
    filters = ("machine", "preset", "device", "phase", "model")
    chosen = [name for name in filters if len({_tags(each)[name] for each in timed}) > 1]
    blocks: tuple[Block, ...] = (
        _found(history),
        *_changes(history, known={run_id(run.name) for run in (*content.runs, *(run for run, _ in content.left_out))}),
        *_gates(history),
        *_figures(timed, tagged=chosen),
    )
    return View(
        id="history",
        title="History",
        lead=f"Every case over the runs that measured it{', each machine by itself' if len(machines) > 1 else ''}.",
        blocks=blocks,
        filters=tuple(chosen),
    )


def _is_drawn(changes: SeriesChanges) -> bool:
    return len(changes.series.points) >= _FEWEST_POINTS


def _found(history: HistoryReport) -> Prose:
    changed = sum(bool(each.change_points) for each in history.series)
    said = [f"{len(history.series)} series; {changed} changed their level."]
    if history.tested:
        said.append(
            f"{history.tested} had runs enough to be tested. Where nothing changed at all, any change is found in "
            f"{short_percent(history.false_alarm)} of histories."
        )
    reasons: dict[str, int] = {}
    for each in history.series:
        if each.why_none:
            reasons[each.why_none] = reasons.get(each.why_none, 0) + 1
    said += [f"{count} series: {why}." for why, count in sorted(reasons.items(), key=lambda pair: -pair[1])]
    return Prose(id="history-found", title="What was found", items=tuple(Cell(sentence) for sentence in said))


def _changes(history: HistoryReport, *, known: Collection[str]) -> Iterator[Table]:
    """``known`` are the addresses of the runs that have a detail; what pytest-benchmark alone saved has none."""
    rows = [(change, each) for each in history.series for change in each.change_points]
    if not rows:
        return
    rows.sort(key=lambda row: row[1].series.points[row[0].index].at, reverse=True)
    yield Table(
        id="history-changes",
        title="Changes of level",
        lead="The newest first. The ratio is that of the level after to the level before.",
        columns=(
            Column("Since"),
            Column("Case"),
            Column("Metric"),
            Column("Change"),
            Column("Ratio", numeric=True, meaning="level after over level before, with its 95 % interval"),
            Column("Commits", meaning="the last run with the old level, and the first with the new one"),
            Column("What else changed there"),
            Column("Machine"),
        ),
        rows=tuple(_change_row(change, each, known=known) for change, each in rows),
        sources=(f"speedscore history changes; {_runs_of([each for _, each in rows])}",),
    )


def _change_row(change: ChangePoint, changes: SeriesChanges, *, known: Collection[str]) -> tuple[Cell, ...]:
    series = changes.series
    before, after = series.points[change.index - 1], series.points[change.index]
    address = run_id(after.run)
    unknown = change.low is None or change.high is None
    return (
        Cell(after.at[:10], detail=address if address in known else "", note=after.run),
        Cell(series.case, series=series.framework),
        Cell(series.metric),
        Cell(_arrow(change)),
        Cell(
            f"{before.value:g} → {after.value:g}" if change.ratio is None else f"{factor(change.ratio)}×",
            value=change.ratio,
            note="" if unknown else f"{factor(change.low or 0.0)} to {factor(change.high or 0.0)}",
        ),
        Cell(f"{_commit(before)} → {_commit(after)}"),
        Cell(there_changed(change) or NO_FIGURE),
        Cell(series.machine, note=series.preset),
    )


def _arrow(change: ChangePoint) -> str:
    return f"▲ {change.direction}" if change.direction == "worse" else f"▼ {change.direction}"


def _gates(history: HistoryReport) -> Iterator[Table]:
    rows = [(mark, each) for each in history.series for mark in each.marks]
    if not rows:
        return
    rows.sort(key=lambda row: row[0].mark.at, reverse=True)
    yield Table(
        id="history-gates",
        title="What gates said",
        lead="A gate measures both sides in turns and sees what two runs cannot; its points have a ring in the charts.",
        columns=(
            Column("On"),
            Column("Case"),
            Column("Metric"),
            Column("Verdict"),
            Column("Ratio", numeric=True, meaning="head over base"),
            Column("Commit", meaning="the head of the gate"),
        ),
        rows=tuple(_gate_row(mark, each) for mark, each in rows),
        sources=tuple(dict.fromkeys(mark.mark.report for mark, _ in rows)),
    )


def _gate_row(mark: CaseMark, changes: SeriesChanges) -> tuple[Cell, ...]:
    said = mark.mark
    return (
        Cell(said.at[:10], note=said.report),
        Cell(changes.series.case, series=changes.series.framework),
        Cell(said.metric),
        Cell(outcome_word(said)),
        Cell(NO_FIGURE if said.ratio is None else f"{factor(said.ratio)}×", value=said.ratio),
        Cell(commit_text(said.head_commit, said.is_dirty), note="" if mark.indices else "no run here measured it"),
    )


def _figures(timed: Iterable[SeriesChanges], *, tagged: list[str]) -> Iterator[Figure]:
    phases = [spec.title for spec in PHASES.values()]

    def place(changes: SeriesChanges) -> tuple[object, ...]:
        """The phases in their own order, and tests that have none after them."""
        tags = _tags(changes)
        rank = phases.index(tags["phase"]) if tags["phase"] in phases else len(phases)
        return tags["machine"], tags["preset"], tags["device"], rank, tags["phase"], tags["model"]

    for number, (_, group) in enumerate(groupby(sorted(timed, key=place), key=place)):
        yield _figure(list(group), number=number, tagged=tagged)


def _figure(group: list[SeriesChanges], *, number: int, tagged: list[str]) -> Figure:
    first = group[0]
    tags = _tags(first)
    metric = next((spec.metric for spec in PHASES.values() if spec.title == tags["phase"]), None)
    changed = sum(len(each.change_points) for each in group)
    lead = "No level changed." if not changed else f"{changed} change{'s' * (changed > 1)} of level, at dashed lines."
    if all(each.why_none for each in group):
        lead = f"Nothing is said of changes: {first.why_none}."
    return Figure(
        id=block_id("history", str(number), tags["phase"], tags["model"]),
        title=_title(tags),
        lead=lead,
        spec=chart.spec(
            metric.title if metric else "seconds",
            changes=changed > 0,
            gates=any(mark.indices for each in group for mark in each.marks),
        ),
        columns=(
            Column("framework"),
            Column("series"),
            Column("measured"),
            Column("figure", unit="s", numeric=True),
            Column("commit"),
            Column("run"),
            Column("change"),
            Column("gate"),
        ),
        fields=("framework", "series", "at", "seconds", "commit", "run", "change", "gate"),
        rows=tuple(row for place, each in enumerate(group) for row in _rows(each, name=f"{place}")),
        sources=(_runs_of(group),),
        # To the page an empty tag is the choice that nobody has made.
        tags={name: tags[name] or _NONE for name in tagged},
    )


def _runs_of(group: Sequence[SeriesChanges]) -> str:
    """How many saved runs some series rest on, and of which days; their names stand in the rows."""
    points = [point for each in group for point in each.series.points]
    days = sorted(point.at[:10] for point in points)
    return f"{len({point.run for point in points})} saved runs, {days[0]} to {days[-1]}"


def _title(tags: Mapping[str, str]) -> str:
    phase = tags["phase"][:1].upper() + tags["phase"][1:]
    what = f"{phase} of {tags['model']}" if tags["model"] else phase
    where = f" on {tags['device']}" if tags["device"] else ""
    preset = f", preset {tags['preset']}" if tags["preset"] else ""
    return f"{what}{where}{preset}, machine {tags['machine']}"


def _rows(changes: SeriesChanges, *, name: str) -> Iterator[tuple[Scalar, ...]]:
    series = changes.series
    levels = {change.index: change for change in changes.change_points}
    verdicts: dict[int, str] = {}
    for mark in changes.marks:
        for index in mark.indices:
            verdicts[index] = outcome_word(mark.mark)
    for index, point in enumerate(series.points):
        change = levels.get(index)
        yield (
            series.framework or series.case,
            name,
            point.at,
            point.value,
            _commit(point),
            point.run,
            "" if change is None or change.ratio is None else f"{_arrow(change)[0]} {factor(change.ratio)}×",
            verdicts.get(index, ""),
        )


def _tags(changes: SeriesChanges) -> dict[str, str]:
    """By filter; the name of the test stands for the phase, and of a test that is none of ours for the model too."""
    series = changes.series
    test = series.case.rpartition("::")[2].partition("[")[0]
    return {
        "machine": series.machine,
        "preset": series.preset,
        "device": series.device,
        "phase": test.removeprefix("test_").replace("_", " "),
        "model": series.model,
    }


def _commit(point: Point) -> str:
    return commit_text(point.commit, point.is_dirty)
