"""The verdict on a time, from two figures of each pair: its typical round and its mean.

A change that slows every call moves both; one that slows some calls (a cache that misses, a lock, a collection of
garbage) spares the typical round and moves the mean. Each is judged as any figure is, and either can say ``regressed``;
they share the error of a false alarm (Bonferroni), because they count as two. It never measures and never prints.

Until the last look a case goes on unless both figures are decided; at an early one both must be clearly unchanged. At
the last one the typical round must exclude the slowdown to be detected; the mean, which noise moves more, must only not
look like one: where its estimate is nearer to that size than to none and the size is not excluded, the case is
inconclusive. Otherwise it is unchanged, and what the mean leaves open stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from speedscore.verdicts.verdict import (
    Figure,
    FigureVerdict,
    Outcome,
    PairedReading,
    VerdictPolicy,
    finite,
    is_minor,
    read,
)


def read_time(
    typical_log_ratios: Sequence[float],
    mean_log_ratios: Sequence[float],
    policy: VerdictPolicy,
    *,
    figure_count: int,
    last: bool,
    early: bool = False,
) -> PairedReading:
    """Decide, or leave it open, from the log ratios of head over base of as many pairs; at least one.

    ``figure_count`` is how many share the error of a false alarm, both of these included. What is returned is the
    reading of the figure that decided, the typical round where both did.
    """
    typical = read(typical_log_ratios, policy, figure_count=figure_count, last=last, early=early)
    mean = read(mean_log_ratios, policy, figure_count=figure_count, last=last, early=early)
    outcome = _outcome(typical, mean, policy, last=last)
    decisive = mean if mean.outcome == outcome != typical.outcome else typical
    return msgspec.structs.replace(
        decisive,
        outcome=outcome,
        figures=(_figure("typical round", typical), _figure("mean", mean)),
    )


def _outcome(typical: PairedReading, mean: PairedReading, policy: VerdictPolicy, *, last: bool) -> Outcome | None:
    said = {typical.outcome, mean.outcome}
    if "regressed" in said:
        return "regressed"
    excluded = [reading.excludes_detect for reading in (typical, mean)]
    if all(excluded) and "improved" in said:
        return "improved"
    if not last:
        return "unchanged" if said == {"unchanged"} else None
    if not excluded[0] or (not excluded[1] and looks_slower(mean.ratio, policy)):
        return "inconclusive"
    return "improved" if "improved" in said else "unchanged"


def looks_slower(ratio: float, policy: VerdictPolicy) -> bool:
    """Whether an estimate is nearer to the slowdown to be detected than to none."""
    return math.log(ratio) >= math.log1p(policy.detect) / 2


def _figure(figure: Figure, reading: PairedReading) -> FigureVerdict:
    verdict = FigureVerdict(
        figure=figure,
        outcome=reading.outcome or "inconclusive",
        ratio=reading.ratio,
        low=finite(reading.low),
        high=finite(reading.high),
        smallest_visible=reading.smallest_visible,
    )
    return msgspec.structs.replace(verdict, is_minor=is_minor(verdict))
