"""A comparison of saved runs as a person or a program reads it: on the terminal, as Markdown, as JSON.

It renders and decides nothing. Times have a row each, and whatever else changed; the rest is told in a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from speedscore.comparing.baseline import ANCHOR
from speedscore.comparing.between_machines import machines_text, where
from speedscore.comparing.fields import Difference
from speedscore.comparing.report import Axis, ComparedRunSets, ComparisonReport, RunSetSummary, group_of
from speedscore.comparing.rows import Row, Values
from speedscore.comparing.runs import NOWHERE
from speedscore.comparing.saved_run import TIME
from speedscore.record.metrics import Unit
from speedscore.text.markdown import code, inert, markdown_table
from speedscore.text.numbers import counted, duration, short_percent, size, three_digits
from speedscore.text.tables import captioned_table
from speedscore.text.wrapping import TERMINAL_COLUMNS, wrapped
from speedscore.verdicts.unpaired import ASSUMED_SPREAD, shown_error
from speedscore.verdicts.verdict import MINOR, Verdict, outcome_word

_MOST_NAMES = 3
_BETWEEN = "history between machines"
_SENSELESS = 100
"""An interval whose limits are further apart than this factor says nothing that numbers should stand for."""
_HEADERS = ("", "verdict", "ratio", "interval", "base", "head")


def as_table(report: ComparisonReport) -> str:
    """At most 80 columns."""
    return "\n".join(line for comparison in report.comparisons for line in _terminal_lines(report, comparison)) + "\n"


def as_markdown(report: ComparisonReport) -> str:
    return "\n".join(line for comparison in report.comparisons for line in _markdown_lines(report, comparison)) + "\n"


def as_json(report: ComparisonReport) -> str:
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


FORMATS: dict[str, Callable[[ComparisonReport], str]] = {"text": as_table, "markdown": as_markdown, "json": as_json}


def _terminal_lines(report: ComparisonReport, comparison: ComparedRunSets) -> Iterator[str]:
    yield f" {_title(comparison)} ".center(TERMINAL_COLUMNS, "=")
    for line in _heading(report, comparison):
        yield from wrapped(line, indent="      ")
    yield ""
    names = _names(comparison.rows)
    for title, rows in _groups(comparison.rows, report.group_by):
        shown = [row for row in rows if _is_shown(row)]
        if shown:
            yield from [title, ""] if title else []
            yield from _table(shown, names)
            yield ""
    for remark in _remarks(report, comparison, names):
        yield from wrapped(remark)
    yield ""


def _markdown_lines(report: ComparisonReport, comparison: ComparedRunSets) -> Iterator[str]:
    yield f"### {_title(comparison)}: {inert(comparison.head.label)} against {inert(comparison.base.label)}"
    yield ""
    yield from (f"{inert(line)}  " for line in _heading(report, comparison))
    yield ""
    names = _names(comparison.rows)
    for title, rows in _groups(comparison.rows, report.group_by):
        shown = [row for row in rows if _is_shown(row)]
        if shown:
            yield from [f"#### {inert(title)}", ""] if title else []
            yield from _markdown_table(shown, names)
            yield ""
    yield from (f"- {inert(remark)}" for remark in _remarks(report, comparison, names))
    yield ""


def _title(comparison: ComparedRunSets) -> str:
    return "speedscore compare: drift since the anchor" if comparison.base.label == ANCHOR else "speedscore compare"


def _heading(report: ComparisonReport, comparison: ComparedRunSets) -> list[str]:
    time, memory = report.time, report.memory
    of_base, of_head = comparison.base.machines, comparison.head.machines
    are_named = bool(of_base and of_head) and of_base != of_head
    lines = [
        f"base  {_description(comparison.base, with_machines=are_named)}",
        f"head  {_description(comparison.head, with_machines=are_named)}",
        f"looks for {short_percent(time.detect)} of time, {short_percent(memory.detect)} of memory; lets "
        f"{short_percent(time.margin)} and {short_percent(memory.margin)} pass; false alarms "
        f"{short_percent(time.false_alarm)}",
    ]
    return lines + [f"warning: {line}" for line in (*comparison.warnings, *_differences(comparison.differences))]


def _description(side: RunSetSummary, *, with_machines: bool) -> str:
    first, last = side.runs[0], side.runs[-1]
    if len(side.runs) == 1:
        parts = [side.label, _minute(first.created), first.preset, f"commit {first.commit}" if first.commit else ""]
    else:
        parts = [side.label, f"{len(side.runs)} runs from {_minute(first.created)} to {_minute(last.created)}"]
    return ", ".join(filter(None, [*parts, machines_text(side.machines) if with_machines else ""]))


def _minute(created: str) -> str:
    return created[:16].replace("T", " ")


def _differences(differences: Iterable[Difference]) -> Iterator[str]:
    by_field: dict[str, list[Difference]] = {}
    for difference in differences:
        by_field.setdefault(difference.field, []).append(difference)
    for field, alike in by_field.items():
        first = alike[0]
        more = f" and {len(alike) - 1} more such" if len(alike) > 1 else ""
        values = " -> ".join("not recorded" if value is None else str(value) for value in (first.base, first.head))
        allowed = "allowed to differ: " if first.action == "refuse" else ""
        yield f"{allowed}{field}: {values}{more} ({first.reason})"


def _groups(rows: Sequence[Row], axis: Axis | None) -> Iterator[tuple[str, list[Row]]]:
    for title in dict.fromkeys(group_of(row, axis) for row in rows):
        yield title, [row for row in rows if group_of(row, axis) == title]


def _is_shown(row: Row) -> bool:
    outcome = row.verdict.outcome
    return outcome != "not comparable" and (row.verdict.metric == TIME or outcome in ("regressed", "improved"))


def _names(rows: Iterable[Row]) -> dict[str, str]:
    """Each case by what follows its file; by all of its node id where two files have one of that name."""
    cases = list(dict.fromkeys(row.verdict.case for row in rows))
    short = {case: case.partition("::")[2] or case for case in cases}
    often = Counter(short.values())
    return {case: case if often[name] > 1 else name for case, name in short.items()}


def _table(rows: Sequence[Row], names: dict[str, str]) -> list[str]:
    return captioned_table(
        [_cells(row) for row in rows],
        headers=_HEADERS,
        captions=[names[row.verdict.case] for row in rows],
        remarks=[_row_remarks(row, rows) for row in rows],
        indent="  ",
    )


def _markdown_table(rows: Sequence[Row], names: dict[str, str]) -> list[str]:
    cells = [
        (code(names[row.verdict.case]), *map(inert, _cells(row)), inert("; ".join(_row_remarks(row, rows))))
        for row in rows
    ]
    return markdown_table(cells, headers=("case", "metric", *_HEADERS[1:], "remarks"))


def _row_remarks(row: Row, rows: Sequence[Row]) -> list[str]:
    """What is said of this row alone; why a row is inconclusive is said once for all of them."""
    reason = "" if row.verdict.outcome == "inconclusive" else row.verdict.reason
    return [remark for remark in (reason, *where(row, rows), *row.verdict.notes) if remark]


def _cells(row: Row) -> tuple[str, ...]:
    verdict = row.verdict
    return (
        verdict.metric.removesuffix("_bytes"),
        outcome_word(verdict),
        _ratio(verdict.ratio) if verdict.ratio is not None else "",
        _interval(verdict.low, verdict.high),
        *(_figure(values.figure, row.unit) if values and row.unit else "" for values in (row.base, row.head)),
    )


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"{_ratio(low)}–{_ratio(high)}" if high <= _SENSELESS * low else "too wide"


def _ratio(value: float) -> str:
    if value < 0.1:
        # With three decimals a thousandth would be left with no digit that means anything.
        return f"{value:.3g}"
    return f"{value:.3f}" if value < 10 else three_digits(value)


def _figure(value: float, unit: Unit) -> str:
    if unit == "count":
        return f"{value:,.0f}"
    return size(value) if unit == "bytes" else duration(value)


def _remarks(report: ComparisonReport, comparison: ComparedRunSets, names: dict[str, str]) -> Iterator[str]:
    """What is not in the table, or is said of many rows at once."""
    rows = comparison.rows
    yield from _together(comparison.together)
    yield (
        "ratio: head over base, above 1 is slower or larger. interval: "
        f"{short_percent(1 - 2 * shown_error(report.time))}; regressed and improved ask for more. {MINOR}: a change "
        "whose interval leaves out 1, and which is smaller than what is to be found. Runs that were no neighbours in "
        "time show large changes only."
    )
    yield from _evidence(rows)
    yield from _noises(rows)
    for reason, alike in _by(rows, lambda row: row.verdict.reason if row.verdict.outcome == "inconclusive" else ""):
        visible = sorted(1 + row.verdict.smallest_visible for row in alike if row.verdict.smallest_visible is not None)
        ends = _range(f"{visible[0]:.2g}", f"{visible[-1]:.2g}") if visible else ""
        shown = f" (a change would show from a factor of {ends} on)" if ends else ""
        yield f"inconclusive in {counted(len(alike), 'metric')}{shown}: {reason}"
    hidden = [row for row in rows if not _is_shown(row) and row.verdict.outcome != "not comparable"]
    for metric, of_metric in _by(hidden, lambda row: row.verdict.metric):
        outcomes = Counter(outcome_word(row.verdict) for row in of_metric)
        yield f"{metric}: " + ", ".join(f"{outcome} in {count}" for outcome, count in outcomes.items())
    for reason, alike in sorted(_by(rows, _why_not), key=lambda group: group[1][0].is_measured_nowhere):
        cases = list(dict.fromkeys(names[row.verdict.case] for row in alike))
        more = f" and {len(cases) - _MOST_NAMES} more" if len(cases) > _MOST_NAMES else ""
        yield f"not comparable: {reason}: {', '.join(cases[:_MOST_NAMES])}{more}"
    for left_out in (*comparison.base.left_out, *comparison.head.left_out):
        yield f"left out: {left_out}"


def _together(verdict: Verdict | None) -> Iterator[str]:
    if verdict is not None and verdict.ratio is not None:
        interval = _interval(verdict.low, verdict.high)
        yield (
            f"{verdict.case}: {outcome_word(verdict)}, ratio {_ratio(verdict.ratio)} ({interval}), their geometric "
            "mean; the noise of a run is taken to be common to all"
        )


def _evidence(rows: Iterable[Row]) -> Iterator[str]:
    """How many runs and fresh processes a metric rests on; of what is counted one would do."""
    estimated = [row for row in rows if row.noise]
    if estimated:
        sides = (("base", [row.base for row in estimated]), ("head", [row.head for row in estimated]))
        yield f"runs and fresh processes a metric: {', '.join(f'{name} {_counted(side)}' for name, side in sides)}"


def _counted(side: Iterable[Values | None]) -> str:
    there = [values for values in side if values is not None]
    runs, processes = [values.runs for values in there], [values.processes for values in there]
    return f"{_range(min(runs), max(runs))} and {_range(min(processes), max(processes))}"


def _why_not(row: Row) -> str:
    if row.verdict.outcome != "not comparable":
        return ""
    if row.is_measured_nowhere:
        return NOWHERE
    return row.verdict.reason if row.verdict.metric == TIME else f"{row.verdict.metric}: {row.verdict.reason}"


def _noises(rows: Iterable[Row]) -> Iterator[str]:
    for source, alike in _by(rows, _noise_of):
        spreads = [100 * row.spread for row in alike if row.spread is not None]
        past = [row.past_runs for row in alike]
        explanation = {
            "history": f"learned from {_range(min(past), max(past))} earlier runs of the case",
            _BETWEEN: f"learned from {_range(min(past), max(past))} stints (earlier runs of the case that follow each "
            "other on one machine are one), each on another machine of its kind than the one before",
            "own runs": "seen between the runs of each side",
            "assumed": f"assumed, {short_percent(ASSUMED_SPREAD)} from run to run and as much from process to process "
            "where no run has two",
        }[source]
        sizes = _range(f"{min(spreads):.1f}", f"{max(spreads):.1f}")
        yield f"noise between runs, {counted(len(alike), 'metric')}: {explanation}; {sizes} % a run"


def _noise_of(row: Row) -> str:
    return _BETWEEN if row.noise == "history" and row.is_between_machines else row.noise or ""


def _range(low: float | str, high: float | str) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def _by(rows: Iterable[Row], key: Callable[[Row], str]) -> list[tuple[str, list[Row]]]:
    """Rows of one key together, in the order in which keys appear; rows without one left out."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if name := key(row):
            groups.setdefault(name, []).append(row)
    return list(groups.items())
