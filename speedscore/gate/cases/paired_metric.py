"""A metric of one case that pairs judge, its time or its memory: what they said of it so far, and what that comes to.

It knows nothing of a case's budget or of how it is run.
"""

from __future__ import annotations

import math

import msgspec

from speedscore.gate.rounds.lockstep import PairResult
from speedscore.verdicts.time_verdict import looks_slower, read_time
from speedscore.verdicts.verdict import FigureVerdict, PairedReading, Verdict, VerdictPolicy, finite, is_minor, read

_LARGER_FROM = 2.0
"""The log ratios of a mean that varies from call to call are so many times as large as those of the typical round."""


class Schedule(msgspec.Struct, frozen=True):
    """When cases are looked at: known once the pilot has been."""

    looks: tuple[int, ...] = ()
    """Numbers of pairs."""
    early_looks: tuple[int, ...] = ()
    """Before those; what is clearly unchanged leaves."""
    figure_count: int = 1
    """Of all cases together: they share the error of a false alarm."""


class PairedMetric:
    """The log ratios of head over base, one a pair, and the amounts on both sides."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.log_ratios: list[float] = []
        """Of a time, those of the typical round."""
        self.mean_log_ratios: list[float] = []
        """Of a time alone."""
        self.verdict: Verdict | None = None
        self.was_left_open = False
        """Whether a look could not decide about it."""
        self.mean_looks_slower = False
        """At the latest look, the mean alone."""
        self._amounts: list[tuple[float, float]] = []
        """Seconds of the typical round, or bytes, on base and on head."""
        self._mean_seconds: list[tuple[float, float]] = []
        """Of a time alone."""

    @property
    def figure_count(self) -> int:
        """How many figures it is: the typical round and the mean of a time."""
        return 2 if self.name == "time" else 1

    @property
    def pairs(self) -> int:
        return len(self.log_ratios)

    @property
    def varies_from_call_to_call(self) -> bool:
        """Whether the log ratios of the mean are much larger than those of the typical round, whatever their signs."""
        return math.hypot(*self.mean_log_ratios) > _LARGER_FROM * math.hypot(*self.log_ratios)

    def add_time(self, result: PairResult) -> bool:
        """The times of one more pair; False where it has none."""
        if result.log_ratio is None or result.mean_log_ratio is None:
            return False
        self.log_ratios.append(result.log_ratio)
        self.mean_log_ratios.append(result.mean_log_ratio)
        self._amounts += [result.typical_seconds] if result.typical_seconds else []
        self._mean_seconds += [result.mean_seconds] if result.mean_seconds else []
        return True

    def add_amounts(self, base: float, head: float) -> None:
        """What was measured in one more pair on each side, more than 0."""
        self.log_ratios.append(math.log(head / base))
        self._amounts.append((base, head))

    def read(self, policy: VerdictPolicy, schedule: Schedule, *, last: bool) -> PairedReading:
        """What its pairs, of which there must be one, say at this look."""
        early, figure_count = self.pairs in schedule.early_looks, schedule.figure_count
        if self.name != "time":
            reading = read(self.log_ratios, policy, figure_count=figure_count, last=last, early=early)
        else:
            both = (self.log_ratios, self.mean_log_ratios)
            reading = read_time(*both, policy, figure_count=figure_count, last=last, early=early)
            typical, mean = (looks_slower(each.ratio, policy) for each in reading.figures)
            self.mean_looks_slower = reading.outcome is None and mean and not typical
        self.was_left_open = reading.outcome is None
        return reading

    def verdict_of(
        self, reading: PairedReading, case: str, *, reason: str, seconds: float, notes: tuple[str, ...]
    ) -> Verdict:
        """A reading that has an outcome, as the verdict on this metric of a case."""
        figures = self._with_seconds(reading.figures)
        deciding = next((each for each in figures if each.ratio == reading.ratio), None)
        amounts = (
            (deciding.base_seconds, deciding.head_seconds) if deciding else _of_one_pair(self._amounts, reading.ratio)
        )
        verdict = Verdict(
            case=case,
            metric=self.name,
            outcome=reading.outcome or "inconclusive",
            reason=reason,
            ratio=reading.ratio,
            low=finite(reading.low),
            high=finite(reading.high),
            pairs=self.pairs,
            seconds=seconds,
            smallest_visible=reading.smallest_visible,
            notes=notes,
            figures=figures,
            base_amount=amounts[0],
            head_amount=amounts[1],
        )
        return msgspec.structs.replace(verdict, is_minor=is_minor(verdict))

    def _with_seconds(self, figures: tuple[FigureVerdict, ...]) -> tuple[FigureVerdict, ...]:
        """The figures of a time, the typical round and the mean, with how long a call took."""
        both = (self._amounts, self._mean_seconds)
        with_amounts = [
            (figure, _of_one_pair(pairs, figure.ratio)) for figure, pairs in zip(figures, both, strict=False)
        ]
        return tuple(
            msgspec.structs.replace(figure, base_seconds=base, head_seconds=head)
            for figure, (base, head) in with_amounts
        )


def _of_one_pair(pairs: list[tuple[float, float]], ratio: float) -> tuple[float, float] | tuple[None, None]:
    """Of base and of head, in the pair whose own ratio comes nearest to this one.

    Of one pair both, for machines change their pace from pair to pair: medians of each side by itself may come from
    pairs of different paces, and head over base would be another ratio than the one beside them.
    """
    if not pairs:
        return None, None

    def distance(pair: tuple[float, float]) -> float:
        base, head = pair
        return abs(math.log(head / base) - math.log(ratio)) if base > 0 and head > 0 else math.inf

    return min(pairs, key=distance)
