"""The verdict on one metric of one case, from its processes and the noise between runs, and on all times together.

Which cases and metrics may be compared at all is settled in ``runs``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

import msgspec

from speedscore.comparing.history import FEWEST_MACHINES, History
from speedscore.comparing.rows import Row, Values, not_comparable, row_of
from speedscore.comparing.saved_run import TIME, CaseFigures, Figure
from speedscore.host.fields import Scalar
from speedscore.verdicts.counts import count_verdict
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.unpaired import FEWEST_PAST_RUNS, UnpairedReading, decide, read_unpaired
from speedscore.verdicts.verdict import Verdict, VerdictPolicy, is_minor

_LONE = (
    "one process a side cannot carry a verdict about a small change: measure both sides with --processes 5, or take "
    "pytest --benchmark-only --gate, which alternates them"
)
_UNKNOWN = (
    f"how much two sessions differ is not known and was assumed: {FEWEST_PAST_RUNS} saved runs of the case would tell; "
    "pytest --benchmark-only --gate needs none"
)
_WHAT_TELLS = (
    f"measure both on one; or {FEWEST_PAST_RUNS} stints (saved runs of the case that follow each other on one machine "
    f"are one) on these machines or on {FEWEST_MACHINES} of the kind would tell"
)
_OTHER_MACHINE = (
    "base and head were measured on different machines of one kind, and how much these differ is not known and was "
    f"assumed: {_WHAT_TELLS}"
)
_OTHER_HOST = (
    "base and head were measured under different host names, which count as different machines of one kind, and how "
    f"much these differ is not known and was assumed: {_WHAT_TELLS}"
)
_NOISY = (
    "two saved runs differ by too much for that: more runs a side (a folder, a glob) narrow the interval, and "
    "pytest --benchmark-only --gate alternates the two sides"
)


class Draft(msgspec.Struct, frozen=True):
    """One metric of one case, before it is decided."""

    metric: str
    base: tuple[CaseFigures, ...]
    """Of each run that has the metric."""
    head: tuple[CaseFigures, ...]
    fields: Mapping[str, Scalar]
    """Of the session and the machine of the first of base."""

    @property
    def machine_names(self) -> tuple[frozenset[str], frozenset[str]]:
        """Of base and of head, as far as they are known."""
        base, head = (
            frozenset(case.machine_name for case in side if case.machine_name) for side in (self.base, self.head)
        )
        return base, head

    @property
    def is_between_machines(self) -> bool:
        """Whether the two sides are known to be of different machines, which are of one kind."""
        base, head = self.machine_names
        return bool(base and head) and base != head

    @property
    def is_by_host_names(self) -> bool:
        """Whether they are known to be different only by what a host is called."""
        cases = (*self.base, *self.head)
        return self.is_between_machines and any(case.machine_name and not case.machine for case in cases)

    @property
    def machine(self) -> str:
        """The names in words; empty where a side does not tell its own."""
        sides = [", ".join(sorted(names)) for names in self.machine_names]
        return " → ".join(dict.fromkeys(sides)) if all(sides) else ""

    @property
    def figure(self) -> Figure:
        """The first of base, which says what the metric is."""
        return self.base[0].figures[self.metric]

    @property
    def values(self) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
        """Of base and of head, for each run one number a process."""
        base, head = ([case.figures[self.metric].by_process for case in side] for side in (self.base, self.head))
        return base, head

    @property
    def is_estimated(self) -> bool:
        """Whether its verdict rests on noise, and so shares the error that may be made."""
        return not self.figure.is_counted and all(min(values) > 0 for side in self.values for values in side)


def decide_draft(draft: Draft, history: History, settings: Settings, *, metrics: int) -> Row:
    if draft.figure.is_counted:
        row = _decide_count(draft)
    elif draft.is_estimated:
        row = _decide_measured(draft, history, settings, metrics=metrics)
    else:
        row = not_comparable(draft.base[0], draft.metric, "a figure of 0 has no ratio")
    return msgspec.structs.replace(row, verdict=msgspec.structs.replace(row.verdict, machine=draft.machine))


def _decide_count(draft: Draft) -> Row:
    case = draft.base[0]
    base, head = ([value for values in side for value in values] for side in draft.values)
    for name, side in (("base", base), ("head", head)):
        if len(set(side)) > 1:
            reason = f"{name} has no one number: from {min(side):,.0f} to {max(side):,.0f}"
            return not_comparable(case, draft.metric, reason)
    verdict = count_verdict(case.case, draft.metric, base[0], head[0], better=draft.figure.better)
    return msgspec.structs.replace(
        row_of(case, verdict),
        unit=draft.figure.unit,
        better=draft.figure.better,
        base=Values(base[0], len(draft.base), len(base)),
        head=Values(head[0], len(draft.head), len(head)),
    )


def _decide_measured(draft: Draft, history: History, settings: Settings, *, metrics: int) -> Row:
    case = draft.base[0]
    sides = [[[math.log(value) for value in values] for values in side] for side in _independent(draft)]
    # Where more is better, a slowdown is a fall: the signs are turned before, and the ratios after.
    better = draft.figure.better
    is_inverse = better == "higher"
    base, head = [[[-log for log in run] for run in side] for side in sides] if is_inverse else sides
    past = history.teach(
        (*draft.base, *draft.head), draft.metric, fields=draft.fields, between_machines=draft.is_between_machines
    )
    case_settings = settings.for_case(case.case, case.group)
    policy: VerdictPolicy = case_settings.time if draft.metric == TIME else case_settings.memory
    reading = read_unpaired(base, head, past, policy, metrics=metrics)
    decision = reading.decision
    ratio, low, high = decision.ratio, decision.low, decision.high
    if is_inverse:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    verdict = _marked(
        Verdict(
            case=case.case,
            metric=draft.metric,
            outcome=decision.outcome,
            reason=_why_open(draft, reading, processes=[len(run) for run in (*base, *head)]),
            ratio=ratio,
            low=low,
            high=high,
            smallest_visible=decision.smallest_visible,
        )
    )
    of_base, of_head = (
        Values(math.exp(fmean(fmean(run) for run in side)), len(cases), sum(map(len, side)))
        for side, cases in zip(sides, (draft.base, draft.head), strict=True)
    )
    return msgspec.structs.replace(
        row_of(case, verdict),
        unit=draft.figure.unit,
        better=better,
        base=of_base,
        head=of_head,
        noise=reading.source,
        spread=reading.spread,
        past_runs=past.runs if past and reading.source == "history" else 0,
        log_error=decision.error,
        is_between_machines=draft.is_between_machines,
        is_by_host_names=draft.is_by_host_names,
    )


def _independent(draft: Draft) -> Sequence[Sequence[Sequence[float]]]:
    """Of base and of head, for each run one number a process. Where the sides are of different machines, what a side
    measured on one machine is one run: however many there are, they share what sets the machine apart."""
    if not draft.is_between_machines:
        return draft.values
    by_machine: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for grouped, cases in zip(by_machine, (draft.base, draft.head), strict=True):
        for case in cases:
            grouped.setdefault(case.machine_name, []).extend(case.figures[draft.metric].by_process)
    return [list(grouped.values()) for grouped in by_machine]


def _why_open(draft: Draft, reading: UnpairedReading, *, processes: Sequence[int]) -> str:
    if reading.decision.outcome != "inconclusive":
        return ""
    if reading.source == "assumed":
        if draft.is_between_machines:
            return _OTHER_HOST if draft.is_by_host_names else _OTHER_MACHINE
        return _LONE if min(processes) == 1 else _UNKNOWN
    return _NOISY


def decide_together(rows: Sequence[Row], settings: Settings) -> Verdict | None:
    """A verdict on the geometric mean of all ratios of times.

    What disturbs one case of a run often disturbs all of it, so their errors are taken as one error and not as many
    that cancel out: thirty cases that are all a little slow in one run prove no more than one does. It is one verdict
    beside those of the cases, with a false alarm rate of its own.
    """
    times = [row for row in rows if row.verdict.metric == TIME and row.log_error is not None]
    if len(times) < 2:
        return None
    middle = fmean(math.log(row.verdict.ratio) for row in times if row.verdict.ratio)
    policy = settings.for_case("", "").time
    decision = decide(middle, fmean(row.log_error or 0.0 for row in times), policy, alarm=policy.false_alarm)
    return _marked(
        Verdict(
            case=f"all {len(times)} cases together",
            metric=TIME,
            outcome=decision.outcome,
            ratio=decision.ratio,
            low=decision.low,
            high=decision.high,
            smallest_visible=decision.smallest_visible,
        )
    )


def _marked(verdict: Verdict) -> Verdict:
    return msgspec.structs.replace(verdict, is_minor=is_minor(verdict))
