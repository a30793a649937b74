"""Whether a slowdown that one gate has found is there in another gate of the same case, between the same two ends.

A search asks that of each step. The verdict would be the wrong answer: a slowdown below the size that a gate finds is
called ``unchanged`` more often than not, and the search would take the guilty for innocent. What is asked here is the
estimate alone, and whether it is nearer to that slowdown than to none. It runs no gate and reads no file.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from speedscore.verdicts.verdict import Verdict


def is_as_slow(verdict: Verdict | None, found: Verdict) -> bool | None:
    """Whether ``verdict`` is nearer to the slowdown of ``found``, which regressed, than to none, whatever it is called.

    None where the one or the other has no ratio.
    """
    ratio = None if verdict is None else _ratio(verdict, of=found)
    if ratio is None or found.ratio is None:
        return None
    return math.log(ratio) > math.log(found.ratio) / 2


def beside(verdicts: Iterable[Verdict], found: Iterable[Verdict]) -> list[tuple[Verdict, bool | None]]:
    """For each regression in ``found`` the verdict of the same case and metric, and whether it is as slow; the
    regression itself, and None, where nothing is known of it. No counts, which no noise hides."""
    of = {(each.case, each.metric): each for each in verdicts}
    return [
        (of.get((each.case, each.metric), each), is_as_slow(of.get((each.case, each.metric)), each))
        for each in found
        if each.outcome == "regressed" and each.pairs
    ]


def _ratio(verdict: Verdict, *, of: Verdict) -> float | None:
    """Of the figure that decided about the other: where only the mean got slower, the typical round says nothing."""
    decided = next((figure.figure for figure in of.figures if figure.ratio == of.ratio), None)
    return next((figure.ratio for figure in verdict.figures if figure.figure == decided), verdict.ratio)
