"""Pairs of one gate at the same time: who runs where, when they do not, and what one of them does to the others."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from speedscore_gate_accelerators import open_accelerators

from speedscore.gate.cases.gated_case import GatedCase
from speedscore.gate.errors import GateError
from speedscore.gate.pairs.concurrent_pairs import MOST_AT_ONCE
from speedscore.gate.pairs.pairs import PairRunner
from speedscore.gate.sides.side import Ended, Finished, Ready, SideCollection, Timed
from speedscore.host.piped import ProcessLostError
from speedscore.verdicts.settings import Settings
from tests.gate.made_up_sides import QUICK, START_SECONDS, MadeUpMachine, MadeUpSide, MadeUpTest, Tests, a_plan, gated

Answer = TypeVar("Answer")
LIMIT_SECONDS = 30.0
TWO = (3, 5)
"""Processors, by their numbers."""
LONG = msgspec.structs.replace(QUICK, pair_seconds=2.0)
"""Eight cases take longer than it takes to start their processes, two do not."""
SMALL = {"peak_bytes": 1 << 20}
QUICK_TEST = MadeUpTest(more=SMALL)


def many(count: int, test: MadeUpTest = QUICK_TEST) -> dict[str, MadeUpTest]:
    return {f"test_many.py::test_{number:02}": test for number in range(count)}


def ran(machine: MadeUpMachine, *, label: str = "head") -> list[dict[str, tuple[int, ...] | None]]:
    """Of each side that started after the pilot: its cases, each with its processors."""
    started = [side for side in machine.started if side.spec.label == label][1:]
    return [{request.case: request.processors for request in side.requests} for side in started]


def test_cases_of_one_processor_are_portioned_out_each_portion_on_a_processor_of_its_own() -> None:
    tests = many(8)
    machine = MadeUpMachine(tests, tests)
    outcome = gated(machine, LONG, processors=TWO)
    assert {verdict.outcome for verdict in outcome.verdicts} == {"unchanged"}
    assert {verdict.pairs for verdict in outcome.verdicts} == {outcome.pairs}
    sides = ran(machine)
    assert len(sides) == 2 * outcome.pairs
    both = {(processor,) for processor in TWO}
    for one, other in zip(sides[::2], sides[1::2], strict=True):
        assert one.keys() | other.keys() == tests.keys()
        assert not one.keys() & other.keys()
        assert len({*one.values()}) == len({*other.values()}) == 1
        assert {*one.values(), *other.values()} == both
    assert sorted(map(sorted, ran(machine, label="base"))) == sorted(map(sorted, sides)), "base and head run the same"
    assert len({side[min(side)] for side in sides if min(side) == min(tests)}) == 2, "who gets which is drawn"


def test_a_portion_is_a_stretch_of_about_as_many_seconds_as_the_others() -> None:
    slow, quick = MadeUpTest(seconds=0.5, more=SMALL), QUICK_TEST
    tests = {name: slow if number < 3 else quick for number, name in enumerate(many(12))}
    machine = MadeUpMachine(tests, tests)
    gated(machine, LONG, processors=TWO)
    first, second = sorted(ran(machine)[:2], key=min)
    assert [*first] == [*tests][: len(first)]
    assert len(first) < len(second)


def test_a_long_last_case_is_a_portion() -> None:
    seconds = [1.0, 1.0, 1.0, 1.0, 0.9, 5.1]
    tests = {name: MadeUpTest(seconds=each, more=SMALL) for name, each in zip(many(6), seconds, strict=True)}
    machine = MadeUpMachine(tests, tests)
    gated(machine, processors=TWO)
    assert sorted(map(len, ran(machine)[:2])) == [1, 5]


def test_what_it_takes_to_start_is_charged_to_all_whose_pairs_are_started_at_the_same_time() -> None:
    machine = MadeUpMachine(many(1), many(1))
    runner = PairRunner(a_plan(), start_side=machine.start_side, clock=machine.clock, order=random.Random(1))
    [name] = many(1)
    alone, one_of_four = (GatedCase(name, Settings(QUICK).for_case(name, "")) for _ in range(2))
    with runner.started([alone]):
        pass
    with runner.started([one_of_four], among=4):
        pass
    assert alone.seconds == 4 * one_of_four.seconds == 2 * START_SECONDS


@pytest.mark.parametrize(
    ("count", "told", "processors", "collected", "pairs_at_once"),
    [
        pytest.param(40, {}, TWO, {}, 2, id="enough of all"),
        pytest.param(40, {}, tuple(range(64)), {}, MOST_AT_ONCE, id="many processors"),
        pytest.param(2, {}, TWO, {}, 1, id="starting takes longer"),
        pytest.param(40, {}, (3,), {}, 1, id="one processor"),
        pytest.param(40, {}, (), {}, 1, id="none that may be given"),
        pytest.param(40, {"busy_processors": 2.0}, TWO, {}, 1, id="each uses several"),
        pytest.param(40, {}, TWO, {"accelerators": ("/dev/nvidia0",)}, 1, id="an accelerator"),
        pytest.param(40, {"more": {"peak_bytes": 1 << 60}}, TWO, {}, 1, id="memory for one pair"),
        pytest.param(40, {"more": {}}, TWO, {}, 1, id="memory unknown"),
    ],
)
def test_so_many_pairs_run_at_once(
    count: int,
    told: dict[str, Any],
    processors: tuple[int, ...],
    collected: dict[str, tuple[str, ...]],
    pairs_at_once: int,
) -> None:
    tests = many(count, MadeUpTest(**{"more": SMALL} | told))
    machine = MadeUpMachine(tests, tests, on_base=collected)
    outcome = gated(machine, LONG, processors=processors)
    assert len(ran(machine)) == outcome.pairs * pairs_at_once


def test_what_uses_several_processors_runs_in_a_pair_of_its_own_afterwards() -> None:
    single = many(8)
    tests = {**single, "test_many.py::test_threads": MadeUpTest(busy_processors=2.0, more=SMALL)}
    machine = MadeUpMachine(tests, tests)
    outcome = gated(machine, LONG, processors=TWO)
    for *portions, rest in zip(*[iter(ran(machine))] * 3, strict=True):
        assert {case for portion in portions for case in portion} == single.keys()
        assert [*rest] == ["test_many.py::test_threads"]
    assert {verdict.outcome for verdict in outcome.verdicts} == {"unchanged"}


def test_a_side_that_dies_costs_its_case_and_no_pair_beside_it() -> None:
    tests = many(8)
    dies = "test_many.py::test_01"

    def on_head(pair: int) -> Tests:
        return tests if pair == 0 else {**tests, dies: MadeUpTest(dies="in a round", more=SMALL)}

    outcome = gated(MadeUpMachine(tests, on_head), LONG, processors=TWO)
    assert {verdict.case: verdict.outcome for verdict in outcome.verdicts if verdict.metric == "time"} == {
        name: "not comparable" if name == dies else "unchanged" for name in tests
    }


@pytest.mark.parametrize("how", ["fails", "dies", "does not begin", "does not end", "runs another's code"])
def test_what_goes_wrong_beside_others_is_run_alone_and_from_then_on_all_are(how: str) -> None:
    class Fragile(MadeUpSide):
        """Goes wrong wherever it is not spoken to by the thread that every gate has."""

        def collected(self) -> SideCollection:
            return self._unless("does not begin", super().collected)

        def ready(self) -> Ready | Finished:
            if self._goes_wrong("fails"):
                return Finished("failed", "OSError: output.json is being written")
            return self._unless("dies", super().ready)

        def end(self) -> Ended:
            if self._goes_wrong("runs another's code"):
                return Ended({"shop": "/elsewhere/shop.py"})
            return self._unless("does not end", super().end)

        def _goes_wrong(self, here: str) -> bool:
            return here == how and threading.current_thread() is not threading.main_thread()

        def _unless(self, here: str, answer: Callable[[], Answer]) -> Answer:
            if self._goes_wrong(here):
                raise ProcessLostError("ended with exit code 3")
            return answer()

    class Machine(MadeUpMachine):
        side_class = Fragile

    tests = many(8)
    machine = Machine(tests, tests)
    # Whose code was run is not known then, or known to be another's.
    if cannot_run := {"does not end": "exit code 3", "runs another's code": "shop"}.get(how):
        with pytest.raises(GateError, match=cannot_run):
            gated(machine, LONG, processors=TWO)
        return
    outcome = gated(machine, LONG, processors=TWO)
    assert {verdict.outcome for verdict in outcome.verdicts} == {"unchanged"}
    assert {verdict.pairs for verdict in outcome.verdicts} == {outcome.pairs}
    assert len(ran(machine)) == 2 + outcome.pairs


HANGS, IS_INTERRUPTED = "test_many.py::test_00", "test_many.py::test_07"


def waiting_machine(tests: Tests) -> MadeUpMachine:
    """After the pilot a round of one case does not end unless its side is killed; then Ctrl-C comes in another."""
    waits = threading.Event()

    class Waiting(MadeUpSide):
        def __init__(self, *given: Any, **told: Any) -> None:
            self._over = threading.Event()
            super().__init__(*given, **told)

        def round(self) -> Timed | Finished:
            case = self.requests[-1].case
            if case == HANGS and self._pair > 0:
                waits.set()
                assert self._over.wait(LIMIT_SECONDS), "nobody ended it"
                raise ProcessLostError("was killed (SIGKILL)")
            if case == IS_INTERRUPTED and self._pair > 0:
                assert waits.wait(LIMIT_SECONDS)
                raise KeyboardInterrupt
            return super().round()

        def kill(self) -> None:
            self._over.set()

    class Machine(MadeUpMachine):
        side_class = Waiting

    return Machine(tests, tests)


def test_ctrl_c_ends_a_pair_that_hangs_and_blames_no_case_of_it() -> None:
    outcome = gated(waiting_machine(many(8)), LONG, processors=TWO)
    assert outcome.cut_off == "interrupted"
    assert {verdict.outcome for verdict in outcome.verdicts} == {"inconclusive"}
    assert all(verdict.reason.startswith("interrupted") for verdict in outcome.verdicts)


def test_what_a_process_holds_open_is_seen_by_name(tmp_path: Path) -> None:
    for number, target in enumerate(["/dev/nvidia0", "/dev/null", "/dev/nvidia0", "pipe:[12]", "/dev/dri/renderD128"]):
        (tmp_path / str(number)).symlink_to(target)
    assert open_accelerators(tmp_path) == ["/dev/dri/renderD128", "/dev/nvidia0"]
    assert open_accelerators(tmp_path / "nowhere") == []
