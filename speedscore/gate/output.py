"""A gate's report as a person reads it: on the terminal, and as Markdown for a comment or a step summary.

It renders and decides nothing. What is unchanged takes one line, what needs a person comes with what to do.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from tabulate import tabulate

from speedscore.gate.report import GateReport, SideReport, count
from speedscore.verdicts.verdict import Outcome, Verdict

WIDTH = 80
_ORDER: tuple[Outcome, ...] = ("regressed", "inconclusive", "improved", "unchanged", "not comparable")
_HEADERS = ("", "verdict", "ratio", "interval", "pairs", "s", "sees")
_LEGEND = (
    "ratio: head over base, above 1 is slower or larger. pairs: of fresh processes. sees: the smallest slowdown that "
    "so many pairs as noisy as these would have shown."
)


def terminal_lines(report: GateReport) -> list[str]:
    """The report in at most 80 columns, the verdict last, where the eye is when it ends."""
    lines = ["", " speedscore gate ".center(WIDTH, "="), *_sides(report), ""]
    shown = _shown(report.verdicts)
    if shown:
        lines += [*_table(shown), "", *_wrapped(_LEGEND), ""]
    remarks = [*_quiet(report), *_attention(report)]
    for remark in remarks:
        lines += _wrapped(remark)
    for case, command in report.reproduce.items():
        lines += [f"to gate {case} alone:", f"  {command}"]
    if remarks or report.reproduce:
        lines.append("")
    headline, *quoted = report.headline.splitlines()
    return [*lines, *quoted, *_wrapped(f"gate {headline} (exit code {report.exit_code})", indent="")]


def markdown(report: GateReport) -> str:
    """The verdict first, then what it rests on."""
    headline, *quoted = report.headline.splitlines()
    parts = [f"### speedscore gate: {headline}", "", *(f"{line}  " for line in _sides(report, wrap=False)), ""]
    if quoted:
        parts += ["```", *quoted, "```", ""]
    shown = _shown(report.verdicts)
    loud = [verdict for verdict in shown if verdict.outcome != "unchanged"]
    calm = [verdict for verdict in shown if verdict.outcome == "unchanged"]
    if loud:
        parts += [_markdown_table(loud), ""]
    if calm:
        parts += [f"<details><summary>{len(calm)} unchanged</summary>", "", _markdown_table(calm), "", "</details>", ""]
    parts += [f"- {line}" for line in [*_quiet(report), *_attention(report)]]
    for case, command in report.reproduce.items():
        parts += ["", f"To gate `{case}` alone:", "", "```", command, "```"]
    return "\n".join([*parts, "", f"_{_LEGEND}_", ""])


def _sides(report: GateReport, *, wrap: bool = True) -> list[str]:
    time = report.time
    lines = [
        f"head  {report.head.description}",
        f"base  {report.base.description}" if report.canary is None else "base  a copy of head",
        f"finds {_percent(time.detect)}, lets {_percent(time.margin)} pass; false alarms: "
        f"{_percent(time.false_alarm)} of runs; missed: {_percent(time.miss)}",
        f"{report.pairs} pairs of processes in {report.seconds:.0f} s; looked at after {_list(report.looks)}",
    ]
    if report.head.packages or report.base.packages or report.base.python != report.head.python:
        lines.append(f"environments differ: {_environments(report.base, report.head)}")
    return [part for line in lines for part in _wrapped(line, indent="      ")] if wrap else lines


def _environments(base: SideReport, head: SideReport) -> str:
    names = sorted(base.packages.keys() | head.packages.keys())
    found = [f"{name} {base.packages.get(name, 'none')} -> {head.packages.get(name, 'none')}" for name in names]
    if base.python != head.python:
        found.insert(0, f"python {base.python} -> {head.python}")
    return ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")


def _shown(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """What has a row: every time, and of memory and counts what is not simply unchanged."""
    rows = [
        verdict
        for verdict in verdicts
        if verdict.outcome != "not comparable" and (verdict.metric == "time" or verdict.outcome != "unchanged")
    ]
    return sorted(rows, key=lambda verdict: (_ORDER.index(verdict.outcome), -(verdict.ratio or 0.0)))


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    """Node ids are long: each has a line of its own above its figures."""
    rows = tabulate(
        [_row(verdict) for verdict in verdicts],
        headers=_HEADERS,
        tablefmt="simple",
        disable_numparse=True,
        stralign="left",
    )
    head, rule, *body = rows.splitlines()
    lines = [head, rule]
    for case, row, verdict in zip((each.case for each in verdicts), body, verdicts, strict=True):
        lines += [case, row.rstrip()]
        for remark in (verdict.reason, *verdict.notes):
            lines += _wrapped(f"  {remark}", indent="  ") if remark else []
    return lines


def _row(verdict: Verdict) -> tuple[str, ...]:
    visible = verdict.smallest_visible
    return (
        f"  {verdict.metric}",
        verdict.outcome,
        f"{verdict.ratio:.3f}" if verdict.ratio is not None else "",
        _interval(verdict),
        str(verdict.pairs) if verdict.pairs else "",
        f"{verdict.seconds:.1f}" if verdict.seconds else "",
        _percent(visible) if visible is not None else "",
    )


def _interval(verdict: Verdict) -> str:
    if not verdict.pairs:
        return ""
    low = f"{verdict.low:.3f}" if verdict.low is not None else "?"
    return f"{low} to {verdict.high:.3f}" if verdict.high is not None else f"{low} to ?"


def _markdown_table(verdicts: Sequence[Verdict]) -> str:
    rows = [
        (
            f"`{verdict.case}`".replace("|", "\\|"),
            verdict.metric,
            *_row(verdict)[1:],
            "; ".join(filter(None, (verdict.reason, *verdict.notes))),
        )
        for verdict in verdicts
    ]
    headers = ("case", "metric", *_HEADERS[1:], "remarks")
    return str(tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True))


def _quiet(report: GateReport) -> list[str]:
    """Memory and what was counted, as far as nothing changed: those of as many cases in one line."""
    metrics: dict[tuple[int, int], list[str]] = {}
    for metric in dict.fromkeys(verdict.metric for verdict in report.verdicts if verdict.metric != "time"):
        own = [verdict for verdict in report.verdicts if verdict.metric == metric]
        if same := count(own, "unchanged"):
            metrics.setdefault((same, len(own)), []).append(metric)
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
    lines += [f"warning: {each}" for each in report.warnings]
    if report.cut_off:
        lines.append(f"ended early: {report.cut_off}")
    return lines


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.3g} %"


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "no pair"


def _wrapped(text: str, *, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
