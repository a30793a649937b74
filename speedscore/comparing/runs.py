"""Two sides of saved runs to verdicts: which cases can be compared, in which metrics, and with which noise.

Runs must agree in the fields that the table in ``fields`` does not let differ; where a run has several machines, each
case must. Cases that only one side measured, or that are not the same case on both, are named with the reason. It reads
no file and prints nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

import msgspec

from speedscore.comparing.fields import OF_THE_SESSION, Difference, differences, refuse, refused
from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.history import History
from speedscore.comparing.load_warnings import load_warnings
from speedscore.comparing.matching_cases import matched_by_end, measured_names, renamed
from speedscore.comparing.saved_run import TIME, CaseFigures, Figure, SavedRun
from speedscore.host.fields import Scalar
from speedscore.record.metrics import Better, Unit
from speedscore.verdicts.counts import count_verdict
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.unpaired import FEWEST_PAST_RUNS, NoiseSource, UnpairedReading, decide, read_unpaired
from speedscore.verdicts.verdict import Verdict, VerdictPolicy

NOT_IN_BASE, NOT_IN_HEAD = "new, only in head", "removed, only in base"
NOWHERE = "measured on neither side"

_LONE = (
    "one process a side cannot carry a verdict about a small change: measure both sides with --processes 5, or take "
    "pytest --benchmark-only --gate, which alternates them"
)
_UNKNOWN = (
    f"how much two sessions differ is not known and was assumed: {FEWEST_PAST_RUNS} saved runs of the case would tell; "
    "pytest --benchmark-only --gate needs none"
)
_NOISY = (
    "two saved runs differ by too much for that: more runs a side (a folder, a glob) narrow the interval, and "
    "pytest --benchmark-only --gate alternates the two sides"
)


class Values(msgspec.Struct, frozen=True):
    """One side of a row."""

    figure: float
    """In the row's unit: the geometric mean over runs of that over processes."""
    runs: int
    processes: int
    """In all runs together."""


class Row(msgspec.Struct, frozen=True):
    """One metric of one case. Its verdict's ``pairs`` are 0: processes of two runs are no pairs."""

    verdict: Verdict
    framework: str
    model: str
    device: str
    unit: Unit | None = None
    """None where it was not compared."""
    better: Better | None = None
    """None where it was not compared."""
    base: Values | None = None
    """None where it was not compared."""
    head: Values | None = None
    noise: NoiseSource | None = None
    """Where the noise between runs was taken from; None for what was counted or not compared."""
    spread: float | None = None
    """From run to run, of the logarithm, as it was used."""
    past_runs: int = 0
    """How many earlier runs taught it."""
    log_error: float | None = None
    """Standard error of the logarithm of the ratio; None for what was counted or not compared."""


class RunComparison(msgspec.Struct, frozen=True):
    """Head against base."""

    differences: tuple[Difference, ...]
    """Of fields: what is warned of, and what was allowed to differ."""
    warnings: tuple[str, ...]
    rows: tuple[Row, ...]
    together: Verdict | None = None
    """On all times together; None where fewer than two were compared."""


class _Draft(msgspec.Struct, frozen=True):
    """One metric of one case, before it is decided."""

    metric: str
    base: tuple[CaseFigures, ...]
    """Of each run that has the metric."""
    head: tuple[CaseFigures, ...]
    fields: Mapping[str, Scalar]
    """Of the session and the machine of the first of base."""

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


def compare(
    base: RunSet, head: RunSet, *, history: History, settings: Settings, allow: Collection[str]
) -> RunComparison:
    """Every case of either side, in no order. Raises RunsDifferError where a field forbids it."""
    matched = matched_by_end(measured_names(base), measured_names(head))
    head = msgspec.structs.replace(head, runs=tuple(renamed(run, matched) for run in head.runs))
    chosen: _Chosen | None = None
    if any(run.machines for run in (*base.runs, *head.runs)):
        chosen = _of_like_machines(base, head, allow)
        base, head, differing = chosen.base, chosen.head, chosen.differing
    else:
        differing = _check_fields(base, head, allow)
    rows: list[Row] = []
    drafts: list[_Draft] = []
    fields = {id(case): run.fields_of(case) for run in base.runs for case in run.cases.values()}
    base_cases, head_cases = _by_case(base), _by_case(head)
    for case in dict.fromkeys([*base_cases, *head_cases]):
        head_figures = head_cases.get(case, ())
        base_figures = _less(base_cases.get(case, ()), head_figures)
        reason = (chosen.apart.get(case, "") if chosen else "") or _why_not(base_figures, head_figures)
        if reason:
            rows.append(_not_comparable((*base_figures, *head_figures)[0], TIME, reason))
            continue
        for metric in dict.fromkeys(name for measured in (*base_figures, *head_figures) for name in measured.figures):
            in_base, in_head = (
                tuple(measured for measured in side if metric in measured.figures)
                for side in (base_figures, head_figures)
            )
            if in_base and in_head:
                drafts.append(_Draft(metric, in_base, in_head, fields[id(in_base[0])]))
            else:
                rows.append(
                    _not_comparable(base_figures[0], metric, f"not recorded in {'head' if in_base else 'base'}")
                )
    metrics = sum(draft.is_estimated for draft in drafts)
    rows += [_decide(draft, history, settings, metrics=metrics) for draft in drafts]
    warnings = load_warnings("base", base_cases) + load_warnings("head", head_cases)
    warnings += chosen.warnings if chosen else ()
    if matched:
        of_head, of_base = next(iter(matched.items()))
        warnings.append(f"{len(matched)} cases matched by the end of their path: {of_head} is {of_base} in base")
    return RunComparison(
        differences=tuple(differing),
        warnings=tuple(warnings),
        rows=tuple(rows),
        together=_together(rows, settings),
    )


def _together(rows: Sequence[Row], settings: Settings) -> Verdict | None:
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
    return Verdict(
        case=f"all {len(times)} cases together",
        metric=TIME,
        outcome=decision.outcome,
        ratio=decision.ratio,
        low=decision.low,
        high=decision.high,
        smallest_visible=decision.smallest_visible,
    )


def _by_case(side: RunSet) -> dict[str, tuple[CaseFigures, ...]]:
    """Of each case its figures of every occasion once, or where it was never measured the newest reason."""
    cases: dict[str, dict[str, CaseFigures]] = {}
    for run in side.runs:
        for name, case in run.cases.items():
            cases.setdefault(name, {})[case.occasion] = case
    return {
        name: tuple(case for case in by_occasion.values() if case.figures) or tuple(by_occasion.values())[-1:]
        for name, by_occasion in cases.items()
    }


def _less(base: tuple[CaseFigures, ...], head: Sequence[CaseFigures]) -> tuple[CaseFigures, ...]:
    """Base without what is head's too, so that a run can be compared with the folder that it lies in."""
    occasions = {case.occasion for case in head}
    return tuple(case for case in base if case.occasion not in occasions) or base


def _check_fields(base: RunSet, head: RunSet, allow: Collection[str]) -> list[Difference]:
    """What differs from what was first seen, within a side too; raises where that is refused."""
    first, *others = (*base.runs, *head.runs)
    seen = {name: case.fields for name, case in first.cases.items() if case.figures}
    all_differences: dict[Difference, None] = {}
    for run in others:
        run_differences = differences(first.fields, run.fields)
        for name, case in run.cases.items():
            if case.figures:
                run_differences += differences(seen.setdefault(name, case.fields), case.fields)
        refuse(run_differences, allow, base=first.path, head=run.path)
        all_differences |= dict.fromkeys(run_differences)
    return list(all_differences)


class _Chosen(msgspec.Struct, frozen=True):
    """What may be compared where runs have several machines: of each case the measurements of like machines."""

    base: RunSet
    head: RunSet
    differing: list[Difference]
    """Of fields: what is warned of, and what was allowed to differ."""
    apart: dict[str, str]
    """By case why nothing of it may be compared."""
    warnings: tuple[str, ...]


def _of_like_machines(base: RunSet, head: RunSet, allow: Collection[str]) -> _Chosen:
    """Of each case what was measured on machines like that of its newest measurement in head.

    Raises where the sessions themselves may not be compared.
    """
    _check_sessions(base, head, allow)
    newest = {
        name: run.fields_of(case) | case.fields
        for run in (*base.runs, *head.runs)
        for name, case in run.cases.items()
        if case.figures
    }
    all_differences: dict[Difference, None] = {}
    why: dict[str, list[Difference]] = {}

    def like_newest(run: SavedRun) -> SavedRun:
        like = dict(run.cases)
        for name, case in run.cases.items():
            if case.figures:
                found = differences(run.fields_of(case) | case.fields, newest[name])
                if forbidding := refused(found, allow):
                    why[name] = forbidding
                    del like[name]
                else:
                    all_differences.update(dict.fromkeys(found))
        return msgspec.structs.replace(run, cases=like)

    base, head = (
        msgspec.structs.replace(side, runs=tuple(like_newest(run) for run in side.runs)) for side in (base, head)
    )
    of_base = measured_names(base)
    apart = {name: _apart_text(differing[0]) for name, differing in why.items() if name not in of_base}
    others = [name for name in why if name in of_base]
    warnings = tuple(
        f"{len(others)} cases were measured on other machines too, which is left out: {name}, "
        f"{_apart_text(why[name][0])}"
        for name in others[:1]
    )
    return _Chosen(base, head, list(all_differences), apart, warnings)


def _apart_text(difference: Difference) -> str:
    return f"{difference.reason}: {difference.field} is {difference.base!r} and {difference.head!r}"


def _check_sessions(base: RunSet, head: RunSet, allow: Collection[str]) -> None:
    """Raises where anything but the machine forbids the comparison."""
    first, *others = (*base.runs, *head.runs)
    for run in others:
        of_session = [
            {name: side.fields.get(name) for name in OF_THE_SESSION if name in side.fields} for side in (first, run)
        ]
        refuse(differences(*of_session), allow, base=first.path, head=run.path)


def _why_not(base: Sequence[CaseFigures], head: Sequence[CaseFigures]) -> str:
    """Why a case cannot be compared; empty where it can."""
    newest = (*base, *head)[-1]
    if not any(case.figures for case in (*base, *head)):
        return f"{NOWHERE} ({newest.reason})"
    if not base or not head:
        return NOT_IN_HEAD if base else NOT_IN_BASE
    for name, side in (("base", base), ("head", head)):
        if side[0].reason:
            return f"not measured in {name} ({side[0].reason})"
    if {case.occasion for case in base} & {case.occasion for case in head}:
        return "the same measurement stands on both sides"
    for later in (*base[1:], *head):
        for name in sorted(base[0].shape.keys() | later.shape.keys()):
            if base[0].shape.get(name) != later.shape.get(name):
                kind = "another shape" if base[0].framework else "other parameters of the same id"
                return f"{kind}: {name} {base[0].shape.get(name)!r} and {later.shape.get(name)!r}"
        if base[0].reference != later.reference:
            return f"certified against another reference: {base[0].reference!r} and {later.reference!r}"
    return ""


def _row(case: CaseFigures, verdict: Verdict) -> Row:
    return Row(verdict=verdict, framework=case.framework, model=case.model, device=case.device)


def _not_comparable(case: CaseFigures, metric: str, reason: str) -> Row:
    return _row(case, Verdict(case=case.case, metric=metric, outcome="not comparable", reason=reason))


def _decide(draft: _Draft, history: History, settings: Settings, *, metrics: int) -> Row:
    if draft.figure.is_counted:
        return _decide_count(draft)
    if not draft.is_estimated:
        return _not_comparable(draft.base[0], draft.metric, "a figure of 0 has no ratio")
    return _decide_measured(draft, history, settings, metrics=metrics)


def _decide_count(draft: _Draft) -> Row:
    case = draft.base[0]
    base, head = ([value for values in side for value in values] for side in draft.values)
    for name, side in (("base", base), ("head", head)):
        if len(set(side)) > 1:
            reason = f"{name} has no one number: from {min(side):,.0f} to {max(side):,.0f}"
            return _not_comparable(case, draft.metric, reason)
    row = _row(case, count_verdict(case.case, draft.metric, base[0], head[0]))
    return msgspec.structs.replace(
        row,
        unit=draft.figure.unit,
        better=draft.figure.better,
        base=Values(base[0], len(draft.base), len(base)),
        head=Values(head[0], len(draft.head), len(head)),
    )


def _decide_measured(draft: _Draft, history: History, settings: Settings, *, metrics: int) -> Row:
    case = draft.base[0]
    sides = [[[math.log(value) for value in values] for values in side] for side in draft.values]
    # Where more is better, a slowdown is a fall: the signs are turned before, and the ratios after.
    better = draft.figure.better
    is_inverse = better == "higher"
    base, head = [[[-log for log in run] for run in side] for side in sides] if is_inverse else sides
    past = history.teach((*draft.base, *draft.head), draft.metric, fields=draft.fields)
    case_settings = settings.for_case(case.case, "")
    policy: VerdictPolicy = case_settings.time if draft.metric == TIME else case_settings.memory
    reading = read_unpaired(base, head, past, policy, metrics=metrics)
    decision = reading.decision
    ratio, low, high = decision.ratio, decision.low, decision.high
    if is_inverse:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    verdict = Verdict(
        case=case.case,
        metric=draft.metric,
        outcome=decision.outcome,
        reason=_why_open(reading, processes=[len(run) for run in (*base, *head)]),
        ratio=ratio,
        low=low,
        high=high,
        smallest_visible=decision.smallest_visible,
    )
    of_base, of_head = (
        Values(math.exp(fmean(fmean(run) for run in side)), len(side), sum(map(len, side))) for side in sides
    )
    return msgspec.structs.replace(
        _row(case, verdict),
        unit=draft.figure.unit,
        better=better,
        base=of_base,
        head=of_head,
        noise=reading.source,
        spread=reading.spread,
        past_runs=past.runs if past and reading.source == "history" else 0,
        log_error=decision.error,
    )


def _why_open(reading: UnpairedReading, *, processes: Sequence[int]) -> str:
    if reading.decision.outcome != "inconclusive":
        return ""
    if reading.source == "assumed":
        return _LONE if min(processes) == 1 else _UNKNOWN
    return _NOISY
