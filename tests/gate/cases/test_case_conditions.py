"""Two times of different things are no ratio; what is drawn anew in each process says nothing of a change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from speedscore.gate.cases.case_conditions import CaseConditions
from speedscore.gate.sides.side import Finished
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, gated

Told = Mapping[str, str]


def told(conditions: Told) -> Finished:
    return Finished("passed", "", conditions=conditions)


def reason(*pairs: tuple[Told, Told]) -> str:
    conditions = CaseConditions()
    *_, exclusion = [conditions.add(told(base), told(head)) for base, head in pairs]
    return exclusion.reason if exclusion else ""


def test_what_two_processes_of_each_side_tell_is_compared() -> None:
    pair = {"timer": "wall", "parameter n": "1"}, {"timer": "wall", "parameter n": "2"}
    assert reason(pair) == ""
    assert reason(pair, pair) == "parameter n is 1 on base and 2 on head: two times of different things"


@pytest.mark.parametrize(
    "second",
    [({"n": "3"}, {"n": "2"}), ({"n": "1"}, {"n": "4"}), ({"n": "3"}, {"n": "4"}), ({}, {"n": "2"})],
    ids=["drawn on base", "drawn on head", "drawn on both", "told once"],
)
def test_what_is_another_in_each_process_is_not(second: tuple[Told, Told]) -> None:
    assert reason(({"n": "1"}, {"n": "2"}), second) == ""


def test_what_only_one_side_tells_is_not() -> None:
    assert reason(*[({"n": "1"}, {"more": "1"})] * 2) == ""


def test_a_reader_is_told_of_values_without_a_seed() -> None:
    conditions = CaseConditions()
    assert conditions.notes() == ()
    for text in "ab":
        conditions.add(told({"parameter x.y: values": text, "parameter x[3]": text}), told({"timer": text}))
    assert conditions.notes() == ("parameter x is another in each process: give it a seed",)


def test_in_a_gate_it_costs_the_case_alone() -> None:
    base, head = (
        {"odd": MadeUpTest(more={"conditions": {"timer": timer}}), "even": MadeUpTest()}
        for timer in ("time.perf_counter", "time.process_time")
    )
    outcome = gated(MadeUpMachine(base, head))
    verdicts = {verdict.case: verdict for verdict in outcome.verdicts}
    assert verdicts["odd"].outcome == "not comparable"
    assert verdicts["odd"].reason.startswith("timer is time.perf_counter on base and time.process_time on head")
    assert verdicts["even"].outcome == "unchanged"
