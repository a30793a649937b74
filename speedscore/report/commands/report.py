"""Write the report of saved runs as one HTML file that needs no network, or a folder of them. Nothing is measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from speedscore.report.commands import arguments
from speedscore.report.writing import check_extra, write_report
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(f"{COMMAND} report RUN.json -o report.html", f"{COMMAND} report .benchmarks -o site/")
ERRORS = arguments.ERRORS


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
    check_extra()
    path = write_report(options.output, *arguments.read(options))
    return write(f"{path}\n", what="name of the report")
