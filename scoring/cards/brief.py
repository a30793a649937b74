"""The answer in some twenty lines: the scores side by side, how firm their order is, and what they are of.

It is what a session ends with, and ``speedscore card --brief``. It computes nothing.
"""

from __future__ import annotations

import itertools
import shlex
import textwrap
from collections.abc import Iterator

from speedscore.scoring.cards import claims_wording, measured_wording, order_wording, wording
from speedscore.scoring.cards.side_by_side import side_by_side
from speedscore.scoring.cards.widths import readable
from speedscore.scoring.evidence.evidence import NOT_SAVED
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.text.plain import plain


def render(report: ScoreReport, *, width: int) -> str:
    """The scores side by side, how firm their order is, and what they are of: the answer in some twenty lines.

    The report has one card at least.
    """
    report = plain(report)
    width = readable(width)
    lines = side_by_side(report.cards, snapshot=report.snapshot, width=width)
    for sentence in _below_scores(report):
        lines += textwrap.wrap(f"{sentence.rstrip('.')}.", width, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def session_end(report: ScoreReport, *, width: int) -> str:
    """The brief card of what a session measured, and the commands that say more."""
    # Whole, however long a path is: it is there to be copied.
    saved = " ".join(shlex.quote(plain(run.name)) for run in report.runs if run.name != NOT_SAVED)
    commands = ["card", *(["claims"] if claims_wording.touched(report.claims) else [])]
    more = (f"The {command.removesuffix('s')}s: speedscore {command} --run {saved}\n" for command in commands if saved)
    return render(report, width=width) + "".join(more)


def _below_scores(report: ScoreReport) -> Iterator[str]:
    """How firm their order is, what was measured for them, and how what others claim of their speed fared here."""
    if len(report.cards) > 1:
        yield from order_wording.why_first(report)
    of_one = [card for card in report.cards if card.variants]
    if of_one:
        variants = ", ".join(card.variants[0].line for card in of_one)
        others = measured_wording.other_variants_together(report.cards)
        yield "; ".join([f"Performance is of one variant each: {variants}", *others])
    ranking = report.sensitivity.ranking if report.sensitivity else ()
    by_rank = sorted(report.cards, key=lambda card: (*ranking, card.framework).index(card.framework))
    ratios = (measured_wording.heaviest_with_machines(card, report.runs) for card in by_rank)
    yield from itertools.islice(filter(None, ratios), 1)
    if claims_wording.touched(report.claims):
        said = [judged for judged in report.claims if judged.judgement is not None]
        yield f"Claims of others about their speed: {claims_wording.counts(said)}"
    yield from (f"{card.name}: {dormancy}" for card in report.cards if (dormancy := wording.dormancy(card, report)))
    if remark := wording.own_policy(report):
        yield remark
