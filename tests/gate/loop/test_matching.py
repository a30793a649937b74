"""Cases are told by their ids: one that is another in each process is named with its cause, and no other case pays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.gate.made_up_sides import AnyTests, MadeUpMachine, MadeUpTest, Tests, gated

SOUND = {"test_a.py::test_sound[0xdeadbeef]": MadeUpTest()}


def drawn(side: str, *, name: Callable[[str, int], str] = lambda side, pair: f"{side}{pair}") -> Callable[[int], Tests]:
    return lambda pair: SOUND | {f"test_a.py::test_odd[{name(side, pair)}]": MadeUpTest()}


def told(base: AnyTests, head: AnyTests) -> tuple[dict[str, str], dict[str, str]]:
    """What is said of each case beside its time, and what is called missing."""
    outcome = gated(MadeUpMachine(base, head))
    return {verdict.case: verdict.reason or verdict.outcome for verdict in outcome.verdicts}, outcome.missing


@pytest.mark.parametrize("head", [drawn("head"), SOUND | {"test_a.py::test_odd[mended]": MadeUpTest()}])
def test_an_id_that_is_another_in_each_process_is_named_by_its_test(head: AnyTests) -> None:
    said, missing = told(drawn("base"), head)
    assert said["test_a.py::test_odd"].startswith("its id is another in each process: give its parameters ids of")
    assert said["test_a.py::test_sound[0xdeadbeef]"] == "unchanged"
    assert missing == {}


def test_an_address_in_it_is_named_as_the_cause() -> None:
    sides = (
        drawn(side, name=lambda side, pair: f"<Plain at 0x7f{hash((side, pair)) & 0xFFFFFF:06x}>") for side in "ab"
    )
    assert told(*sides)[0]["test_a.py::test_odd"].endswith("it holds an address in memory now")


def test_ids_that_were_changed_are_missing_as_ever() -> None:
    base, head = (SOUND | {f"test_a.py::test_odd[{side}]": MadeUpTest()} for side in ("base", "head"))
    said, missing = told(base, head)
    assert missing == {"test_a.py::test_odd[base]": "head has no such case"}
    assert said["test_a.py::test_odd[head]"] == "new: base has no such case"


@pytest.mark.parametrize("first_without", [2, 3])
def test_an_id_that_both_sides_had_by_chance_costs_its_own_case(first_without: int) -> None:
    def head(pair: int) -> Tests:
        return SOUND if pair >= first_without else SOUND | {"test_a.py::test_odd[3]": MadeUpTest()}

    said, missing = told(SOUND | {"test_a.py::test_odd[3]": MadeUpTest()}, head)
    assert said["test_a.py::test_odd[3]"].startswith("its id is another in each process")
    assert said["test_a.py::test_sound[0xdeadbeef]"] == "unchanged"
    assert missing == {}


@pytest.mark.parametrize(
    ("collected", "why"),
    [
        ({"left_out": 3}, ": -k, -m or --deselect leaves out all 3"),
        ({"test_count": 5}, ": none of 5 tests uses the fixture benchmark or has the mark benchmark"),
        ({}, ""),
    ],
    ids=["left out", "no benchmarks", "no tests"],
)
def test_where_no_benchmark_is_selected_the_reason_is_told(collected: dict[str, Any], why: str) -> None:
    outcome = gated(MadeUpMachine({}, {}, **collected))
    assert outcome.nothing == f"no benchmark was selected on either side{why}"
