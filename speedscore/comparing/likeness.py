"""Whether two sides of runs may be compared: no field differs that must agree.

Where runs have several machines, it says which measurements of a case come of like ones. Which fields must agree stands
in ``fields``; no figure is read here.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from speedscore.comparing.fields import OF_THE_SESSION, Difference, differences, refuse, refused, told_once
from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.matching_cases import measured_names
from speedscore.comparing.saved_run import SavedRun


def check_fields(base: RunSet, head: RunSet, allow: Collection[str]) -> list[Difference]:
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
    return told_once(all_differences)


class Chosen(msgspec.Struct, frozen=True):
    """What may be compared where runs have several machines: of each case the measurements of like machines."""

    base: RunSet
    head: RunSet
    differing: list[Difference]
    """Of fields: what is warned of, and what was allowed to differ."""
    apart: dict[str, str]
    """By case why nothing of it may be compared."""
    warnings: tuple[str, ...]


def of_like_machines(base: RunSet, head: RunSet, allow: Collection[str]) -> Chosen:
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
    return Chosen(base, head, list(all_differences), apart, warnings)


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
