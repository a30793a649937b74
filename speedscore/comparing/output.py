"""A comparison of saved runs as a person or a program reads it: on the terminal, as Markdown, as JSON.

It renders and decides nothing. Times have a row each, and whatever else changed; the rest is told in a line.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from tabulate import tabulate

from speedscore.comparing.baseline import ANCHOR
from speedscore.comparing.fields import Difference
from speedscore.comparing.report import Axis, Compared, Report, SideLine, group_of
from speedscore.comparing.runs import NOWHERE, Row, Values
from speedscore.comparing.saved_figures import TIME
from speedscore.record.metrics import Unit
from speedscore.text.numbers import duration, size
from speedscore.verdicts.unpaired import ASSUMED_SPREAD

WIDTH = 80
_MOST_NAMES = 3
_SENSELESS = 100
"""An interval whose limits are further apart than this factor says nothing that numbers should stand for."""
_HEADERS = ("", "verdict", "ratio", "interval", "base", "head")
_LEGEND = (
    "ratio: head over base, above 1 is slower or larger. Runs that were no neighbours in time show large changes only."
)


def as_table(report: Report) -> str:
    """At most 80 columns."""
    return "\n".join(line for each in report.comparisons for line in _terminal_lines(report, each)) + "\n"


def as_markdown(report: Report) -> str:
    return "\n".join(line for each in report.comparisons for line in _markdown_lines(report, each)) + "\n"


def as_json(report: Report) -> str:
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


FORMATS: dict[str, Callable[[Report], str]] = {"table": as_table, "markdown": as_markdown, "json": as_json}


def _terminal_lines(report: Report, each: Compared) -> Iterator[str]:
    yield f" {_title(each)} ".center(WIDTH, "=")
    for line in _heading(report, each):
        yield from _wrapped(line, indent="      ")
    yield ""
    names = _names(each.rows)
    for title, rows in _groups(each.rows, report.group_by):
        shown = [row for row in rows if _is_shown(row)]
        if shown:
            yield from [title, ""] if title else []
            yield from _table(shown, names)
            yield ""
    for remark in _remarks(each, names):
        yield from _wrapped(remark)
    yield ""


def _markdown_lines(report: Report, each: Compared) -> Iterator[str]:
    yield f"### {_title(each)}: {each.head.label} against {each.base.label}"
    yield ""
    yield from (f"{line}  " for line in _heading(report, each))
    yield ""
    names = _names(each.rows)
    for title, rows in _groups(each.rows, report.group_by):
        shown = [row for row in rows if _is_shown(row)]
        if shown:
            yield from [f"#### {title}", ""] if title else []
            yield _markdown_table(shown, names)
            yield ""
    yield from (f"- {remark}" for remark in _remarks(each, names))
    yield ""


def _title(each: Compared) -> str:
    return "speedscore compare: drift since the anchor" if each.base.label == ANCHOR else "speedscore compare"


def _heading(report: Report, each: Compared) -> list[str]:
    time, memory = report.time, report.memory
    lines = [
        f"base  {_told(each.base)}",
        f"head  {_told(each.head)}",
        f"looks for {_percent(time.detect)} of time, {_percent(memory.detect)} of memory; lets "
        f"{_percent(time.margin)} and {_percent(memory.margin)} pass; false alarms {_percent(time.false_alarm)}",
    ]
    return lines + [f"warning: {line}" for line in (*each.warnings, *_differences(each.differences))]


def _told(side: SideLine) -> str:
    first, last = side.runs[0], side.runs[-1]
    if len(side.runs) == 1:
        parts = [side.label, _minute(first.created), first.preset, f"commit {first.commit}" if first.commit else ""]
    else:
        parts = [side.label, f"{len(side.runs)} runs from {_minute(first.created)} to {_minute(last.created)}"]
    return ", ".join(filter(None, parts))


def _minute(created: str) -> str:
    return created[:16].replace("T", " ")


def _differences(found: Iterable[Difference]) -> Iterator[str]:
    by_field: dict[str, list[Difference]] = {}
    for each in found:
        by_field.setdefault(each.field, []).append(each)
    for field, own in by_field.items():
        more = f" and {len(own) - 1} more such" if len(own) > 1 else ""
        values = " -> ".join("not recorded" if value is None else str(value) for value in (own[0].base, own[0].head))
        allowed = "allowed to differ: " if own[0].action == "refuse" else ""
        yield f"{allowed}{field}: {values}{more} ({own[0].reason})"


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
    """A case has a line of its own above its figures, for its name is long."""
    head, rule, *body = tabulate(
        [_cells(row) for row in rows], headers=_HEADERS, tablefmt="simple", disable_numparse=True, stralign="left"
    ).splitlines()
    lines = [f"  {head.rstrip()}", f"  {rule}"]
    for row, figures in zip(rows, body, strict=True):
        lines += [names[row.verdict.case], f"  {figures.rstrip()}"]
        for remark in _own_remarks(row):
            lines += _wrapped(f"  {remark}", indent="  ")
    return lines


def _markdown_table(rows: Sequence[Row], names: dict[str, str]) -> str:
    cells = [
        (f"`{_escaped(names[row.verdict.case])}`", *_cells(row), _escaped("; ".join(_own_remarks(row)))) for row in rows
    ]
    headers = ("case", "metric", *_HEADERS[1:], "remarks")
    return tabulate(cells, headers=headers, tablefmt="github", disable_numparse=True)


def _escaped(text: str) -> str:
    """Even within a code span a bar would end the cell."""
    return text.replace("|", "\\|")


def _own_remarks(row: Row) -> list[str]:
    """What is said of this row alone; why a row is inconclusive is said once for all of them."""
    reason = "" if row.verdict.outcome == "inconclusive" else row.verdict.reason
    return [remark for remark in (reason, *row.verdict.notes) if remark]


def _cells(row: Row) -> tuple[str, ...]:
    verdict = row.verdict
    return (
        verdict.metric.removesuffix("_bytes"),
        verdict.outcome,
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
    return f"{value:.3f}" if value < 10 else f"{value:.0f}"


def _figure(value: float, unit: Unit) -> str:
    if unit == "count":
        return f"{value:,.0f}"
    return size(value) if unit == "bytes" else duration(value)


def _remarks(each: Compared, names: dict[str, str]) -> Iterator[str]:
    """What is not in the table, or is said of many rows at once."""
    rows = each.rows
    yield _LEGEND
    yield from _evidence(rows)
    yield from _noises(rows)
    for reason, own in _by(rows, lambda row: row.verdict.reason if row.verdict.outcome == "inconclusive" else ""):
        visible = sorted(1 + row.verdict.smallest_visible for row in own if row.verdict.smallest_visible is not None)
        ends = _range(f"{visible[0]:.2g}", f"{visible[-1]:.2g}") if visible else ""
        shown = f" (a change would show from a factor of {ends} on)" if ends else ""
        yield f"inconclusive in {_number(own)}{shown}: {reason}"
    hidden = [row for row in rows if not _is_shown(row) and row.verdict.outcome != "not comparable"]
    for metric, own in _by(hidden, lambda row: row.verdict.metric):
        told = Counter(row.verdict.outcome for row in own)
        yield f"{metric}: " + ", ".join(f"{outcome} in {count}" for outcome, count in told.items())
    for reason, own in sorted(_by(rows, _why_not), key=lambda each: each[0] == NOWHERE):
        cases = list(dict.fromkeys(names[row.verdict.case] for row in own))
        more = f" and {len(cases) - _MOST_NAMES} more" if len(cases) > _MOST_NAMES else ""
        yield f"not comparable: {reason}: {', '.join(cases[:_MOST_NAMES])}{more}"
    for left_out in (*each.base.left_out, *each.head.left_out):
        yield f"left out: {left_out}"


def _evidence(rows: Iterable[Row]) -> Iterator[str]:
    """How many runs and fresh processes a metric rests on; of what is counted one would do."""
    estimated = [row for row in rows if row.noise]
    if estimated:
        sides = (("base", [row.base for row in estimated]), ("head", [row.head for row in estimated]))
        yield f"runs and fresh processes a metric: {', '.join(f'{name} {_counted(own)}' for name, own in sides)}"


def _counted(side: Iterable[Values | None]) -> str:
    own = [values for values in side if values is not None]
    runs, processes = [values.runs for values in own], [values.processes for values in own]
    return f"{_range(min(runs), max(runs))} and {_range(min(processes), max(processes))}"


def _why_not(row: Row) -> str:
    if row.verdict.outcome != "not comparable":
        return ""
    if row.verdict.reason.startswith(NOWHERE):
        return NOWHERE
    return row.verdict.reason if row.verdict.metric == TIME else f"{row.verdict.metric}: {row.verdict.reason}"


def _noises(rows: Iterable[Row]) -> Iterator[str]:
    for source, own in _by(rows, lambda row: row.noise or ""):
        spreads = [100 * row.spread for row in own if row.spread is not None]
        past = [row.past_runs for row in own]
        told = {
            "history": f"learned from {_range(min(past), max(past))} earlier runs of the case",
            "own runs": "seen between the runs of each side",
            "assumed": f"assumed, {_percent(ASSUMED_SPREAD)} from run to run and as much from process to process where "
            "no run has two",
        }[source]
        sizes = _range(f"{min(spreads):.1f}", f"{max(spreads):.1f}")
        yield f"noise between runs, {_number(own)}: {told}; {sizes} % a run"


def _range(low: float | str, high: float | str) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def _by(rows: Iterable[Row], key: Callable[[Row], str]) -> list[tuple[str, list[Row]]]:
    """Rows of one key together, in the order in which keys appear; rows without one left out."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if name := key(row):
            found.setdefault(name, []).append(row)
    return list(found.items())


def _number(rows: Sequence[Row]) -> str:
    return f"{len(rows)} metric{'' if len(rows) == 1 else 's'}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.3g} %"


def _wrapped(text: str, *, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
