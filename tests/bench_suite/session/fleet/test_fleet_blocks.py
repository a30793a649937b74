"""Which word on a case counts, which machines may measure, and what is told of both."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.session.choices import Choices
from speedscore.bench_suite.session.fleet.blocks import FleetBlocks
from speedscore.bench_suite.session.fleet.messages import Known, Said, decode_request, encode
from speedscore.bench_suite.session.fleet.telling import FleetProgress
from speedscore.bench_suite.session.fleet.versions import Demands, admit
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.fleet.work import Answered, Began, Event, Failed, FleetError, FleetMachine, Lost, Piece, Reported
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, RunRecord
from tests.sample_runs import a_case

BLOCK, OTHER = "mlp cpu", "bert cpu"
FIRST, SECOND = a_case("jax", [[0.1]]), a_case("torch", [[0.2]])
FAR = a_case("jax", [[0.4]], model="bert")
CASES = {result.nodeid: Case(result.framework, result.model, "cpu", "training") for result in (FIRST, SECOND, FAR)}


class Scripted:
    """A fleet that tells what it was told to, and writes down what was asked of it."""

    machines = (
        FleetMachine("a", {"cpu.model": "one", "package.jax": "1.0", "process.niceness": 0}),
        FleetMachine("b", {"package.jax": "1.0"}),
        FleetMachine("old", {"package.jax": "0.9"}),
    )

    absent = refused = ()

    def __init__(self, events: Sequence[Event | BaseException]) -> None:
        self._events = events
        self.pieces: list[Piece] = []
        self.closed = False

    def run(self, pieces: Iterable[Piece], *, admits: Callable[[FleetMachine], bool]) -> Generator[Event, None, None]:
        self.pieces += pieces
        self.admits = admits
        try:
            for event in self._events:
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            self.closed = True


class Lines:
    is_live = is_fresh = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def draw(self, text: str, *, now: bool = False) -> None:
        raise AssertionError(f"nothing of a fleet is drawn live: {text} {now}")


class Placed:
    def __init__(self, *events: Event | BaseException, cases: Mapping[str, Case] = CASES, **choices: Any) -> None:
        self.fleet = Scripted(events)
        self.screen = Lines()
        self.kept: list[tuple[str, str, tuple[float, ...]]] = []
        demands = Demands({"package.jax": "1.0"})
        admission = admit(self.fleet.machines, demands)
        self.blocks = FleetBlocks(self.fleet, admission=admission, demands=demands, progress=FleetProgress(self.screen))
        known: dict[str, Any] = {"preset": PRESETS["smoke"], "processes": 2, "seed": 7, "in_process": False}
        self.blocks.place(cases, Choices(**known | choices), keep=self._keep)

    def _keep(self, results: Sequence[CaseResult]) -> None:
        self.kept += [(result.framework, result.machine, result.rounds_seconds) for result in results]

    def told(self, result: CaseResult) -> tuple[str, str, tuple[float, ...]]:
        known = self.blocks.result(result.nodeid)
        return known.result.status, known.result.machine, known.result.rounds_seconds


def told(*cases: CaseResult) -> bytes:
    return encode(Known(cases))


def again(case: CaseResult, seconds: float) -> CaseResult:
    return msgspec.structs.replace(case, rounds=(msgspec.structs.replace(case.rounds[0], seconds=seconds),))


def test_a_block_is_a_piece_for_its_device() -> None:
    placed = Placed(Began(BLOCK, "a"), Answered(BLOCK, "a", told(FIRST, SECOND)), budget_seconds=60.0)
    assert not placed.fleet.pieces, "nothing is placed before a case is asked for"
    placed.told(FIRST)
    assert [(piece.name, piece.device) for piece in placed.fleet.pieces] == [(BLOCK, "cpu"), (OTHER, "cpu")]
    request = decode_request(placed.fleet.pieces[0].asked_now())
    assert list(request.cases) == [FIRST.nodeid, SECOND.nodeid]
    assert (request.processes, request.seed, request.budget_seconds) == (2, 7, 60.0)
    assert [framework.id for framework in request.frameworks] == ["jax", "torch"]
    assert [model.id for model in request.models] == ["mlp"]


def test_a_machine_of_other_versions_measures_nothing_whenever_it_joins_and_one_that_joins_late_is_named() -> None:
    placed = Placed(Began(BLOCK, "a"), Answered(BLOCK, "a", told(FIRST, SECOND)))
    placed.told(FIRST)
    assert [placed.fleet.admits(machine) for machine in placed.fleet.machines] == [True, True, False]
    assert not [line for line in placed.screen.lines if "old" in line], "said as the fleet was opened"
    late = FleetMachine("late", {"package.jax": "2.0"})
    assert [placed.fleet.admits(late), placed.fleet.admits(late)] == [False, False]
    (line,) = [line for line in placed.screen.lines if "late" in line]
    assert "late measures nothing: package.jax is 2.0 and must be 1.0, as here" in line


def test_a_machine_that_comes_back_changed_measures_nothing_more_and_is_described_as_it_was() -> None:
    placed = Placed(Began(BLOCK, "a"), Answered(BLOCK, "a", told(FIRST, SECOND)))
    placed.told(FIRST)
    one = placed.fleet.machines[0]
    same = FleetMachine("a", one.environment | {"gpu.0.sm_clock_mhz": 210})
    changed = FleetMachine("a", one.environment | {"process.niceness": 15})
    assert [placed.fleet.admits(machine) for machine in (same, changed, changed)] == [True, False, False]
    assert placed.blocks.environments == {machine.name: machine.environment for machine in placed.fleet.machines[:2]}
    (line,) = [line for line in placed.screen.lines if "nothing" in line]
    assert "a measures nothing: process.niceness was 0 and is 15" in line


def test_a_machine_that_joins_late_under_a_name_of_the_session_that_is_taken_up_must_be_that_machine() -> None:
    before: dict[str, Scalar] = {"cpu.model": "one", "package.jax": "1.0"}
    earlier = RunRecord(
        schema_version=SCHEMA_VERSION,
        created="2026-12-01T12:00:00+00:00",
        preset="smoke",
        seed=7,
        in_process=False,
        environment={},
        cases=(),
        machines={"late": before},
    )
    placed = Placed(Began(BLOCK, "a"), Answered(BLOCK, "a", told(FIRST, SECOND)), earlier=earlier)
    placed.told(FIRST)
    another = FleetMachine("late", before | {"cpu.model": "two"})
    assert [placed.fleet.admits(another), placed.fleet.admits(FleetMachine("late", before))] == [False, True]
    assert placed.blocks.environments["late"] == before
    assert "late measures nothing: cpu.model was 'one' and is 'two'" in placed.screen.lines[-1]


def test_each_case_is_kept_as_it_is_told_with_its_machine() -> None:
    placed = Placed(
        Began(BLOCK, "a"),
        Began(OTHER, "b"),
        Reported(OTHER, "b", told(FAR)),
        Reported(BLOCK, "a", told(FIRST)),
        Answered(BLOCK, "a", told(FIRST, SECOND)),
    )
    assert placed.told(FIRST) == ("measured", "a", (0.1,))
    assert placed.kept == [("jax", "b", (0.4,)), ("jax", "a", (0.1,)), ("jax", "a", (0.1,)), ("torch", "a", (0.2,))]
    far = placed.blocks.result_so_far(FAR.nodeid)
    assert far is not None
    assert far.machine == "b", "known, though its block has not ended"


def test_what_a_second_machine_says_takes_the_place_of_the_first_ones_word() -> None:
    placed = Placed(
        Began(BLOCK, "a"),
        Reported(BLOCK, "a", told(FIRST)),
        Lost(BLOCK, "a", "it hangs"),
        Began(BLOCK, "b"),
        Answered(BLOCK, "b", told(again(FIRST, 0.3), SECOND)),
    )
    assert placed.told(FIRST) == ("measured", "b", (0.3,))
    assert placed.told(SECOND) == ("measured", "b", (0.2,))


def test_a_block_that_is_given_up_fails_its_cases_with_the_reason_and_keeps_what_was_told() -> None:
    placed = Placed(Began(BLOCK, "a"), Reported(BLOCK, "a", told(FIRST)), Failed(BLOCK, "a", "it lost three machines"))
    known = placed.blocks.result(FIRST.nodeid)
    assert (known.result.rounds_seconds, known.problem) == ((0.1,), "a: it lost three machines")
    known = placed.blocks.result(SECOND.nodeid)
    assert (known.result.status, known.result.reason) == ("failed", "a: it lost three machines")


@pytest.mark.parametrize(
    ("device", "lacks_device", "status"),
    [("gpu", True, "skipped"), ("gpu", False, "failed"), ("cpu", True, "failed")],
    ids=["no card anywhere", "a card that is gone", "no processors"],
)
def test_only_what_no_machine_ever_had_is_skipped(device: DeviceName, lacks_device: bool, status: str) -> None:
    case = Case("jax", "mlp", device, "training")
    placed = Placed(Failed(str(case.block), "", "no machine has it", lacks_device), cases={"nodeid": case})
    known = placed.blocks.result("nodeid")
    assert (known.result.status, known.result.reason) == (status, "no machine has it")


def test_a_fleet_that_is_lost_fails_what_is_open_and_costs_no_figure() -> None:
    placed = Placed(Began(BLOCK, "a"), Answered(BLOCK, "a", told(FIRST, SECOND)), FleetError("no answer for 60 s"))
    assert placed.told(FIRST)[0] == "measured"
    known = placed.blocks.result(FAR.nodeid)
    assert (known.result.status, known.result.reason) == ("failed", "no answer for 60 s")
    so_far = placed.blocks.result_so_far(FAR.nodeid)
    assert so_far is not None
    assert so_far.reason == "no answer for 60 s"
    assert placed.told(SECOND)[0] == "measured"


def test_ctrl_c_ends_the_work_on_all_machines_and_keeps_what_was_told() -> None:
    placed = Placed(Began(BLOCK, "a"), Reported(BLOCK, "a", told(FIRST)), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        placed.blocks.result(SECOND.nodeid)
    assert placed.fleet.closed
    assert placed.blocks.result_so_far(SECOND.nodeid) is None
    first = placed.blocks.result_so_far(FIRST.nodeid)
    assert first is not None
    assert first.rounds_seconds == (0.1,)


def test_a_session_that_ends_early_ends_the_work_on_all_machines() -> None:
    placed = Placed(Began(BLOCK, "a"), Answered(BLOCK, "a", told(FIRST, SECOND)), Began(OTHER, "b"))
    placed.told(FIRST)
    assert not placed.fleet.closed
    placed.blocks.close()
    assert placed.fleet.closed


def test_finishing_waits_for_all_blocks_where_any_was_begun() -> None:
    idle = Placed(AssertionError("nothing is begun for it"))
    idle.blocks.finish()
    placed = Placed(
        Began(BLOCK, "a"),
        Answered(BLOCK, "a", told(FIRST, SECOND)),
        Began(OTHER, "a"),
        Answered(OTHER, "a", told(FAR)),
    )
    placed.told(FIRST)
    placed.blocks.finish()
    assert placed.blocks.result_so_far(FAR.nodeid) is not None


def test_each_event_is_a_line_with_the_machine_in_front() -> None:
    placed = Placed(
        Began(BLOCK, "a"),
        Reported(BLOCK, "a", encode(Said("training jax: 3 ms"))),
        Lost(BLOCK, "a", "it hangs\nfor long"),
        Began(OTHER, "b"),
        Began(BLOCK, "b"),
        Failed(BLOCK, "", "no machine has it"),
    )
    placed.told(FIRST)
    assert placed.screen.lines == [
        "[1/2] a: begins mlp cpu: jax, torch (training)",
        "    a: mlp cpu: training jax: 3 ms",
        "    a: mlp cpu: LOST, and placed anew: it hangs",
        "[2/2] b: begins bert cpu: jax (training)",
        "[1/2] b: begins anew mlp cpu: jax, torch (training)",
        "    no machine: mlp cpu: FAILED: no machine has it",
    ]
