"""Print score cards, from dated facts and saved runs. Nothing is measured."""

from __future__ import annotations

import argparse

from speedscore.scoring.cards import FORMATS
from speedscore.scoring.commands import arguments
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.scoring.scores.score_report import build_report
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(
    f"{COMMAND} card jax --snapshot 2024-01",
    f"{COMMAND} card JAX PyTorch --run run.json --format markdown",
)
ERRORS = arguments.ERRORS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("framework", nargs="*", metavar="FRAMEWORK", help=f"{arguments.FRAMEWORK_HELP}; default: all")
    parser.add_argument("--format", choices=tuple(FORMATS), default="terminal")
    arguments.add_evidence(parser)


def run(options: argparse.Namespace) -> int:
    """Print the cards, and return 0, or 2 where they could not be written."""
    own = apply_overrides(load_rubric(), weights=options.weights, policy=options.policy)
    evidence, frameworks = arguments.read_evidence(own.rubric, options)
    report = build_report(own.rubric, evidence, frameworks=frameworks, departures=own.departures)
    return write(FORMATS[options.format](report, width=options.width), what="card")
