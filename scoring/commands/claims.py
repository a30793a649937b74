"""Print what others say of the frameworks' speed, and whether it holds by saved runs. Nothing is measured."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from speedscore.scoring.cards import claims_table, claims_wording, figures_table
from speedscore.scoring.cards.widths import MINIMUM_WIDTH
from speedscore.scoring.claims.claim_files import shipped_claims
from speedscore.scoring.claims.judging import JudgedClaim, judge_claims
from speedscore.scoring.claims.published_figure import HeldFigure, hold_figures, shipped_figures
from speedscore.scoring.commands import arguments
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.text.arguments import examples
from speedscore.text.markdown import escaped
from speedscore.text.output import COMMAND, write
from speedscore.text.plain import plain
from speedscore.text.tables import Footnotes
from speedscore.text.wrapping import wrapped

EXAMPLES = examples(
    f"{COMMAND} claims --run run.json",
    f"{COMMAND} claims --framework jax --format markdown",
)
ERRORS = arguments.ERRORS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_runs(parser, what="saved runs that test the claims")
    parser.add_argument(
        "--framework",
        action="append",
        default=[],
        metavar="FRAMEWORK",
        help=f"only what is said of it, {arguments.FRAMEWORK_HELP}; may be given again; default: all",
    )
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    arguments.add_facts(parser)
    arguments.add_width(parser)
    # Claims are held against today's knowledge.
    parser.set_defaults(snapshot=None)


def run(options: argparse.Namespace) -> int:
    """Print the tables, and return 0, or 2 where they could not be written."""
    rubric = load_rubric()
    evidence, frameworks = arguments.read_evidence(rubric, options)
    claims = [claim for claim in shipped_claims() if any(map(claim.is_about, frameworks))]
    judged = plain(judge_claims(claims, evidence, policy=rubric.policy))
    figures = [figure for figure in shipped_figures() if figure.framework in frameworks]
    held = plain(hold_figures(figures, evidence))
    said = [each for each in judged if each.judgement is not None]
    neutral = [each for each in judged if each.judgement is None]
    if not judged and not held:
        return write(f"No claim about the speed of {' or '.join(frameworks)} is known here.\n", what="claims")
    if options.format == "markdown":
        lines = list(_in_markdown(said, neutral, held))
    else:
        lines = list(_in_terminal(said, neutral, held, width=max(options.width, MINIMUM_WIDTH)))
    return write("\n".join(line.rstrip() for line in lines) + "\n", what="claims")


def _in_terminal(
    said: Sequence[JudgedClaim], neutral: Sequence[JudgedClaim], held: Sequence[HeldFigure], *, width: int
) -> Iterator[str]:
    footnotes = Footnotes()
    yield from wrapped(f"{len(said)} claims: {claims_wording.counts(said)}", width=width)
    for heading, claims in ((claims_wording.HEADING, said), (claims_wording.NEUTRAL_HEADING, neutral)):
        if claims:
            yield from ("", heading, *claims_table.in_terminal(claims, footnotes, width))
    if held:
        yield from ("", figures_table.HEADING, *figures_table.in_terminal(held, footnotes, width))
    yield from ("", "Sources", *footnotes.lines(width))


def _in_markdown(
    said: Sequence[JudgedClaim], neutral: Sequence[JudgedClaim], held: Sequence[HeldFigure]
) -> Iterator[str]:
    yield escaped(f"{len(said)} claims: {claims_wording.counts(said)}.")
    for heading, claims in ((claims_wording.HEADING, said), (claims_wording.NEUTRAL_HEADING, neutral)):
        if claims:
            yield from ("", f"## {heading}", "", *claims_table.in_markdown(claims))
    if held:
        yield from ("", f"## {figures_table.HEADING}", "", *figures_table.in_markdown(held))
