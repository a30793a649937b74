"""Follow a score back to its facts and raw rounds. Nothing is computed that a card does not hold."""

from __future__ import annotations

import argparse

from speedscore.scoring.commands import arguments
from speedscore.scoring.commands.tracing import trace, trace_layer
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.scoring.scores.score_report import build_report
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(f"{COMMAND} trace jax performance --run run.json")
ERRORS = arguments.ERRORS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("framework", nargs=1, metavar="FRAMEWORK", help=arguments.FRAMEWORK_HELP)
    parser.add_argument("dimension", nargs="?", metavar="DIMENSION", help="as in performance; default: all five")
    arguments.add_evidence(parser)


def run(options: argparse.Namespace) -> int:
    """Print the way, and return 0, or 2 where it could not be written."""
    overridden = apply_overrides(load_rubric(), weights=options.weights, policy=options.policy)
    evidence, frameworks = arguments.read_evidence(overridden.rubric, options)
    # The others stay, so that it can be told what of it the order rests on.
    compared = list(dict.fromkeys((*frameworks, *evidence.frameworks())))
    report = build_report(overridden.rubric, evidence, frameworks=compared, departures=overridden.departures)
    if report.layers:
        text = trace_layer(report.layers[0], dimension=options.dimension, width=options.width)
    else:
        text = trace(report, evidence, framework=frameworks[0], dimension=options.dimension, width=options.width)
    return write(text, what="trace")
