"""A gate's report on the terminal. It renders and decides nothing.

What is unchanged takes one line, what needs a person comes with what to do.
"""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.gate.reasons.wording import reason_lines, source
from speedscore.gate.reporting import wording
from speedscore.gate.reporting.report import GateReport
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import short_percent
from speedscore.text.tables import captioned_table
from speedscore.text.wrapping import TERMINAL_COLUMNS, wrapped
from speedscore.verdicts.verdict import Verdict, outcome_word

_HEADERS = ("verdict", "base, head", "ratio", "interval", "pairs", "sees")


def terminal_lines(report: GateReport) -> list[str]:
    """The report in at most 80 columns, the verdict last, where the eye is when it ends."""
    # Whoever reads this sits at the machine of the gate, and not at those of a fleet.
    about = [*wording.sides(report), *(wording.machines(report) if report.machines else ())]
    sides = [part for line in about for part in wrapped(line, indent="      ")]
    lines = ["", " speedscore gate ".center(TERMINAL_COLUMNS, "="), *sides, ""]
    shown = wording.worst_first(filter(wording.has_row, report.verdicts))
    if shown:
        lines += [*_table(shown), "", *wrapped(wording.legend(report, ratio=wording.RATIO)), ""]
    remarks = [
        *wording.upgrade(report),
        *wording.claims(report),
        *wording.quiet(report),
        *wording.missing(report),
        *wording.not_comparable_lines(report),
        *wording.skipped(report),
        *wording.left_out(report),
        *wording.warnings(report),
    ]
    for remark in remarks:
        lines += wrapped(remark)
    for reasons in report.reasons:
        if said := reason_lines(reasons):
            seen = source(reasons)
            lines += wrapped(f"why {reasons.case}{f' ({seen})' if seen else ''}:")
            lines += [part for line in said for part in _indented(line)]
    for case, command in report.reproduce.items():
        lines += [f"to gate {one_line(case)} alone:", f"  {command}"]
    if remarks or report.reasons or report.reproduce:
        lines.append("")
    headline, *quoted = report.headline.splitlines()
    return [*lines, *quoted, *wrapped(f"gate {headline} (exit code {report.exit_code})", indent="")]


def _indented(line: str) -> list[str]:
    return [f"  {part}" for part in wrapped(line, width=TERMINAL_COLUMNS - 2)]


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    return captioned_table(
        [(verdict.metric, *_figures(verdict)) for verdict in verdicts],
        headers=("", *_HEADERS),
        captions=[one_line(verdict.case) for verdict in verdicts],
        remarks=[wording.remarks(verdict) for verdict in verdicts],
    )


def _figures(verdict: Verdict) -> tuple[str, ...]:
    visible = verdict.smallest_visible
    return (
        outcome_word(verdict),
        _both_amounts(verdict),
        wording.as_ratio(verdict.ratio) if verdict.ratio is not None else "",
        wording.interval(verdict) if verdict.pairs else "",
        str(verdict.pairs) if verdict.pairs else "",
        short_percent(visible) if visible is not None else "",
    )


def _both_amounts(verdict: Verdict) -> str:
    """``10.0, 13.0 ms``: a unit that both have stands once."""
    base, head = wording.amounts(verdict)
    number, _, unit = base.rpartition(" ")
    return f"{number if head.endswith(f' {unit}') else base}, {head}" if base else ""
