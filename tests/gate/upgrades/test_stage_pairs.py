"""The untimed processes after an upgrade's verdicts, with made-up sides: what they say, and what stops them."""

from __future__ import annotations

from typing import Any

from speedscore.gate.sides.side import SideSpec
from speedscore.gate.upgrades.stage_pairs import PROCESSES, StageEvidence, watch_stages
from tests.gate.made_up_sides import MadeUpMachine, MadeUpSide, MadeUpTest, a_plan
from tests.gate.upgrades.made_up_dumps import Dumping

CASE = "test_it.py::test_it"


def staged(compile_seconds: float, run_seconds: float, *, name: str = "lower") -> MadeUpTest:
    set_up = {name: 0.1, "compile": compile_seconds}
    return MadeUpTest(more={"stages_seconds": set_up, "round_stages_seconds": {"run": run_seconds}})


def watched(machine: MadeUpMachine, *cases: str, **plan: Any) -> StageEvidence:
    evidence = watch_stages(
        a_plan(**plan), cases or (CASE,), start_side=machine.start_side, clock=machine.clock, hash_seed=1
    )
    assert all(side.is_closed for side in machine.started)
    return evidence


def test_every_case_runs_in_a_few_processes_of_each_side_in_turn() -> None:
    machine = Dumping({CASE: staged(1.0, 0.1)}, {CASE: staged(3.0, 0.1)})
    evidence = watched(machine)
    labels = [side.spec.label for side in machine.started]
    assert labels == ["base", "head", "head", "base", "base", "head", "base", "head"]
    assert [each.get("SPEEDSCORE_GATE_STAGES") for each in machine.variables] == 2 * PROCESSES * ["1"] + 2 * [None]
    changes = {each.stage: (each.base, each.head, each.has_changed) for each in evidence.stages[CASE]}
    assert changes == {"lower": (0.1, 0.1, False), "compile": (1.0, 3.0, True), "run": (0.1, 0.1, False)}
    assert evidence.remarks == ()


def test_the_programs_of_a_case_are_its_own() -> None:
    machine = Dumping({CASE: staged(1, 1), "b": staged(1, 1)}, {CASE: staged(1, 1), "b": staged(1, 1)})
    evidence = watched(machine, CASE, "b")
    for case in (CASE, "b"):
        assert {each.operation: (each.base, each.head) for each in evidence.programs[case].operations} == {
            "copy": (0, 1),
            "negate": (1, 0),
        }


def test_nobody_is_asked_for_programs_where_nothing_was_lowered() -> None:
    machine = Dumping({CASE: staged(1, 1, name="trace")}, {CASE: staged(1, 1, name="trace")})
    assert watched(machine).programs == {}
    assert len(machine.started) == 2 * PROCESSES


def test_a_side_that_dies_leaves_less_evidence_and_says_so() -> None:
    machine = MadeUpMachine({CASE: staged(1, 1)}, {CASE: MadeUpTest(dies="in a round")})
    evidence = watched(machine)
    assert evidence.stages == {}
    assert evidence.remarks == ("the stages are not known in full: was ended by SIGABRT",)


def test_a_side_that_cannot_be_started_leaves_less_evidence_and_says_so() -> None:
    class Full(MadeUpMachine):
        def start_side(self, spec: SideSpec, **others: Any) -> MadeUpSide:
            if len(self.started) == 3:
                raise OSError(28, "No space left on device")
            return super().start_side(spec, **others)

    evidence = watched(Full({CASE: staged(1, 1)}, {CASE: staged(1, 1)}))
    assert CASE in evidence.stages
    assert evidence.remarks == ("the stages are not known in full: [Errno 28] No space left on device",)


def test_a_test_that_does_not_pass_says_nothing() -> None:
    machine = MadeUpMachine({CASE: staged(1, 1)}, {CASE: MadeUpTest(outcome="failed", comes_to_benchmark=False)})
    assert watched(machine).stages == {}
