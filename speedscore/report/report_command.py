"""Write the report of saved runs as one HTML file that needs no network, or a folder of them. Nothing is measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from speedscore.host.extras import MissingExtraError
from speedscore.record.run_file import load_run
from speedscore.report.writing import Judging, ReportError, write_report
from speedscore.scoring.commands import arguments
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(f"{COMMAND} report RUN.json -o report.html", f"{COMMAND} report .benchmarks/*/*.json -o site/")
ERRORS = (*arguments.ERRORS, MissingExtraError, ReportError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="+", type=Path, metavar="RUN.json", help="saved runs")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE.html|FOLDER",
        help="one file, or a site with a page for each run",
    )
    arguments.add_facts(parser)
    arguments.add_judging(parser)


def run(options: argparse.Namespace) -> int:
    """Write the page, and return 0 once its name is printed."""
    overridden = apply_overrides(load_rubric(), weights=options.weights, policy=options.policy)
    judging = Judging(
        rubric=overridden.rubric,
        facts=tuple(options.facts),
        month=options.snapshot,
        departures=overridden.departures,
    )
    runs = [NamedRun(name=str(path), record=load_run(path)) for path in dict.fromkeys(options.run)]
    return write(f"{write_report(options.output, runs, judging)}\n", what="name of the report")
