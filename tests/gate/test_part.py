"""Shares of a gate's cases: each case in one share, and each share decided as a gate of all would."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.part import LeaderInstructions, Part, read_part
from speedscore.verdicts.settings import SettingsError
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, QuietListener, a_plan, gated


@given(cases=st.integers(0, 60), shares=st.integers(1, 12), order=st.randoms(use_true_random=False))
def test_each_case_is_in_one_share_and_neighbours_stay_together(cases: int, shares: int, order: Random) -> None:
    names = [f"test_it[{number:02}]" for number in range(cases)]
    # Each machine collects in an order of its own.
    dealt = [Part(number, shares).own(order.sample(names, k=cases)) for number in range(1, shares + 1)]
    assert [case for share in dealt for case in sorted(share)] == names
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


def test_a_share_counts_no_fewer_figures_than_the_whole_gate_has() -> None:
    assert Part(1, 3).figure_count([1, 2], cases=10) == 20
    assert Part(1, 3).figure_count([], cases=2) == 2


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/2/3"])
def test_a_share_that_there_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--gate-part: expected a share as 2/5"):
        read_part(text)


def noisy(slower: float, phase: float) -> Any:
    """Rounds of a pace that changes with the pair, the same in every gate."""
    return lambda pair, number: 0.01 * slower * math.exp(0.03 * math.sin(2.4 * pair + phase + number))


TESTS = {f"test_{number}.py::test_it": number for number in range(6)}
SLOWED = {"test_1.py::test_it": 1.3, "test_4.py::test_it": 0.7}


def machine() -> MadeUpMachine:
    base = {case: MadeUpTest(seconds=noisy(1.0, number)) for case, number in TESTS.items()}
    head = {case: MadeUpTest(seconds=noisy(SLOWED.get(case, 1.0), number + 1)) for case, number in TESTS.items()}
    return MadeUpMachine(base, head)


@pytest.mark.parametrize("shares", [2, 3, 6, 8])
def test_shares_decide_as_a_gate_of_all_cases_does(shares: int) -> None:
    whole = gated(machine())
    parts = [gated(machine(), plan=a_plan(part=Part(number, shares))) for number in range(1, shares + 1)]
    assert {part.looks for part in parts if part.verdicts} == {whole.looks}
    assert {part.early_looks for part in parts if part.verdicts} == {whole.early_looks}
    found = {(each.case, each.metric): each.outcome for part in parts for each in part.verdicts}
    assert found == {(each.case, each.metric): each.outcome for each in whole.verdicts}
    assert {case for (case, _), outcome in found.items() if outcome == "regressed"} == {"test_1.py::test_it"}


def test_no_case_is_lost_where_machines_collect_in_other_orders() -> None:
    def share(number: int, letters: str) -> set[str]:
        tests = {f"test_it.py::test_it[{letter}]": MadeUpTest(seconds=noisy(1.0, 0)) for letter in letters}
        outcome = gated(MadeUpMachine(tests, tests), plan=a_plan(part=Part(number, 2)))
        return {each.case for each in outcome.verdicts}

    assert share(1, "cdab") | share(2, "abcd") == {f"test_it.py::test_it[{letter}]" for letter in "abcd"}


def test_a_share_says_what_it_has_decided_before_its_end_and_goes_on() -> None:
    listener = QuietListener()
    outcome = gated(machine(), plan=a_plan(part=Part(1, 2)), listener=listener)
    before, *early = listener.outcomes
    assert {each.reason for each in before.verdicts} == {"still open before the first pair"}
    assert before.all_cases == tuple(sorted(TESTS))
    decided = [{each for each in said.verdicts if not each.reason.startswith("still open")} for said in early]
    assert decided[-1] == set(outcome.verdicts)
    assert len(early) > 1


def test_a_share_that_only_looks_decides_nothing_and_says_so() -> None:
    outcome = gated(machine(), plan=a_plan(part=Part(1, 2), instructions=LeaderInstructions(only_looks=True)))
    assert (outcome.verdicts, outcome.pairs, outcome.nothing) == ((), 0, "still open")


def test_a_gate_of_all_says_nothing_before_its_end() -> None:
    listener = QuietListener()
    gated(machine(), listener=listener)
    assert listener.outcomes == []
