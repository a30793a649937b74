"""What can be said about one metric of one case on two sides, and the rule by which it is said.

A verdict is drawn from log ratios of head over base, one for each pair of fresh processes: the unit of evidence is a
pair, never a round. Looks are taken at fixed numbers of pairs, and the error that may be made is spent over them. It
never measures and never prints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from speedscore.text.numbers import short_percent
from speedscore.verdicts.detection import detectable, needed, standard_error
from speedscore.verdicts.signed_rank import centre, fewest_for, lower_limit, upper_limit

Outcome = Literal["regressed", "improved", "unchanged", "inconclusive", "not comparable"]
"""``unchanged`` says that a slowdown of the size to be detected is excluded, be there a smaller one or none (see
``is_minor``); ``inconclusive`` that nothing is."""

Figure = Literal["typical round", "mean"]
"""A change may slow every call, or only some: the mean shows what spares the typical round."""

LOOKS = 5
"""How often the pairs of a case are looked at. More looks end sooner where the answer is plain, and make each one
stricter; five, each half as large again as the one before, reach from the fewest pairs that can decide to 4.4 times as
many."""
_GROWTH = 1.45

EARLY_LOOKS = 2
"""How often before those a case is looked at that may leave as unchanged, and as nothing else: it costs no false alarm
of a regression, only a share of ``miss``. So few pairs cannot say ``regressed`` at all."""
_CLEAR = 0.25
"""An early look excludes slowdowns from so far on between the margin and the slowdown to be detected: from 2 % on for a
margin of 1 % and 5 % to be detected, so that a small true slowdown stays as surely as a large one."""

MINOR = "minor"
"""What the verdict ``unchanged`` is called beside an interval that excludes 1."""

MOST_DETECT = 10.0
"""So large a slowdown, as a fraction, is not asked to be detected."""


class VerdictPolicy(msgspec.Struct, frozen=True):
    """How large a change is to be found, and how often a verdict may be wrong. Sizes are fractions: 0.05 is 5 %."""

    detect: float = 0.05
    """A slowdown of this size is to be found."""
    margin: float = 0.01
    """A slowdown up to this size is nobody's concern, even if it is certain."""
    false_alarm: float = 0.01
    """Probability that a run without any change says ``regressed`` about anything at all."""
    miss: float = 0.05
    """Probability, for each metric, that ``unchanged`` is said of a slowdown of the size to be detected."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.margin < self.detect < MOST_DETECT:
            sizes = f"{short_percent(self.margin)} and {short_percent(self.detect)}"
            raise ValueError(f"margin must be smaller than detect, and that than ten times, found {sizes}")
        for name, value in (("false_alarm", self.false_alarm), ("miss", self.miss)):
            if not 0.0 < value < 0.5:
                raise ValueError(f"{name} must lie between 0 and 50 %, found {short_percent(value)}")


class FigureVerdict(msgspec.Struct, frozen=True):
    """What one of the two figures of a time says by itself."""

    figure: Figure
    outcome: Outcome
    ratio: float
    low: float | None
    high: float | None
    smallest_visible: float | None
    base_seconds: float | None = None
    """Of a call, in the pair nearest to the ratio."""
    head_seconds: float | None = None
    is_minor: bool = False
    """As that of a verdict."""


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer. Ratios are head over base: 1.05 is 5 % more time, bytes or operations."""

    case: str
    """Node id of the test."""
    metric: str
    """``time``, ``memory``, or the name of something that is counted and not measured."""
    outcome: Outcome
    reason: str = ""
    """Why it cannot be compared or was not decided; what was counted; empty where the interval says it all."""
    ratio: float | None = None
    """Of the figure that decided, where there are two."""
    low: float | None = None
    """The true ratio lies above, but for a probability of ``interval_error``."""
    high: float | None = None
    """The true ratio lies below, but for the same probability."""
    pairs: int = 0
    """Pairs of fresh processes, one log ratio each."""
    seconds: float = 0.0
    """Spent on the case, start of processes included; 0 where nothing was timed for this metric."""
    smallest_visible: float | None = None
    """The smallest slowdown, as a fraction, that as many pairs as noisy as these would have shown, with the probability
    that ``miss`` leaves. None where there are too few pairs to tell. Of what left at an early look it is what would
    have stayed, and been found by as many pairs as the first look has."""
    notes: tuple[str, ...] = ()
    """What a reader must know, as that the benchmark's own code differs."""
    figures: tuple[FigureVerdict, ...] = ()
    """Of a time that pairs of a gate judge: what its typical round and its mean say. Empty for what has one figure."""
    base_amount: float | None = None
    """On base: seconds of a call, bytes, or what was counted; of a time, of the figure that decided. That of the pair
    nearest to the ratio, where there are pairs."""
    head_amount: float | None = None
    """The same on head."""
    is_minor: bool = False
    """Whether the case is called unchanged although the interval excludes 1: a change that is smaller than what is to
    be found, or none, for the interval's level is shared over neither cases nor looks."""
    machine: str = ""
    """The machine of a fleet that it was measured on; empty where it was this one. Of saved runs the name of the one
    that both sides have, or of base's and head's, as in ``box-1 → box-2``; empty where one is not known."""


class Answer(Protocol):
    """A verdict, that of one figure, or what has kept one."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


def outcome_word(of: Answer) -> str:
    """The verdict in a word: nobody reads ``unchanged`` beside an interval that excludes 1."""
    return MINOR if is_minor(of) else of.outcome


def is_minor(of: Answer) -> bool:
    """Whether it is called unchanged although its interval excludes 1."""
    if of.outcome != "unchanged" or of.low is None or of.high is None:
        return False
    return of.low > 1 or of.high < 1


def interval_error(policy: VerdictPolicy) -> float:
    """The probability with which the true ratio lies beyond each end of an interval that is shown.

    It is at least as large as each of the errors that a look may make, so that no verdict stands beside an interval
    that speaks against it: what is excluded with a smaller error is excluded with a larger one, too.
    """
    return max(policy.false_alarm, policy.miss) / LOOKS


def first_look(policy: VerdictPolicy, *, figure_count: int) -> int:
    """The fewest pairs at which ``regressed`` can be said, where ``figure_count`` figures share the error."""
    return fewest_for(false_alarm_share(policy, figure_count=figure_count))


def looks(policy: VerdictPolicy, *, figure_count: int) -> tuple[int, ...]:
    """The numbers of pairs at which a decision is tried.

    ``figure_count`` are all figures that are judged: two of each time, its typical round and its mean, and one of each
    memory.
    """
    first = first_look(policy, figure_count=figure_count)
    return tuple(round(first * _GROWTH**look) for look in range(LOOKS))


def early_looks(policy: VerdictPolicy, *, figure_count: int) -> tuple[int, ...]:
    """The numbers of pairs before the first look at which what is clearly unchanged leaves; none where that is soon."""
    # One more than the fewest that have a limit: it is then not that of the single worst pair.
    fewest = fewest_for(_miss_share(policy)) + 1
    numbers = (round(fewest * _GROWTH**look) for look in range(EARLY_LOOKS))
    return tuple(number for number in numbers if number < first_look(policy, figure_count=figure_count))


def _miss_share(policy: VerdictPolicy) -> float:
    """The probability of a miss that one look may have, be there early looks or none."""
    return policy.miss / (LOOKS + EARLY_LOOKS)


def false_alarm_share(policy: VerdictPolicy, *, figure_count: int) -> float:
    """The probability of a false alarm that one look at one figure may have.

    Bonferroni over the figures, not Holm: cases are decided at different looks and are then measured no more, and
    Holm's bound for one of them would go on moving with what the others have yet to show. Where no case has changed,
    which is when a false alarm can happen at all, Holm would gain nothing.
    """
    return policy.false_alarm / figure_count / LOOKS


class PairedReading(msgspec.Struct, frozen=True):
    """What the pairs say at one look."""

    outcome: Outcome | None
    """None where more pairs are needed."""
    ratio: float
    low: float
    """Both ends err equally often, see ``interval_error``."""
    high: float
    excludes_detect: bool
    """Whether a slowdown of the size to be detected is excluded, but for the share of ``miss`` of this look."""
    smallest_visible: float | None
    pairs_needed: int
    """About so many pairs as noisy as these would find the slowdown to be detected; the first look's, where there are
    too few to tell; 0 where these have decided."""
    figures: tuple[FigureVerdict, ...] = ()
    """Those that it was drawn from, where it is not one alone."""


def read(
    log_ratios: Sequence[float], policy: VerdictPolicy, *, figure_count: int, last: bool, early: bool = False
) -> PairedReading:
    """Decide, or leave it open, from the log ratios of head over base, one a pair; at least one.

    ``last`` says that no more pairs will come. A case is called unchanged before that only if the estimate itself lies
    within the margin, so that a small true slowdown is followed up until it is certain and not waved through because
    it is smaller than the size to be detected. ``early`` is one of the early looks, which ask for more: slowdowns that
    are hardly larger than the margin are excluded, or the case goes on.
    """
    alarm, miss = false_alarm_share(policy, figure_count=figure_count), _miss_share(policy)
    middle = centre(log_ratios)
    early = early and not last
    low, high = lower_limit(log_ratios, error=alarm), upper_limit(log_ratios, error=miss)
    margin, detect = math.log1p(policy.margin), math.log1p(policy.detect)
    outcome: Outcome | None = None
    if early:
        outcome = "unchanged" if high < _clear(policy) and abs(middle) <= margin else None
    elif low > margin:
        outcome = "regressed"
    elif upper_limit(log_ratios, error=alarm) < -margin:
        outcome = "improved"
    elif high < detect and (last or abs(middle) <= margin):
        outcome = "unchanged"
    elif last:
        outcome = "inconclusive"
    shown = interval_error(policy)
    return PairedReading(
        outcome=outcome,
        ratio=math.exp(middle),
        low=math.exp(lower_limit(log_ratios, error=shown)),
        high=math.exp(upper_limit(log_ratios, error=shown)),
        excludes_detect=high < detect,
        smallest_visible=_smallest_visible(
            log_ratios, policy, figure_count=figure_count, left_early=early and outcome == "unchanged"
        ),
        pairs_needed=_pairs_needed(log_ratios, policy, figure_count=figure_count) if outcome == "inconclusive" else 0,
    )


def _smallest_visible(
    log_ratios: Sequence[float], policy: VerdictPolicy, *, figure_count: int, left_early: bool
) -> float | None:
    """See ``Verdict.smallest_visible``."""
    alarm, first = false_alarm_share(policy, figure_count=figure_count), first_look(policy, figure_count=figure_count)
    if len(log_ratios) < first and not left_early:
        return None
    # What leaves early would have gone on to the first look at least, had it been slower.
    pairs = max(len(log_ratios), first)
    reach = detectable(pairs, seen=len(log_ratios), error=alarm, miss=policy.miss)
    return math.expm1(math.log1p(policy.margin) + reach * _noise(log_ratios) / math.sqrt(pairs))


def _pairs_needed(log_ratios: Sequence[float], policy: VerdictPolicy, *, figure_count: int) -> int:
    """See ``PairedReading.pairs_needed``."""
    alarm, first = false_alarm_share(policy, figure_count=figure_count), first_look(policy, figure_count=figure_count)
    if len(log_ratios) < first:
        return first
    shift = math.log1p(policy.detect) - math.log1p(policy.margin)
    return needed(_noise(log_ratios), shift, error=alarm, miss=policy.miss, fewest=first)


def _noise(log_ratios: Sequence[float]) -> float:
    """Of one pair: how far it lies from the others."""
    return standard_error(log_ratios) * math.sqrt(len(log_ratios))


def finite(limit: float) -> float | None:
    """None for a limit that too few pairs leave open."""
    return limit if math.isfinite(limit) else None


def _clear(policy: VerdictPolicy) -> float:
    return math.log1p(policy.margin + _CLEAR * (policy.detect - policy.margin))
