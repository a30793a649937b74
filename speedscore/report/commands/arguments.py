"""What ``report`` and ``plot`` are asked alike: which runs, which facts, and how they are weighed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from speedscore.comparing.reading_runs import left_out_lines
from speedscore.host.extras import MissingExtraError
from speedscore.report.reading import RUN_HELP, GivenRuns, read_given
from speedscore.report.writing import ReportError
from speedscore.scoring.commands import arguments
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.text.output import complain

if TYPE_CHECKING:
    from speedscore.report.content import Judging

ERRORS = (*arguments.ERRORS, MissingExtraError, ReportError)
"""For runs, facts, a rubric and names that cannot be used, and for what is not installed."""


def add_given(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="+", metavar="RUN", help=RUN_HELP)


def add_judging(parser: argparse.ArgumentParser) -> None:
    arguments.add_facts(parser)
    arguments.add_judging(parser)


def read(options: argparse.Namespace) -> tuple[GivenRuns, Judging]:
    """Raises one of ``ERRORS``; says what of a folder was left out."""
    # Here, for it loads NumPy, without which the page of a gate is made.
    from speedscore.report.content import Judging

    overridden = apply_overrides(load_rubric(), weights=options.weights, policy=options.policy)
    given = read_given(options.run)
    for line in left_out_lines(given.left_out):
        complain(line)
    judging = Judging(
        rubric=overridden.rubric,
        facts=tuple(options.facts),
        month=options.snapshot,
        departures=overridden.departures,
    )
    return given, judging
