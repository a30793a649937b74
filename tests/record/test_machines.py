"""A run of several machines falls into one part for each, and nothing of it is lost, doubled or joined."""

from __future__ import annotations

import msgspec
import pytest

from speedscore.record.machines import OWN, apart_by_machine, by_machine, named_machine
from speedscore.record.ratios import estimate_ratios, find_ratios
from speedscore.record.run_record import RunRecord
from tests.record.sample_machines import BOX_1, BOX_2, MACHINES, fleet_run, on
from tests.sample_runs import MACHINE, a_case, a_run


def a_fleet_run() -> RunRecord:
    here = (a_case("a", [[1.0]] * 2), a_case("b", [[2.0]] * 2))
    there = on("box-1", a_case("a", [[1.0]] * 2, model="gpt"), a_case("b", [[5.0]] * 2, model="gpt"))
    lone = on("box-2", a_case("c", [[1.0]] * 2, model="gpt"))
    return fleet_run(*lone, *here, *there)


def test_each_case_and_ratio_stands_in_the_part_of_its_own_machine() -> None:
    run = a_fleet_run()
    parts = apart_by_machine(run)
    assert list(parts) == ["", "box-1", "box-2"]
    assert [part.environment for part in parts.values()] == [MACHINE, BOX_1, BOX_2]
    assert sorted(case.nodeid for part in parts.values() for case in part.cases) == sorted(
        case.nodeid for case in run.cases
    )
    assert all(case.machine == machine for machine, part in parts.items() for case in part.cases)
    assert [ratio.value for machine in parts for ratio in parts[machine].ratios] == [pytest.approx(2), pytest.approx(5)]


def test_a_run_of_one_machine_is_its_own_part() -> None:
    run = a_run(a_case("a", [[1.0]] * 2), a_case("b", [[2.0]] * 2))
    assert apart_by_machine(run) == {"": run}


def test_what_two_machines_measured_of_one_model_has_no_ratio() -> None:
    first, second = a_case("a", [[1.0]] * 2), *on("box-1", a_case("b", [[2.0]] * 2))
    assert find_ratios([first, second]) == ()
    with pytest.raises(ValueError, match="expected cases of one machine, found those of '', 'box-1'"):
        estimate_ratios([first, second])


def test_the_same_pair_on_two_machines_has_a_ratio_of_each() -> None:
    pairs = [
        on(name, a_case("a", [[1.0]] * 2), a_case("b", [[slow]] * 2)) for name, slow in (("", 2.0), ("box-1", 3.0))
    ]
    found = {ratio.machine: ratio.value for ratio in find_ratios([case for pair in pairs for case in pair])}
    assert found == {"": pytest.approx(2.0), "box-1": pytest.approx(3.0)}


def test_a_ratio_of_a_machine_that_the_run_does_not_describe_is_refused() -> None:
    run = a_fleet_run()
    ratios = (msgspec.structs.replace(run.ratios[0], machine="box-9"),)
    with pytest.raises(ValueError, match="a ratio is of cases on 'box-9', which the run does not describe"):
        msgspec.structs.replace(run, ratios=ratios)
    # As it is saved and read again.
    assert msgspec.json.decode(msgspec.json.encode(run), type=RunRecord) == run


def test_a_machine_is_named_with_its_hardware_and_printed_safely() -> None:
    run = msgspec.structs.replace(a_run(), machines={**MACHINES, "box-3": {"cpu.model": "a\x1b[31m\nb"}})
    assert named_machine(run, "box-1") == "box-1 (EPYC, H100)"
    assert named_machine(run, "") == f"{OWN} (a processor)"
    assert named_machine(run, "box-3") == "box-3 (a\\u001b[31m b)"


def test_machines_come_in_the_order_of_their_names_with_the_own_first() -> None:
    cases = [*on("z", a_case("a", [[1.0]])), *on("b", a_case("a", [[1.0]])), a_case("a", [[1.0]])]
    assert list(by_machine(cases)) == ["", "b", "z"]
