"""Two sides of saved runs, case by case: which cases can be compared, and in which metrics.

Cases that only one side measured, or that are not the same case on both, are named with the reason. Whether the runs
may be compared at all is judged in ``likeness``, each verdict in ``deciding``. It reads no file and prints nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from speedscore.comparing.between_machines import machine_warnings
from speedscore.comparing.deciding import Draft, decide_draft, decide_together
from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.history import History
from speedscore.comparing.likeness import Chosen, check_fields, of_like_machines
from speedscore.comparing.load_warnings import load_warnings
from speedscore.comparing.matching_cases import matched_by_end, measured_names, renamed
from speedscore.comparing.rows import Row, RunComparison, not_comparable
from speedscore.comparing.saved_run import TIME, CaseFigures, Identity
from speedscore.verdicts.settings import Settings

NOT_IN_BASE, NOT_IN_HEAD = "new, only in head", "removed, only in base"
NOWHERE = "measured on neither side"


def compare(
    base: RunSet, head: RunSet, *, history: History, settings: Settings, allow: Collection[str]
) -> RunComparison:
    """Every case of either side, in no order. Raises RunsDifferError where a field forbids it."""
    matched = matched_by_end(measured_names(base), measured_names(head))
    head = msgspec.structs.replace(head, runs=tuple(renamed(run, matched) for run in head.runs))
    chosen: Chosen | None = None
    if any(run.machines for run in (*base.runs, *head.runs)):
        chosen = of_like_machines(base, head, allow)
        base, head, differing = chosen.base, chosen.head, chosen.differing
    else:
        differing = check_fields(base, head, allow)
    rows: list[Row] = []
    drafts: list[Draft] = []
    fields = {id(case): run.fields_of(case) for run in base.runs for case in run.cases.values()}
    base_cases, head_cases = _by_case(base), _by_case(head)
    for case in dict.fromkeys([*base_cases, *head_cases]):
        head_figures = head_cases.get(case, ())
        base_figures = _less(base_cases.get(case, ()), head_figures)
        reason = (chosen.apart.get(case, "") if chosen else "") or _why_not(base_figures, head_figures)
        if reason:
            both = (*base_figures, *head_figures)
            is_measured_nowhere = not any(measured.figures for measured in both)
            row = not_comparable(both[0], TIME, reason)
            rows.append(msgspec.structs.replace(row, is_measured_nowhere=is_measured_nowhere))
            continue
        for metric in dict.fromkeys(name for measured in (*base_figures, *head_figures) for name in measured.figures):
            in_base, in_head = (
                tuple(measured for measured in side if metric in measured.figures)
                for side in (base_figures, head_figures)
            )
            if in_base and in_head:
                drafts.append(Draft(metric, in_base, in_head, fields[id(in_base[0])]))
            else:
                rows.append(not_comparable(base_figures[0], metric, f"not recorded in {'head' if in_base else 'base'}"))
    metrics = sum(draft.is_estimated for draft in drafts)
    rows += [decide_draft(draft, history, settings, metrics=metrics) for draft in drafts]
    warnings = load_warnings("base", base_cases) + load_warnings("head", head_cases)
    warnings += chosen.warnings if chosen else ()
    warnings += machine_warnings(rows)
    if matched:
        of_head, of_base = next(iter(matched.items()))
        warnings.append(f"{len(matched)} cases matched by the end of their path: {of_head} is {of_base} in base")
    return RunComparison(
        differences=tuple(differing),
        warnings=tuple(warnings),
        rows=tuple(rows),
        together=decide_together(rows, settings),
    )


def _by_case(side: RunSet) -> dict[str, tuple[CaseFigures, ...]]:
    """Of each case every measurement once, or where it was never measured the newest reason."""
    cases: dict[str, dict[Identity, CaseFigures]] = {}
    for run in side.runs:
        for name, case in run.cases.items():
            cases.setdefault(name, {})[case.identity] = case
    return {
        name: tuple(case for case in once.values() if case.figures) or tuple(once.values())[-1:]
        for name, once in cases.items()
    }


def _less(base: tuple[CaseFigures, ...], head: Sequence[CaseFigures]) -> tuple[CaseFigures, ...]:
    """Base without what is head's too, so that a run can be compared with the folder that it lies in."""
    in_head = {case.identity for case in head}
    return tuple(case for case in base if case.identity not in in_head) or base


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
    if {case.identity for case in base} & {case.identity for case in head}:
        return "the same measurement stands on both sides"
    for later in (*base[1:], *head):
        for name in sorted(base[0].shape.keys() | later.shape.keys()):
            if base[0].shape.get(name) != later.shape.get(name):
                kind = "another shape" if base[0].framework else "other parameters of the same id"
                return f"{kind}: {name} {base[0].shape.get(name)!r} and {later.shape.get(name)!r}"
        if base[0].reference != later.reference:
            return f"certified against another reference: {base[0].reference!r} and {later.reference!r}"
    return ""
