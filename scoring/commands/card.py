"""Print score cards, from dated facts and saved runs. Nothing is measured."""

from __future__ import annotations

import argparse

from speedscore.scoring.cards import FORMATS, short
from speedscore.scoring.claims.claim_files import shipped_claims
from speedscore.scoring.commands import arguments
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.scoring.scores.score_report import build_report
from speedscore.scoring.scores.surroundings import Surroundings, earlier_scores
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
    parser.add_argument("--brief", action="store_true", help="scores and order alone, as a session ends")
    parser.add_argument("--full", action="store_true", help="every criterion with its points and sources")
    parser.add_argument("--sources", action="store_true", help="the short card and where each of its facts comes from")
    arguments.add_evidence(parser)


def run(options: argparse.Namespace) -> int:
    """Print the cards, and return 0, or 2 where they could not be written."""
    overridden = apply_overrides(load_rubric(), weights=options.weights, policy=options.policy)
    evidence, frameworks = arguments.read_evidence(overridden.rubric, options)
    report = build_report(
        overridden.rubric,
        evidence,
        frameworks=frameworks,
        departures=overridden.departures,
        claims=shipped_claims(),
    )
    if options.brief:
        return write(short.session_end(report, width=options.width), what="card")
    if options.full or options.format != "terminal":
        return write(FORMATS[options.format](report, width=options.width), what="card")
    # Whom a layer stands on is no neighbour to compare it with.
    scored = [card.framework for card in report.cards]
    everybody = sorted({*scored, *evidence.frameworks()})
    surroundings = Surroundings(
        report=build_report(overridden.rubric, evidence, frameworks=everybody),
        earlier=earlier_scores(
            overridden.rubric,
            arguments.read_snapshots(overridden.rubric, options),
            frameworks=scored,
            before=evidence.snapshot,
        ),
    )
    return write(short.render(report, surroundings, width=options.width, sources=options.sources), what="card")
