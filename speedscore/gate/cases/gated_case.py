"""One case of a gate: what the pairs said of it so far, and the verdicts that follow from it.

It starts nothing and reads no clock: results of pairs go in, verdicts come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import msgspec

from speedscore.gate.cases.case_claims import CaseClaims
from speedscore.gate.cases.case_conditions import CaseConditions
from speedscore.gate.cases.case_counts import CaseCounts
from speedscore.gate.cases.exclusions import Exclusion, exclusion_of, lost
from speedscore.gate.cases.paired_metric import PairedMetric, Schedule
from speedscore.gate.hlo import lowers
from speedscore.gate.rounds.lockstep import PairResult, PairTask
from speedscore.gate.sides.side import Finished
from speedscore.verdicts.change_claim import ChangeClaim, ClaimVerdict
from speedscore.verdicts.settings import CaseSettings
from speedscore.verdicts.verdict import Verdict

THREADED_FROM = 1.15
"""Processors at work in a round from which more than one counts as used."""

_PATIENCE = 8
"""So many times the seconds of a pair are given to one whose rounds are restless."""

_MORE_ROUNDS = 4
"""What differs from process to process needs pairs, what differs from call to call needs rounds: a case that a look
has left open gets so many times the seconds of a pair where its mean varies more than its typical round. The sizes of
their log ratios alone decide that and never their signs, so the interval stays exact."""

_LARGER_BUDGET = 2
"""So many times its seconds are a case's budget while its mean alone looks slower and is open, or where it is claimed
to have changed: a claim of 2 % takes more pairs than to exclude 5 %. The first depends on a sign, so a case may be
judged at more numbers of pairs than there are looks: where one budget is spent, where the other is, and right after
each look between the two that finds the mean no longer slower. Eight numbers at most can so raise a false alarm, each
with a fifth of the error: in 1.6 % of runs."""

_LONGEST_BUDGET, _LOOKS_FOR_ALL = 5, 2
"""So many times its seconds are the budget of a case until so many looks have been: where calls are long, or processes
start slowly, its seconds would be spent before it could be decided at all."""

_PREEMPTED_FROM = 0.1
"""Share of the time of a case that others took, from which it is told."""


class _WayToRun(msgspec.Struct, frozen=True):
    """How a case is run after its pilot."""

    iterations: int
    threaded: bool


class GatedCase:
    """A case that both sides have."""

    def __init__(
        self,
        case_id: str,
        settings: CaseSettings,
        *,
        notes: tuple[str, ...] = (),
        other_environment: bool = False,
        claims: Sequence[ChangeClaim] = (),
    ) -> None:
        """``other_environment`` says that base has packages of its own; ``claims`` are those about this case."""
        self.id = case_id
        self.seconds = 0.0
        """Spent on it, its share of starting processes included."""
        self.latest_seconds = 0.0
        """What its latest pair took, without starting processes."""
        self.peak_bytes = 0
        """The largest resident size of a side's process while it ran; 0 where that is not known."""
        self.exclusion: Exclusion | None = None
        self._settings = settings
        self._notes = notes
        self._way_to_run: _WayToRun | None = None
        self._metrics: dict[str, PairedMetric] = {}
        self._counts = CaseCounts(other_environment=other_environment)
        self._conditions = CaseConditions()
        self.claims = CaseClaims(case_id, claims)
        self._pairs_by_fastest = 0
        self._preempted: list[float] = []
        self._runs_in_worker = False
        self._lowers_in_worker = False

    @property
    def test_file(self) -> str:
        """Relative to pytest's rootdir."""
        return self.id.partition("::")[0]

    @property
    def figure_count(self) -> int:
        """How many are judged from pairs, known once the pilot has been: the typical round and the mean of its time,
        and its memory."""
        return 0 if self.exclusion else sum(metric.figure_count for metric in self._metrics.values())

    @property
    def missing(self) -> str:
        """Why head no longer measures it, or no longer counts all of it, though base does; empty where it does.

        What our own cases count comes from compilers, which do not count all that they compile.
        """
        if self.exclusion:
            return self.exclusion.missing
        return "" if self._runs_in_worker else self._counts.missing

    @property
    def has_been_piloted(self) -> bool:
        """Whether the pilot came through it."""
        return self._way_to_run is not None

    @property
    def conditions_are_known(self) -> bool:
        """Whether two pairs have told under which conditions it is timed."""
        return self._conditions.are_known

    @property
    def runs_in_worker(self) -> bool:
        """Whether the side's own process only waits for it, as it does for a case of our own matrix."""
        return self._runs_in_worker

    @property
    def lowers_in_worker(self) -> bool:
        """Whether XLA can write down what is compiled there."""
        return self._lowers_in_worker

    @property
    def open(self) -> bool:
        """True while more pairs are wanted."""
        return self.exclusion is None and (
            any(metric.verdict is None for metric in self._metrics.values()) or self.claims.open
        )

    @property
    def is_on_one_processor(self) -> bool:
        """As its settings or the pilot say; on all before the pilot has said."""
        way, mode = self._way_to_run, self._settings.processors
        return mode == "one" or (mode == "auto" and way is not None and not way.threaded)

    def task(
        self, *, one_processor: tuple[int, ...] | None, all_processors: tuple[int, ...] | None, seconds: float
    ) -> PairTask:
        """As the next pair is to run it."""
        way = self._way_to_run
        return PairTask(
            case=self.id,
            processors=one_processor if self.is_on_one_processor else all_processors,
            iterations=way.iterations if way else None,
            seconds=seconds * (_MORE_ROUNDS if self._needs_rounds() else 1),
            most_seconds=seconds * (_PATIENCE if way else 1),
        )

    def pilot(self, result: PairResult) -> None:
        """The first pair finds out what there is to judge, and how; its ratios count for nothing."""
        self._take(result)
        if self.exclusion:
            return
        if result.log_ratio is None:
            self.exclusion = Exclusion(
                "no round could be timed: the benchmark was not called, or its timer is too coarse"
            )
            return
        self._way_to_run = _WayToRun(
            iterations=result.iterations,
            # A case of our own matrix runs in a worker of its own, on as many threads as there are processors.
            threaded=result.busy_processors > THREADED_FROM or result.base.identity is not None,
        )
        self._runs_in_worker = result.base.identity is not None
        self._lowers_in_worker = self._runs_in_worker and lowers(_stages(result.base))
        self._metrics["time"] = PairedMetric("time")
        if _memory_bytes(result.base) and _memory_bytes(result.head):
            self._metrics["memory"] = PairedMetric("memory")

    def add(self, result: PairResult) -> None:
        """One more pair."""
        self._take(result)
        if self.exclusion:
            return
        if self._metrics["time"].add_time(result):
            self._pairs_by_fastest += result.by_fastest
            self._preempted.append(result.preempted)
        base, head = _memory_bytes(result.base), _memory_bytes(result.head)
        if "memory" in self._metrics and base and head:
            self._metrics["memory"].add_amounts(base, head)

    def lost(self, label: str, how: str) -> None:
        """A side died in it."""
        self.exclusion = lost(label, how)

    def look(self, schedule: Schedule, *, cut_off: str = "") -> None:
        """Decide what can be decided now. ``cut_off`` says why there will be no more pairs, where that is so;
        without it there must be looks."""
        if self.exclusion:
            return
        if cut_off:
            self._metrics.setdefault("time", PairedMetric("time"))  # the pilot did not reach it
        for metric in self._metrics.values():
            if metric.verdict is not None:
                continue
            why_last = cut_off or self._why_budget_is_spent(metric.pairs, schedule)
            if why_last or metric.pairs in (*schedule.early_looks, *schedule.looks):
                metric.verdict = self._decide(metric, schedule, why_last=why_last)
        self._look_at_claims(schedule, cut_off=cut_off)

    def _look_at_claims(self, schedule: Schedule, *, cut_off: str) -> None:
        """At the looks of the time, and on after it is decided, for a claim may ask for more."""
        time = self._metrics["time"]
        why_last = cut_off or self._why_budget_is_spent(time.pairs, schedule)
        if why_last or time.pairs in schedule.looks:
            self.claims.look(
                {"typical round": time.log_ratios, "mean": time.mean_log_ratios},
                self._settings.time,
                figure_count=schedule.figure_count,
                last=bool(why_last) or time.pairs >= max(schedule.looks),
                why_last=why_last,
            )

    def claim_verdicts(self) -> tuple[ClaimVerdict, ...]:
        """One for each claim about this case, in their order."""
        return self.claims.verdicts(why_not=f"not comparable: {self.exclusion.reason}" if self.exclusion else "")

    def verdicts(self) -> tuple[Verdict, ...]:
        """All that is decided; none of a case that neither side measures."""
        if self.exclusion is None:
            decided = [metric.verdict for metric in self._metrics.values() if metric.verdict is not None]
            return (*decided, *self._counts.verdicts(self.id))
        if self.exclusion.skipped:
            return ()
        return (
            Verdict(
                case=self.id,
                metric="time",
                outcome="not comparable",
                reason=self.exclusion.reason,
                seconds=self.seconds,
                notes=self._notes,
            ),
        )

    def _take(self, result: PairResult) -> None:
        """What is looked at in every pair: how the test ended, whether it is the same case, what was counted."""
        self.seconds += result.seconds
        self.latest_seconds = result.seconds
        self.peak_bytes = max(self.peak_bytes, result.base.peak_bytes or 0, result.head.peak_bytes or 0)
        self.exclusion = exclusion_of(result.base, result.head) or self._conditions.add(result.base, result.head)
        self._counts.add(result.base, result.head)

    def _needs_rounds(self) -> bool:
        time = self._metrics.get("time")
        return time is not None and time.was_left_open and time.varies_from_call_to_call

    def _why_budget_is_spent(self, pairs: int, schedule: Schedule) -> str:
        """Said when one more pair, as long as the others, would end beyond the case's budget."""
        factor = _LARGER_BUDGET if self._metrics["time"].mean_looks_slower or self.claims else 1
        budget = self._settings.seconds * (_LONGEST_BUDGET if pairs < schedule.looks[_LOOKS_FOR_ALL - 1] else factor)
        if self.seconds * (1 + 1 / (pairs + 1)) <= budget:
            return ""
        return f"its {budget:.0f} s were spent"

    def _decide(self, metric: PairedMetric, schedule: Schedule, *, why_last: str) -> Verdict | None:
        """The verdict on a metric; None where more pairs are needed."""
        if not metric.pairs:
            reason = f"{why_last} before the first pair"
            return Verdict(case=self.id, metric=metric.name, outcome="inconclusive", reason=reason)
        is_time = metric.name == "time"
        last = bool(why_last) or metric.pairs >= max(schedule.looks)
        reading = metric.read(self._settings.time if is_time else self._settings.memory, schedule, last=last)
        if reading.outcome is None:
            return None
        undecided = reading.outcome == "inconclusive"
        return metric.verdict_of(
            reading,
            self.id,
            reason=self._why_undecided(why_last, pairs=metric.pairs, needed=reading.pairs_needed) if undecided else "",
            seconds=self.seconds if is_time else 0.0,
            notes=self._time_notes(metric.pairs) if is_time else (),
        )

    def _time_notes(self, pairs: int) -> tuple[str, ...]:
        notes = [*self._notes, *self._conditions.notes()]
        if self._pairs_by_fastest:
            notes.append(f"typical rounds are the fastest in {self._pairs_by_fastest} of {pairs} pairs")
        if (share := fmean(self._preempted)) >= _PREEMPTED_FROM:
            notes.append(f"others had its processor for {100 * share:.0f} % of its time, which is taken out")
        return tuple(notes)

    def _why_undecided(self, why_last: str, *, pairs: int, needed: int) -> str:
        """With what it would take, where more pairs would help."""
        reason = why_last or f"all {pairs} pairs were not enough for such noise"
        if needed <= pairs:
            return reason
        seconds = self.seconds / (pairs + 1) * (needed + 1)
        return f"{reason}; about {needed} pairs would decide, {seconds:.0f} s at this pace"


def _stages(side: Finished) -> tuple[str, ...]:
    return (*(side.stages_seconds or ()), *(side.round_stages_seconds or ()))


def _memory_bytes(side: Finished) -> float | None:
    return side.memory_bytes if side.memory_bytes is not None else side.peak_bytes
