"""A gate's report as a person reads it: on the terminal, and as Markdown for a comment or a step summary.

It renders and decides nothing. What is unchanged takes one line, what needs a person comes with what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from speedscore.gate.report import GateReport, SideReport, count
from speedscore.text.markdown import code, escaped, fenced, markdown_table
from speedscore.text.numbers import short_percent
from speedscore.text.tables import captioned_table
from speedscore.text.wrapping import TERMINAL_COLUMNS, wrapped
from speedscore.verdicts.verdict import FigureVerdict, Outcome, Verdict

_ORDER: tuple[Outcome, ...] = ("regressed", "inconclusive", "improved", "unchanged", "not comparable")
_HEADERS = ("verdict", "ratio", "interval", "pairs", "s", "sees")
_LEGEND = (
    "ratio: head over base, above 1 is slower or larger, of the figure that decided: the typical round's or the "
    "mean's. pairs: of fresh processes. sees: the smallest slowdown that so many pairs as noisy as these would have "
    "shown."
)


def terminal_lines(report: GateReport) -> list[str]:
    """The report in at most 80 columns, the verdict last, where the eye is when it ends."""
    lines = ["", " speedscore gate ".center(TERMINAL_COLUMNS, "="), *_sides(report), ""]
    shown = _shown(report.verdicts)
    if shown:
        lines += [*_table(shown), "", *wrapped(_LEGEND), ""]
    remarks = [*_quiet(report), *_attention(report)]
    for remark in remarks:
        lines += wrapped(remark)
    for case, command in report.reproduce.items():
        lines += [f"to gate {case} alone:", f"  {command}"]
    if remarks or report.reproduce:
        lines.append("")
    headline, *quoted = report.headline.splitlines()
    return [*lines, *quoted, *wrapped(f"gate {headline} (exit code {report.exit_code})", indent="")]


def markdown(report: GateReport) -> str:
    """The verdict first, then what it rests on."""
    headline, *quoted = report.headline.splitlines()
    parts = [f"### speedscore gate: {escaped(headline)}", ""]
    parts += [*(f"{escaped(line)}  " for line in _sides(report, wrap=False)), ""]
    if quoted:
        parts += [*fenced(quoted), ""]
    shown = _shown(report.verdicts)
    loud = [verdict for verdict in shown if verdict.outcome != "unchanged"]
    calm = [verdict for verdict in shown if verdict.outcome == "unchanged"]
    if loud:
        parts += [*_markdown_table(loud), ""]
    if calm:
        parts += [
            f"<details><summary>{len(calm)} unchanged</summary>",
            "",
            *_markdown_table(calm),
            "",
            "</details>",
            "",
        ]
    parts += [f"- {escaped(line)}" for line in [*_quiet(report), *_attention(report)]]
    for case, command in report.reproduce.items():
        parts += ["", f"To gate {code(case)} alone:", "", *fenced([command])]
    return "\n".join([*parts, "", f"_{_LEGEND}_", ""])


def _sides(report: GateReport, *, wrap: bool = True) -> list[str]:
    time = report.time
    lines = [
        f"head  {report.head.description}",
        f"base  {report.base.description}" if report.canary is None else "base  a copy of head",
        f"finds {short_percent(time.detect)}, lets {short_percent(time.margin)} pass; false alarms: "
        f"{short_percent(time.false_alarm)} of runs; missed: {short_percent(time.miss)}",
        f"{report.pairs} pairs of processes in {report.seconds:.0f} s; looked at after {_list(report.looks)}",
    ]
    if report.head.packages or report.base.packages or report.base.python != report.head.python:
        lines.append(f"environments differ: {_environments(report.base, report.head)}")
    return [part for line in lines for part in wrapped(line, indent="      ")] if wrap else lines


def _environments(base: SideReport, head: SideReport) -> str:
    names = sorted(base.packages.keys() | head.packages.keys())
    differing = [f"{name} {base.packages.get(name, 'none')} -> {head.packages.get(name, 'none')}" for name in names]
    if base.python != head.python:
        differing.insert(0, f"python {base.python} -> {head.python}")
    return ", ".join(differing[:12]) + (f" and {len(differing) - 12} more" if len(differing) > 12 else "")


def _shown(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """What has a row: every time, and of memory and counts what is not simply unchanged."""
    rows = [
        verdict
        for verdict in verdicts
        if verdict.outcome != "not comparable" and (verdict.metric == "time" or verdict.outcome != "unchanged")
    ]
    return sorted(rows, key=lambda verdict: (_ORDER.index(verdict.outcome), -(verdict.ratio or 0.0)))


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    return captioned_table(
        [(verdict.metric, *_figures(verdict)) for verdict in verdicts],
        headers=("", *_HEADERS),
        captions=[verdict.case for verdict in verdicts],
        remarks=[_remarks(verdict) for verdict in verdicts],
    )


def _markdown_table(verdicts: Sequence[Verdict]) -> list[str]:
    rows = [
        (code(verdict.case), verdict.metric, *_figures(verdict), "; ".join(_remarks(verdict))) for verdict in verdicts
    ]
    return markdown_table(rows, headers=("case", "metric", *_HEADERS, "remarks"))


def _remarks(verdict: Verdict) -> tuple[str, ...]:
    return tuple(filter(None, (_both_figures(verdict), verdict.reason, *verdict.notes)))


def _both_figures(verdict: Verdict) -> str:
    """The typical round and the mean, where one figure in the row would hide what the other says."""
    if len(verdict.figures) < 2:
        return ""
    typical, mean = verdict.figures
    is_within = (typical.low or 0.0) <= mean.ratio <= (typical.high or mean.ratio)
    if typical.outcome == mean.outcome and is_within:
        return ""
    return "; ".join(f"{each.figure} {each.outcome} {each.ratio:.3f} ({_interval(each)})" for each in verdict.figures)


def _figures(verdict: Verdict) -> tuple[str, ...]:
    visible = verdict.smallest_visible
    return (
        verdict.outcome,
        f"{verdict.ratio:.3f}" if verdict.ratio is not None else "",
        _interval(verdict) if verdict.pairs else "",
        str(verdict.pairs) if verdict.pairs else "",
        f"{verdict.seconds:.1f}" if verdict.seconds else "",
        short_percent(visible) if visible is not None else "",
    )


def _interval(verdict: Verdict | FigureVerdict) -> str:
    low = f"{verdict.low:.3f}" if verdict.low is not None else "?"
    return f"{low} to {verdict.high:.3f}" if verdict.high is not None else f"{low} to ?"


def _quiet(report: GateReport) -> list[str]:
    """Memory and what was counted, as far as nothing changed: those of as many cases in one line."""
    metrics: dict[tuple[int, int], list[str]] = {}
    for metric in dict.fromkeys(verdict.metric for verdict in report.verdicts if verdict.metric != "time"):
        of_metric = [verdict for verdict in report.verdicts if verdict.metric == metric]
        if same := count(of_metric, "unchanged"):
            metrics.setdefault((same, len(of_metric)), []).append(metric)
    return [f"unchanged in {same} of {total} cases: {', '.join(names)}" for (same, total), names in metrics.items()]


def _attention(report: GateReport) -> list[str]:
    """What is not in the table and yet must be known."""
    lines = [f"coverage missing: {case}: {why}" for case, why in report.missing.items()]
    lines += [
        f"not comparable: {verdict.case}: {verdict.metric + ': ' if verdict.metric != 'time' else ''}{verdict.reason}"
        for verdict in report.verdicts
        if verdict.outcome == "not comparable" and verdict.case not in report.missing
    ]
    if report.skipped:
        lines.append(
            f"skipped on both sides: {len(report.skipped)}, the first because: {next(iter(report.skipped.values()))}"
        )
    lines += [f"warning: {warning}" for warning in report.warnings]
    if report.cut_off:
        lines.append(f"ended early: {report.cut_off}")
    return lines


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "no pair"
