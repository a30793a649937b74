"""What the rounds of one pair of sides say of a case: the typical round's log ratio, and the mean's.

Two numbers, because a change may slow every call or only some of them: the median of the log ratios of neighbouring
rounds is hardly moved by what happens in fewer than half of them, a mean is moved by each. What others took from a
round is taken out of it (``Timed.own_seconds``); a round is never left out for being slow. Exchanging the sides turns
both numbers round and changes nothing else, which is what the interval over the pairs rests on. It decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median, quantiles

from speedscore.gate.sides.side import Timed

FEWEST_COUPLES = 2
"""A B B A: with one couple alone, whatever drifts would count against one side."""

RESTLESS_FROM = 0.1
"""Distance of quartiles of logarithms, or of the median log ratio of neighbouring rounds from 0. Alone it is no reason
to compare rounds in another way, nor to go on for longer: a slowdown of some calls is such unrest itself."""

ENOUGH_ROUNDS = 60
"""So many rounds a side are enough however restless they are. With two threads and one neighbour the fastest of 60
spread by 1 % from pair to pair, of 30 by 3 %, and the median of 60 log ratios by 19 %."""

DISTURBED_FROM = 0.25
"""Share of a side's rounds that were disturbed in a way that cannot be taken out, from which its unrest may be the
machine's."""

Rounds = Sequence[Timed]


def log_ratios(before: Rounds, after: Rounds) -> list[float]:
    """Of neighbouring rounds, as far as a timer saw both."""
    return [math.log(later / earlier) for earlier, later in _couples(before, after)]


def is_restless(one: Rounds, other: Rounds) -> bool:
    """Whether the machine may have made the rounds of both sides so unlike each other that more of them are needed."""
    logs = log_ratios(one, other)
    if len(logs) < FEWEST_COUPLES or not (_is_disturbed(one) and _is_disturbed(other)):
        return False
    return _spread(logs) > RESTLESS_FROM or abs(median(logs)) > RESTLESS_FROM


def by_fastest(one: Rounds, other: Rounds) -> bool:
    """Whether the typical round of both sides is their fastest.

    Only where the machine is restless and that cannot be taken out, as where threads on several processors wait for the
    one that was interrupted: each side must have enough rounds, which differ among themselves, and of which many lost a
    processor, as far as that is known. A change in head alone cannot bring that about, for base must show the same.
    """
    return all(
        len(rounds) >= ENOUGH_ROUNDS
        and _is_disturbed(rounds)
        and _spread([math.log(timed.own_seconds) for timed in rounds if timed.own_seconds > 0]) > RESTLESS_FROM
        for rounds in (one, other)
    )


def typical_log_ratio(before: Rounds, after: Rounds) -> float | None:
    """Of after over before: the median over neighbouring rounds, or that of the fastest; None without a round."""
    couples = _couples(before, after)
    if not couples:
        return None
    if by_fastest(before, after):
        return math.log(min(later for _, later in couples) / min(earlier for earlier, _ in couples))
    return median(log_ratios(before, after))


def mean_log_ratio(before: Rounds, after: Rounds) -> float | None:
    """Of the mean rounds, after over before; None without a round."""
    couples = _couples(before, after)
    if not couples:
        return None
    return math.log(fmean(later for _, later in couples) / fmean(earlier for earlier, _ in couples))


def typical_seconds(rounds: Rounds, *, fastest: bool) -> float:
    """Of a side: its median round, or its fastest where those are compared."""
    own = [timed.own_seconds for timed in rounds]
    return min(own) if fastest else median(own)


def mean_seconds(rounds: Rounds) -> float:
    """Of a side."""
    return fmean(timed.own_seconds for timed in rounds)


def _couples(before: Rounds, after: Rounds) -> list[tuple[float, float]]:
    """Seconds of neighbouring rounds."""
    return [
        (earlier.own_seconds, later.own_seconds)
        for earlier, later in zip(before, after, strict=False)
        if earlier.own_seconds > 0 and later.own_seconds > 0
    ]


def _is_disturbed(rounds: Rounds) -> bool:
    lost = sum(timed.involuntary_switches != 0 and timed.preempted_seconds == 0 for timed in rounds)
    return lost >= DISTURBED_FROM * len(rounds)


def _spread(logs: Sequence[float]) -> float:
    """Distance of the quartiles; 0 for too few to tell."""
    if len(logs) < FEWEST_COUPLES:
        return 0.0
    first, _, third = quantiles(logs, n=4, method="inclusive")
    return third - first
