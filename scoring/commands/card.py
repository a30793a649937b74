"""Print score cards, from dated facts and saved runs. Nothing is measured."""

from __future__ import annotations

import argparse

from speedscore.scoring.cards import FORMATS, brief, short
from speedscore.scoring.claims.claim_files import shipped_claims
from speedscore.scoring.commands import arguments
from speedscore.scoring.evidence.evidence import Evidence, EvidenceError
from speedscore.scoring.evidence.shipped import read_snapshots
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
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument("--brief", action="store_true", help="frameworks side by side, and how firm their order is")
    how_much.add_argument("--full", action="store_true", help="every criterion with its points and sources")
    how_much.add_argument("--sources", action="store_true", help="the short card, and where its facts come from")
    arguments.add_evidence(parser)


def run(options: argparse.Namespace) -> int:
    """Print the cards, and return 0, or 2 where they could not be written."""
    overridden = apply_overrides(load_rubric(), weights=options.weights, policy=options.policy)
    evidence, frameworks = arguments.read_evidence(overridden.rubric, options)
    if options.brief:
        frameworks = _to_compare(frameworks, evidence, options.format)
    report = build_report(
        overridden.rubric,
        evidence,
        frameworks=frameworks,
        departures=overridden.departures,
        claims=shipped_claims(),
    )
    if options.brief:
        return write(brief.render(report, width=options.width), what="card")
    if options.full or options.format != "text":
        return write(FORMATS[options.format](report, width=options.width), what="card")
    # Whom a layer stands on is no neighbour to compare it with.
    scored = [card.framework for card in report.cards]
    everybody = sorted({*scored, *evidence.frameworks()})
    surroundings = Surroundings(
        report=build_report(overridden.rubric, evidence, frameworks=everybody),
        earlier=earlier_scores(
            overridden.rubric,
            read_snapshots(overridden.rubric, options.facts),
            frameworks=scored,
            before=evidence.snapshot,
        ),
    )
    return write(short.render(report, surroundings, width=options.width, sources=options.sources), what="card")


def _to_compare(frameworks: list[str], evidence: Evidence, form: str) -> list[str]:
    """Whom ``--brief`` sets side by side: all there are where one alone is asked for.

    Raises EvidenceError for what it has no room for.
    """
    if form != "text":
        raise EvidenceError(f"--brief is text for a terminal; for --format {form} leave it out")
    if layers := [evidence.names[name] for name in frameworks if evidence.stands_on(name)]:
        raise EvidenceError(
            f"--brief sets frameworks side by side, and {', '.join(layers)} has a grade and no score; leave --brief out"
        )
    return frameworks if len(frameworks) > 1 else list(evidence.frameworks())
