"""Write the report of saved runs as one HTML file that needs no network, or a folder of them; or that of a gate.

Nothing is measured.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from speedscore.gate.reporting.report_file import GateReportError
from speedscore.history.asking.gate_marks import is_gate_report
from speedscore.report.commands import arguments
from speedscore.report.gate_page import write_gate_page
from speedscore.report.writing import check_extra, write_report
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(
    f"{COMMAND} report RUN.json -o report.html",
    f"{COMMAND} report .benchmarks -o site/",
    f"{COMMAND} report gate.json -o gate.html",
)
ERRORS = (*arguments.ERRORS, GateReportError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_given(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE.html|FOLDER",
        help="one file, or a site with a page for each run",
    )
    arguments.add_judging(parser)


def run(options: argparse.Namespace) -> int:
    """Write the page, and return 0 once its name is printed."""
    path = _write(options)
    return write(f"{path}\n", what="name of the report")


def _write(options: argparse.Namespace) -> Path:
    """Of one gate's report the page of that gate; else that of all runs, in whose history gates are marks."""
    if len(options.run) == 1 and Path(options.run[0]).is_file() and is_gate_report(Path(options.run[0])):
        return write_gate_page(options.output, Path(options.run[0]))
    check_extra()
    return write_report(options.output, *arguments.read(options))
