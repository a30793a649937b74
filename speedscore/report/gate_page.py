"""A gate's report as one HTML page, with a flame graph of each regression: what was said elsewhere, drawn.

It decides nothing, runs no script, and lets no text through that is not escaped. Of what is optional it loads Jinja
alone: whoever gates pure Python has neither NumPy nor what draws charts.
"""

from __future__ import annotations

from pathlib import Path

from speedscore.gate.reasons.wording import reason_lines, source
from speedscore.gate.reporting import wording
from speedscore.gate.reporting.report import GateReport
from speedscore.gate.reporting.report_file import read_report
from speedscore.host.extras import require
from speedscore.host.files import read_file, write_file
from speedscore.report.writing import ReportError, check_name
from speedscore.text.numbers import short_percent
from speedscore.text.plain import plain
from speedscore.verdicts.verdict import Verdict, outcome_word

_HEADERS = ("case", "metric", "verdict", "base", "head", "ratio", "interval", "pairs", "sees")


def write_gate_page(path: Path, gate_path: Path) -> Path:
    """Raises MissingExtraError, ReportError, GateReportError; a file that stood there stays as it was."""
    require("why", "jinja2")
    check_name(path)
    report = read_report(read_file(gate_path), what=str(gate_path))
    try:
        write_file(path, render_gate(report))
    except OSError as error:
        raise ReportError(f"{path}: not written ({error.strerror}); name a file that can be") from error
    return path


def render_gate(report: GateReport) -> str:
    """The page, as HTML that needs nothing else."""
    from speedscore.report.flame import ROW_HEIGHT, WIDTH, flame_graph
    from speedscore.report.page.files import environment, styles

    clean = plain(report)
    shown = wording.worst_first(filter(wording.has_row, clean.verdicts))
    remarks = [
        *wording.upgrade(clean),
        *wording.quiet(clean),
        *wording.missing(clean),
        *wording.not_comparable_lines(clean),
        *wording.skipped(clean),
        *wording.left_out(clean),
        *wording.warnings(clean),
        *(f"{each.case}: {line}" for each in shown for line in wording.remarks(each)),
    ]
    return (
        environment()
        .get_template("gate.html.jinja")
        .render(
            report=clean,
            styles=styles(),
            sides=[*wording.sides(clean), *wording.machines(clean)],
            claims=wording.claims(clean),
            headers=_HEADERS,
            rows=[_row(verdict) for verdict in shown],
            legend=wording.legend(clean, ratio=wording.RATIO),
            remarks=remarks,
            reasons=[
                (each.case, source(each), lines, flame_graph(each.stacks))
                for each in clean.reasons
                if (lines := reason_lines(each))
            ],
            width=WIDTH,
            row_height=ROW_HEIGHT,
        )
    )


def _row(verdict: Verdict) -> tuple[str, ...]:
    visible = verdict.smallest_visible
    return (
        verdict.case,
        verdict.metric,
        outcome_word(verdict),
        *wording.amounts(verdict),
        "" if verdict.ratio is None else wording.as_ratio(verdict.ratio),
        wording.interval(verdict) if verdict.pairs else "",
        str(verdict.pairs) if verdict.pairs else "",
        "" if visible is None else short_percent(visible),
    )
