"""Which cases both sides have, and the verdicts on those that only one side has.

It compares names and sources and looks into no checkout.
"""

from __future__ import annotations

import msgspec

from speedscore.gate.plan import GatePlan
from speedscore.gate.side_arguments import Selection
from speedscore.gate.sides import CollectedCase, SideCollection
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.verdict import Verdict


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


def match_cases(base: SideCollection, head: SideCollection, plan: GatePlan, settings: Settings) -> Matching:
    """Put the cases of both sides side by side, as far as they were asked for."""
    on_base = _selected(base, plan.base.selection)
    on_head = _selected(head, plan.head.selection)
    others: list[Verdict] = []
    missing: dict[str, str] = {}
    for case in on_base.keys() - on_head.keys():
        if settings.may_be_missing(case):
            others.append(_not_comparable(case, "removed, as allow_missing says"))
        else:
            missing[case] = f"head {_collection_error(case, head) or 'has no such case'}"
    for case in on_head.keys() - on_base.keys():
        error = _collection_error(case, base)
        others.append(_not_comparable(case, f"base {error}" if error else "new: base has no such case"))
    unstable = {name for collection in (base, head) for name in collection.unstable}
    others += [_not_comparable(name, _UNSTABLE) for name in sorted(unstable)]
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
    )


def _notes(base: CollectedCase, head: CollectedCase) -> tuple[str, ...]:
    return ("the benchmark's own code differs",) if base.source != head.source else ()


def _selected(collection: SideCollection, selection: Selection) -> dict[str, CollectedCase]:
    if selection.nothing:
        return {}
    return {case.id: case for case in collection.cases if selection.selects(case.id)}


def _collection_error(case: str, collection: SideCollection) -> str:
    """Why a side lacks the case, where it could not collect its file."""
    path = case.partition("::")[0]
    return next((f"did not collect {error}" for error in collection.errors if error.startswith(f"{path}:")), "")


_UNSTABLE = "its id holds an address in memory, another in each process: give its parameters ids of their own (ids=[…])"


def _not_comparable(case: str, reason: str) -> Verdict:
    return Verdict(case=case, metric="time", outcome="not comparable", reason=reason)
