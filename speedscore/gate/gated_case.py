"""One case of a gate: what the pairs said of it so far, and the verdicts that follow from it.

It starts nothing and reads no clock: walked pairs go in, verdicts come out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from speedscore.gate.pairs import Task, Walked
from speedscore.gate.sides import Finished
from speedscore.verdicts.counts import count_verdict
from speedscore.verdicts.settings import CaseSettings
from speedscore.verdicts.verdict import VerdictPolicy, Verdict, read

THREADED_FROM = 1.15
"""Processors at work in a round from which more than one counts as used."""

_PATIENCE = 8
"""So many times the seconds of a pair are given to one whose rounds are restless."""


class GatedCase:
    """A case that both sides have."""

    def __init__(
        self, case: str, settings: CaseSettings, *, notes: tuple[str, ...] = (), other_environment: bool = False
    ) -> None:
        """``other_environment`` says that base has packages of its own: another compiler counts in another way."""
        self.id = case
        self.settings = settings
        self.seconds = 0.0
        self.missing = ""
        """Why head no longer measures it though base does; empty where it does."""
        self.skipped = ""
        """Why neither side measures it; empty where one does."""
        self._notes = notes
        self._other_environment = other_environment
        self._iterations: int | None = None
        self._threaded = False
        self._restless = 0
        self._not_comparable = ""
        self._logs: dict[str, list[float]] = {}
        self._decided: dict[str, Verdict] = {}
        self._counts: dict[str, tuple[set[float], set[float]]] = {}

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is judged from pairs: known once the pilot has been."""
        return () if self._closed else tuple(self._logs)

    @property
    def open(self) -> bool:
        """True while more pairs are wanted."""
        return not self._closed and any(metric not in self._decided for metric in self._logs)

    @property
    def _closed(self) -> bool:
        return bool(self._not_comparable or self.skipped)

    def task(self, *, one: tuple[int, ...] | None, all_of_them: tuple[int, ...] | None, seconds: float) -> Task:
        """As the next pair is to run it: on one processor or on all, as its settings or the pilot say."""
        mode = self.settings.processors
        known = self._iterations is not None
        alone = mode == "one" or (mode == "auto" and known and not self._threaded)
        return Task(
            case=self.id,
            processors=one if alone else all_of_them,
            iterations=self._iterations,
            seconds=seconds,
            most_seconds=seconds * (_PATIENCE if known else 1),
        )

    def pilot(self, walked: Walked) -> None:
        """The first pair finds out what there is to judge, and how; its ratios count for nothing."""
        self._take(walked)
        if self._closed:
            return
        if walked.log_ratio is None:
            self._not_comparable = "no round could be timed: the benchmark was not called, or its timer is too coarse"
            return
        self._iterations = walked.iterations
        # A case of our own matrix runs in a worker of its own, on as many threads as there are processors.
        self._threaded = walked.busy > THREADED_FROM or walked.base.identity is not None
        self._logs["time"] = []
        if _memory(walked.base) and _memory(walked.head):
            self._logs["memory"] = []

    def add(self, walked: Walked) -> None:
        """One more pair."""
        self._take(walked)
        if self._closed:
            return
        if walked.log_ratio is not None:
            self._logs["time"].append(walked.log_ratio)
            self._restless += walked.restless
        base, head = _memory(walked.base), _memory(walked.head)
        if "memory" in self._logs and base and head:
            self._logs["memory"].append(math.log(head / base))

    def lost(self, label: str, how: str) -> None:
        """A side died in it."""
        self._not_comparable = how.partition("\n")[0]
        if label == "head":
            self.missing = self._not_comparable

    def look(self, looks: tuple[int, ...], *, metrics: int, cut_off: str = "") -> None:
        """Decide what can be decided now. ``cut_off`` says why there will be no more pairs, where that is so."""
        if cut_off and not self._closed:
            self._logs.setdefault("time", [])  # the pilot did not come to it
        for metric, logs in self._logs.items():
            if self._closed or metric in self._decided:
                continue
            pairs = len(logs)
            budget = self._spent(pairs)
            last = bool(cut_off or budget) or pairs >= looks[-1]
            if last or pairs in looks:
                self._decide(metric, last=last, metrics=metrics, why=cut_off or budget)

    def verdicts(self) -> tuple[Verdict, ...]:
        if self.skipped:
            return ()
        if self._closed:
            return (
                Verdict(
                    case=self.id,
                    metric="time",
                    outcome="not comparable",
                    reason=self._not_comparable,
                    seconds=self.seconds,
                    notes=self._notes,
                ),
            )
        return (*self._decided.values(), *self._counted())

    def _take(self, walked: Walked) -> None:
        """What is looked at in every pair: how the test ended, whether it is the same case, what was counted."""
        base, head = walked.base, walked.head
        self.seconds += walked.seconds
        if base.outcome == head.outcome == "skipped":
            self.skipped = base.reason
        elif head.outcome != "passed":
            self._fails("head", f"{head.outcome} ({head.reason})", other=base)
        elif base.outcome != "passed":
            self._fails("base", f"{base.outcome} ({base.reason})")
        else:
            self._not_comparable = _difference(base.identity, head.identity)
        for index, side in enumerate((base, head)):
            for name, value in (side.counts or {}).items():
                self._counts.setdefault(name, (set(), set()))[index].add(value)

    def _fails(self, label: str, how: str, *, other: Finished | None = None) -> None:
        if label == "head" and (other is None or other.outcome == "passed"):
            self.missing = how
        both = " on both sides" if other is not None and other.outcome == "failed" else f" on {label}"
        self._not_comparable = f"{how}{both}"

    def _spent(self, pairs: int) -> str:
        """Said when one more pair, as long as the others, would end beyond the case's budget."""
        budget = self.settings.seconds
        if self.seconds * (1 + 1 / (pairs + 1)) <= budget:
            return ""
        return f"its {budget:.0f} s were spent"

    def _policy(self, metric: str) -> VerdictPolicy:
        return self.settings.memory if metric == "memory" else self.settings.time

    def _decide(self, metric: str, *, last: bool, metrics: int, why: str) -> None:
        logs = self._logs[metric]
        if not logs:
            self._decided[metric] = Verdict(
                case=self.id, metric=metric, outcome="inconclusive", reason=f"{why} before the first pair"
            )
            return
        reading = read(logs, self._policy(metric), metrics=metrics, last=last)
        if reading.outcome is None:
            return
        undecided = reading.outcome == "inconclusive"
        self._decided[metric] = Verdict(
            case=self.id,
            metric=metric,
            outcome=reading.outcome,
            reason=self._why_undecided(why, pairs=len(logs), needed=reading.pairs_needed) if undecided else "",
            ratio=reading.ratio,
            low=reading.low if math.isfinite(reading.low) else None,
            high=reading.high if math.isfinite(reading.high) else None,
            pairs=len(logs),
            seconds=self.seconds if metric == "time" else 0.0,
            smallest_visible=reading.smallest_visible,
            notes=self._time_notes(len(logs)) if metric == "time" else (),
        )

    def _time_notes(self, pairs: int) -> tuple[str, ...]:
        if not self._restless:
            return self._notes
        return *self._notes, f"compared by the fastest rounds in {self._restless} of {pairs} pairs"

    def _why_undecided(self, why: str, *, pairs: int, needed: int) -> str:
        """With what it would take, where more pairs would help."""
        said = why or f"all {pairs} pairs were not enough for such noise"
        if needed <= pairs:
            return said
        seconds = self.seconds / (pairs + 1) * (needed + 1)
        return f"{said}; about {needed} pairs would decide, {seconds:.0f} s at this pace"

    def _counted(self) -> tuple[Verdict, ...]:
        return tuple(self._count(name, base, head) for name, (base, head) in sorted(self._counts.items()))

    def _count(self, name: str, base: set[float], head: set[float]) -> Verdict:
        """What was counted, where each side counts it and always alike."""
        if len(base) == len(head) == 1 and not self._other_environment:
            return count_verdict(self.id, name, min(base), min(head))
        odd = next((label for label, values in (("base", base), ("head", head)) if len(values) > 1), "")
        if odd:
            values = sorted(base if odd == "base" else head)[:2]
            reason = f"two processes of {odd} counted {values[0]:g} and {values[1]:g}, so it proves nothing"
        elif base and head:
            reason = "the two environments differ, and so may their way of counting"
        else:
            reason = f"only {'base' if base else 'head'} counts it"
        return Verdict(case=self.id, metric=name, outcome="not comparable", reason=reason)


def _memory(side: Finished) -> float | None:
    return side.memory_bytes if side.memory_bytes is not None else side.peak_bytes


def _difference(base: Mapping[str, object] | None, head: Mapping[str, object] | None) -> str:
    """The first thing in which the two are not the same case; empty where they are."""
    if base is None or head is None:
        return "" if base is head else "only one side proves what it computes"
    for name in sorted(base.keys() | head.keys()):
        if base.get(name) != head.get(name):
            return f"{name} is {base.get(name)!r} on base and {head.get(name)!r} on head: not the same case"
    return ""
