"""What a claim about a change says, and whether the pairs support it: "as fast as that, 10 % faster, unchanged".

A claim names a set of ratios of head over base, and a verdict says where the interval lies: within that set, outside of
it, or neither. Both ends of the interval stand at the level of a false alarm, which all figures and looks share as they
do for ``regressed``. It reads no text, measures nothing and never prints.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from speedscore.text.numbers import short_percent
from speedscore.verdicts.signed_rank import centre, lower_limit, upper_limit
from speedscore.verdicts.verdict import Figure, VerdictPolicy, false_alarm_share, read

Direction = Literal["faster", "slower", "unchanged"]
ClaimOutcome = Literal["supported", "contradicted", "indistinguishable"]

_ROUNDED = 0.1
"""A size that is claimed is a rounded one: what falls short of it by less than this share of it is as large."""
_SHOWN = 0.5
"""Share of a claimed size that the interval must exclude on the near side: one that reaches from 1 % to 30 % is no
evidence of 10 %, though 10 % lies in it."""


class ChangeClaim(msgspec.Struct, frozen=True):
    """That head is faster, slower, or as fast as base."""

    text: str
    """As it was written."""
    name: str
    """Of the benchmarks that it is about."""
    direction: Direction
    log_size: float | None = None
    """Absolute logarithm of the ratio that is claimed, of ``unchanged`` the one that is not reached; None where no size
    is named."""
    at_least: bool = False
    """Whether the whole interval must reach the size."""


class ClaimVerdict(msgspec.Struct, frozen=True):
    """What the pairs say of a claim about one case."""

    claim: str
    """As it was written."""
    case: str
    """Node id of the test."""
    outcome: ClaimOutcome
    reason: str = ""
    """In words: why it was not decided, where it was not; of what is unchanged, that its interval excludes 1."""
    figure: Figure | None = None
    """Which of the two decided."""
    ratio: float | None = None
    """Head over base: 0.9 is 10 % faster."""
    low: float | None = None
    high: float | None = None
    """The true ratio lies between the two, but for the share of ``false_alarm`` of this look on each side."""
    pairs: int = 0
    smallest_visible: float | None = None
    """The smallest change in the claimed direction, as a fraction of base's time, that as many pairs as noisy as these
    would have shown. None where there are too few pairs to tell."""
    interval_level: float | None = None
    """Probability with which the true ratio lies between ``low`` and ``high``, as 0.998; None without an interval. It
    is higher than that of a verdict's interval, and the higher the more cases share the error."""

    def __post_init__(self) -> None:
        if self.interval_level is not None and not 0.0 < self.interval_level < 1.0:
            raise ValueError(f"interval_level must lie between 0 and 1, found {self.interval_level}")


class _Interval(msgspec.Struct, frozen=True):
    """Logarithms of head over base."""

    middle: float
    low: float
    high: float
    smallest_visible: float | None
    """As a slowdown, a fraction."""

    def turned(self) -> _Interval:
        """Of base over head."""
        return _Interval(-self.middle, -self.high, -self.low, self.smallest_visible)


def judge_claim(
    claim: ChangeClaim,
    case: str,
    figures: Mapping[Figure, Sequence[float]],
    policy: VerdictPolicy,
    *,
    figure_count: int,
    last: bool,
    why_last: str = "",
) -> ClaimVerdict | None:
    """The verdict, or None where more pairs may bring one.

    ``figures`` are the log ratios of head over base, one a pair and at least one, of the typical round and of the mean;
    ``figure_count`` is how many of all cases share the error. ``last`` says that no more pairs will come, and
    ``why_last`` why.
    """
    intervals = {name: _interval(values, policy, figure_count=figure_count) for name, values in figures.items()}
    judge = _judge_unchanged if claim.direction == "unchanged" else _judge_direction
    outcome, figure = judge(claim, intervals, policy, last=last)
    if _is_below_margin(claim, policy):
        outcome, why_last = "indistinguishable", f"less than the margin of {policy.margin:.3g} is not told from nothing"
    if outcome is None:
        if not last:
            return None
        outcome = "indistinguishable"
    shown = intervals[figure]
    has_no_end = math.isinf(shown.low) and math.isinf(shown.high)
    visible = shown.smallest_visible
    if visible is not None and claim.direction == "faster":
        visible = 1 - 1 / (1 + visible)
    return ClaimVerdict(
        claim=claim.text,
        case=case,
        outcome=outcome,
        reason=why_last if outcome == "indistinguishable" else _minor(claim, shown, policy, outcome=outcome),
        figure=figure,
        ratio=math.exp(shown.middle),
        low=None if math.isinf(shown.low) else math.exp(shown.low),
        high=None if math.isinf(shown.high) else math.exp(shown.high),
        pairs=len(next(iter(figures.values()))),
        smallest_visible=visible,
        interval_level=None if has_no_end else 1 - 2 * false_alarm_share(policy, figure_count=figure_count),
    )


def _minor(claim: ChangeClaim, shown: _Interval, policy: VerdictPolicy, *, outcome: ClaimOutcome) -> str:
    """What must be said beside an interval of ``unchanged`` that excludes 1; else empty."""
    if claim.direction != "unchanged" or outcome != "supported" or shown.low <= 0 <= shown.high:
        return ""
    if claim.log_size is None:
        return f"the interval leaves out 1, by less than the margin of {short_percent(policy.margin)}"
    return f"the interval leaves out 1, by less than the {short_percent(math.expm1(claim.log_size))} of the claim"


def _interval(log_ratios: Sequence[float], policy: VerdictPolicy, *, figure_count: int) -> _Interval:
    """Both ends at the level of a false alarm, and not at that of an interval that is only shown."""
    error = false_alarm_share(policy, figure_count=figure_count)
    return _Interval(
        middle=centre(log_ratios),
        low=lower_limit(log_ratios, error=error),
        high=upper_limit(log_ratios, error=error),
        smallest_visible=read(log_ratios, policy, figure_count=figure_count, last=True).smallest_visible,
    )


_Judged = tuple[ClaimOutcome | None, Figure]


def _judge_direction(
    claim: ChangeClaim, intervals: dict[Figure, _Interval], policy: VerdictPolicy, *, last: bool
) -> _Judged:
    """One figure is enough to support, for a change may be of some calls only; none may lie on the other side."""
    margin = math.log1p(policy.margin)
    # From here on a claim is one of more time.
    turned = {name: each.turned() if claim.direction == "faster" else each for name, each in intervals.items()}
    typical: Figure = "typical round"
    for name, each in turned.items():
        if each.high < -margin:
            return "contradicted", name
    for name, each in turned.items():
        if _supports(claim, each, margin=margin):
            return "supported", name
    reached = _least(claim, margin=margin)
    short = {name: each.high < reached for name, each in turned.items()}
    if all(short.values()):
        return "contradicted", typical
    # As for verdicts: what the mean leaves open at the end counts by its estimate, where the typical round is certain.
    if last and short[typical] and all(each.middle < reached / 2 for each in turned.values()):
        return "contradicted", typical
    return None, typical


def _is_below_margin(claim: ChangeClaim, policy: VerdictPolicy) -> bool:
    return claim.direction != "unchanged" and claim.log_size is not None and claim.log_size < math.log1p(policy.margin)


def _supports(claim: ChangeClaim, interval: _Interval, *, margin: float) -> bool:
    least = _least(claim, margin=margin)
    if claim.at_least or claim.log_size is None:
        return interval.low > least
    return interval.low > max(margin, _SHOWN * claim.log_size) and interval.middle >= least


def _least(claim: ChangeClaim, *, margin: float) -> float:
    """The smallest change that agrees with the claim, a logarithm; never less than the margin."""
    if claim.log_size is None:
        return margin
    return max(margin, claim.log_size - (0.0 if claim.at_least else max(margin, _ROUNDED * claim.log_size)))


def _judge_unchanged(
    claim: ChangeClaim, intervals: dict[Figure, _Interval], policy: VerdictPolicy, *, last: bool
) -> _Judged:
    """Both figures must lie within the size, which is the one to be detected where none is named."""
    margin = math.log1p(policy.margin)
    size = math.log1p(policy.detect) if claim.log_size is None else claim.log_size
    beyond = margin if claim.log_size is None else size
    for name, each in intervals.items():
        if each.low > beyond or each.high < -beyond:
            return "contradicted", name
    within = {
        name: -size < each.low and each.high < size and (last or abs(each.middle) <= margin)
        for name, each in intervals.items()
    }
    if all(within.values()):
        return "supported", "typical round"
    if last and within["typical round"] and all(abs(each.middle) < size / 2 for each in intervals.values()):
        return "supported", "typical round"
    return None, "typical round"
