"""How many times as long one framework takes as another in a group of cases, in numbers and in sentences.

It reads ratios that a record holds, says of which figures none is made, and estimates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec

from speedscore.bench_suite.measuring.stopping import widest_fraction
from speedscore.bench_suite.session.noise import FEW_ROUNDS
from speedscore.record.descriptions import COMPILES_NOTHING
from speedscore.record.phases import PHASES
from speedscore.record.rounds import figure_of_rounds
from speedscore.record.run_record import CaseResult, Ratio
from speedscore.text.numbers import NO_FIGURE, factor

_SENSELESS = 10
"""An interval whose limits are further apart than this factor says nothing that a number should stand for."""


def middle(case: CaseResult) -> float:
    """The one number of the case's own figure: over processes the mean of each one's median."""
    return figure_of_rounds(case.rounds)


def rounds_fraction(case: CaseResult) -> float | None:
    """How far the interval of the median reaches over the rounds of the process where it reaches furthest; None if
    unknown. It decides when rounds end and what is too noisy to be read, and is no interval of the figure."""
    return widest_fraction(case.rounds)


def missed_target(case: CaseResult) -> bool:
    """True where time ended the rounds before they were narrow. A compilation has one round a process and no target."""
    return case.stopped == "budget" and not PHASES[case.phase].compiles


def is_eager(case: CaseResult) -> bool:
    """True of a program of which no part is compiled, in whatever phase."""
    return case.program.compiled == COMPILES_NOTHING


def compiles_nothing(case: CaseResult) -> bool:
    """True of an eager program in a phase that compiles: its figure is a first step, and no time to compile."""
    return PHASES[case.phase].compiles and is_eager(case)


def is_one_number(case: CaseResult) -> bool:
    """True of a compilation that was made once: it has no interval, and no ratio is made of it."""
    return PHASES[case.phase].compiles and len(case.rounds) == 1


class Slowdown(msgspec.Struct, frozen=True):
    """How many times as long one framework takes as another."""

    value: float
    low: float | None = None
    high: float | None = None
    """Limits of the 95 % interval over processes; None where there is none."""
    few_samples: bool = False

    def text(self, value: float | None = None) -> str:
        """The value, or one of the limits, with as many digits as the samples bear."""
        return factor(self.value if value is None else value, few_samples=self.few_samples)

    @property
    def is_senseless(self) -> bool:
        return _is_senseless(self.low, self.high)


class GroupRatios:
    """The ratios of one group, in either direction."""

    def __init__(self, ratios: Iterable[Ratio], case: CaseResult) -> None:
        self._by_pair = {
            frozenset((ratio.faster, ratio.slower)): ratio
            for ratio in ratios
            if (ratio.phase, ratio.model, ratio.device, ratio.precision, ratio.machine)
            == (case.phase, case.model, case.device, case.precision, case.machine)
        }

    def times_as_long(self, case: CaseResult, fastest: CaseResult) -> str:
        """How many times as long a case takes as the fastest, and the interval of that."""
        if compiles_nothing(case):
            return "compiles nothing"
        if is_one_number(case) or is_one_number(fastest):
            return NO_FIGURE
        if case is fastest:
            return "1"
        slowdown = self.slowdown(case, fastest)
        if slowdown.low is None or slowdown.high is None:
            return slowdown.text()
        if slowdown.is_senseless:
            return "processes disagree"
        return f"{slowdown.text()} ({slowdown.text(slowdown.low)}–{slowdown.text(slowdown.high)})"

    def slowdown(self, case: CaseResult, fastest: CaseResult) -> Slowdown:
        """The record's ratio of the two; where it has none, that of their medians, without an interval."""
        ratio = self._by_pair.get(frozenset((case.framework, fastest.framework)))
        few = min(len(case.rounds), len(fastest.rounds)) < FEW_ROUNDS
        if ratio is None:
            return Slowdown(middle(case) / middle(fastest), few_samples=few)
        if ratio.slower != fastest.framework:
            return Slowdown(ratio.value, ratio.low, ratio.high, few)
        # By their medians one is faster, by neighbouring rounds the other: they are as good as equal.
        return Slowdown(1 / ratio.value, ratio.high and 1 / ratio.high, ratio.low and 1 / ratio.low, few)

    def sentences(self, ordered: Sequence[CaseResult]) -> list[str]:
        """The best of each ecosystem beside the fastest, and each variant beside what it is a variant of.

        Nothing is said of a compilation that was made once, nor of an eager program beside one that compiles.
        """
        ordered = [case for case in ordered if not compiles_nothing(case) and not is_one_number(case)]
        best: dict[str, CaseResult] = {}
        for case in ordered:
            best.setdefault(case.ecosystem, case)
        leaders = list(best.values())
        # Where all are of one ecosystem, the two fastest.
        pairs = [(leaders[0], slower) for slower in leaders[1:] or ordered[1:2]] if leaders else []
        for faster, slower in combinations(ordered, 2):
            names = sorted((faster.framework, slower.framework), key=len)
            if names[1].startswith(f"{names[0]}-") and (faster, slower) not in pairs:
                pairs.append((faster, slower))
        return [sentence for pair in pairs if (sentence := self._sentence(*pair))]

    def _sentence(self, first: CaseResult, second: CaseResult) -> str:
        ratio = self._by_pair.get(frozenset((first.framework, second.framework)))
        if ratio is None:
            return ""
        if _is_senseless(ratio.low, ratio.high):
            return (
                f"which of {ratio.faster} and {ratio.slower} is faster cannot be said: their processes disagree by "
                f"more than a factor of {_SENSELESS}"
            )
        few = min(len(first.rounds), len(second.rounds)) < FEW_ROUNDS
        value = f"{factor(ratio.value, few_samples=few)}×"
        if ratio.low is not None and ratio.high is not None:
            value += f" ({factor(ratio.low, few_samples=few)} to {factor(ratio.high, few_samples=few)})"
        return f"{ratio.faster} is {value} as fast as {ratio.slower}"


def _is_senseless(low: float | None, high: float | None) -> bool:
    """True where the limits are so far apart that no number should stand for them."""
    return low is not None and high is not None and high > _SENSELESS * low
