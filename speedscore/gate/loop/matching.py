"""Which cases both sides have, and the verdicts on those that only one side has.

It compares names and sources and looks into no checkout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

import msgspec

from speedscore.gate.cases.exclusions import UNSTABLE
from speedscore.gate.pairs.plan import GatePlan
from speedscore.gate.sides.side import CollectedCase, SideCollection
from speedscore.gate.sides.side_arguments import Selection
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.verdict import Verdict

NEW = "new: base has no such case"
_ADDRESS = re.compile("0x[0-9a-fA-F]{6,}")
_BY_ADDRESS = "; it holds an address in memory now"


class MatchedCase(msgspec.Struct, frozen=True):
    """A case that both sides have."""

    id: str
    group: str
    notes: tuple[str, ...]


class Matching(msgspec.Struct, frozen=True):
    """What both sides have collected, put side by side."""

    both: tuple[MatchedCase, ...] = ()
    others: tuple[Verdict, ...] = ()
    """On cases that one side has and the other rightly lacks."""
    missing: dict[str, str] = {}
    """Cases of the base that head lacks, with why."""
    warnings: tuple[str, ...] = ()
    pythons: tuple[str, str] = ("", "")
    """Versions of the interpreters of base and of head."""
    why_none: str = ""
    """Why no benchmark was selected on either side; empty where one was, or where nothing more is known."""


Collections = tuple[SideCollection, SideCollection]
"""Of base and of head."""


def match_cases(
    collections: Collections, plan: GatePlan, settings: Settings, *, again: Collections | None = None
) -> Matching:
    """Put the cases of both sides side by side, as far as they were asked for.

    ``again`` is what another process of each side has collected: a case that it lacks cannot be found again.
    """
    base, head = collections
    on_base, on_head = _both_selected(collections, plan)
    others: list[Verdict] = []
    if again is not None:
        unstable = [
            one.keys() - other.keys()
            for one, other in zip((on_base, on_head), _both_selected(again, plan), strict=True)
        ]
        on_base, on_head = _without(on_base, unstable[0]), _without(on_head, unstable[1])
        others += _unstable_ids(unstable[0] | unstable[1])
    missing: dict[str, str] = {}
    for case in on_base.keys() - on_head.keys():
        if settings.may_be_missing(case):
            others.append(_not_comparable(case, "removed, as allow_missing says"))
        else:
            missing[case] = f"head {_collection_error(case, head) or 'has no such case'}"
    for case in on_head.keys() - on_base.keys():
        error = _collection_error(case, base)
        others.append(_not_comparable(case, f"base {error}" if error else NEW))
    both = [(on_base[name], case) for name, case in on_head.items() if name in on_base]
    return Matching(
        both=tuple(MatchedCase(on_both.id, on_both.group, _notes(before, on_both)) for before, on_both in both),
        others=tuple(others),
        missing=missing,
        warnings=(
            *(f"base did not collect {error}" for error in base.errors),
            *(f"head did not collect {error}" for error in head.errors),
        ),
        pythons=(base.python, head.python),
        why_none=_why_none(base, head),
    )


def _why_none(base: SideCollection, head: SideCollection) -> str:
    if base.cases or head.cases:
        return ""
    if left_out := max(base.left_out, head.left_out):
        return f"-k, -m or --deselect leaves out all {left_out}"
    tests = max(base.tests, head.tests)
    return f"none of {tests} tests uses the fixture benchmark or has the mark benchmark" if tests else ""


def may_be_unstable(collections: Collections, plan: GatePlan) -> bool:
    """Whether a test has cases on both sides, and some that only base and some that only head has.

    The ids of its parameters were changed, or are others in each process: it takes a second process to tell.
    """
    on_base, on_head = _both_selected(collections, plan)
    only_base, only_head = on_base.keys() - on_head.keys(), on_head.keys() - on_base.keys()
    return not {_test(case) for case in only_base}.isdisjoint(_test(case) for case in only_head)


def _unstable_ids(cases: Set[str]) -> list[Verdict]:
    """One verdict a test, and not one a case: the ids say nothing to a reader."""
    addresses = {_test(case) for case in cases if _ADDRESS.search(case)}
    return [
        _not_comparable(test, f"{UNSTABLE}{_BY_ADDRESS if test in addresses else ''}")
        for test in sorted({_test(case) for case in cases})
    ]


def _test(case: str) -> str:
    """Without the id of its parameters."""
    return case.partition("[")[0]


def _without(cases: Mapping[str, CollectedCase], names: Set[str]) -> dict[str, CollectedCase]:
    return {name: case for name, case in cases.items() if name not in names}


def _notes(base: CollectedCase, head: CollectedCase) -> tuple[str, ...]:
    return ("the benchmark's own code differs",) if base.source != head.source else ()


def _both_selected(
    collections: Collections, plan: GatePlan
) -> tuple[dict[str, CollectedCase], dict[str, CollectedCase]]:
    base, head = collections
    return _selected(base, plan.base.selection), _selected(head, plan.head.selection)


def _selected(collection: SideCollection, selection: Selection) -> dict[str, CollectedCase]:
    if selection.nothing:
        return {}
    return {case.id: case for case in collection.cases if selection.selects(case.id)}


def _collection_error(case: str, collection: SideCollection) -> str:
    """Why a side lacks the case, where it could not collect its file."""
    path = case.partition("::")[0]
    return next((f"did not collect {error}" for error in collection.errors if error.startswith(f"{path}:")), "")


def _not_comparable(case: str, reason: str) -> Verdict:
    return Verdict(case=case, metric="time", outcome="not comparable", reason=reason)
