"""Every piece is answered or failed once, whatever machines do, and no machine ever has two."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from speedscore.fleet.placing import Devices, Placed, Placing
from speedscore.fleet.work import MOST_PLACINGS, Answered, Began, Event, Failed, Lost, Piece
from speedscore.record.phases import DeviceName

PROCESSORS: Devices = frozenset({"cpu"})
GRAPHICS: Devices = frozenset({"cpu", "gpu"})
NAMES = tuple(f"m{number}" for number in range(4))


def piece(name: str, device: DeviceName = "cpu") -> Piece:
    return Piece(name, "m:f", b"", device=device)


def placed_now(placing: Placing) -> dict[str, str]:
    return {placed.piece.name: placed.machine for placed, _ in placing.place()}


def test_a_piece_goes_where_its_device_is_and_leaves_that_machine_to_those_that_need_it() -> None:
    placing = Placing([piece("a"), piece("b"), piece("g", device="gpu")])
    placing.join("graphics", GRAPHICS)
    placing.join("plain", PROCESSORS)
    assert placed_now(placing) == {"a": "plain", "g": "graphics"}


def test_a_lost_piece_is_placed_twice_more_and_then_has_failed_with_the_reason() -> None:
    placing = Placing([piece("a")])
    events: list[Event] = []
    for number in range(MOST_PLACINGS):
        placing.join(f"m{number}", PROCESSORS)
        assert placed_now(placing) == {"a": f"m{number}"}
        events += placing.leave(f"m{number}", "power cut")
    assert events[:-1] == [Lost("a", f"m{number}", "power cut") for number in range(MOST_PLACINGS - 1)]
    assert events[-1] == Failed("a", f"m{MOST_PLACINGS - 1}", "lost 3 times, the last time: power cut")
    assert placing.is_over


def test_what_comes_late_of_a_machine_that_was_given_up_counts_no_more() -> None:
    placing = Placing([piece("a")])
    placing.join("m", PROCESSORS)
    ((first, _),) = placing.place()
    placing.leave("m", "silent")
    placing.join("m", PROCESSORS)
    ((second, _),) = placing.place()
    assert placing.answer(first.number, b"late") == placing.hear(first.number, b"late") == []
    assert placing.answer(second.number, b"now") == [Answered("a", "m", b"now")]


def test_a_machine_that_lost_two_pieces_comes_last_and_is_used_all_the_same() -> None:
    placing = Placing([piece(name) for name in "abcd"])
    placing.join("weak", PROCESSORS)
    for _ in range(2):
        ((placed, _),) = placing.place()
        placing.lose(placed.number, "killed")
    placing.join("sound", PROCESSORS)
    assert list(placed_now(placing).values()) == ["sound", "weak"]


def test_two_pieces_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="a: two pieces of that name"):
        Placing([piece("a"), piece("a")])


class AnyFleet(RuleBasedStateMachine):
    """Machines come, go, answer, fail and fall silent in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = [
            *(piece(f"p{number}") for number in range(4)),
            piece("g", device="gpu"),
        ]
        self.placing = Placing(self.pieces)
        self.here: set[str] = set()
        self.busy: dict[str, Placed] = {}
        self.gone: list[Placed] = []
        self.ends: Counter[str] = Counter()
        self.began: Counter[str] = Counter()

    def note(self, events: list[Event]) -> None:
        self.ends.update(event.piece for event in events if isinstance(event, Answered | Failed))

    @rule(name=st.sampled_from(NAMES))
    def join(self, name: str) -> None:
        self.here.add(name)
        self.placing.join(name, GRAPHICS if name == "m3" else PROCESSORS)

    @rule(name=st.sampled_from(NAMES))
    def leave(self, name: str) -> None:
        self.here.discard(name)
        if name in self.busy:
            self.gone.append(self.busy.pop(name))
        self.note(self.placing.leave(name, "gone"))

    @rule()
    def place(self) -> None:
        for placed, began in self.placing.place():
            assert placed.machine in self.here
            assert placed.machine not in self.busy
            assert placed.piece.device != "gpu" or placed.machine == "m3"
            assert began == Began(placed.piece.name, placed.machine)
            self.busy[placed.machine] = placed
            self.began[placed.piece.name] += 1

    @precondition(lambda self: self.busy)
    @rule(data=st.data(), how=st.sampled_from(["answer", "fail", "lose"]))
    def end(self, data: st.DataObject, how: str) -> None:
        placed = self.busy.pop(data.draw(st.sampled_from(sorted(self.busy))))
        if how == "answer":
            self.note(self.placing.answer(placed.number, b""))
        elif how == "fail":
            self.note(self.placing.fail(placed.number, "error"))
        else:
            self.note(self.placing.lose(placed.number, "killed"))

    @precondition(lambda self: self.gone)
    @rule(how=st.sampled_from(["answer", "fail", "lose"]))
    def speak_late(self, how: str) -> None:
        placed = self.gone.pop()
        late = {"answer": self.placing.answer, "fail": self.placing.fail, "lose": self.placing.lose}[how]
        assert late(placed.number, "late") == []  # type: ignore[operator]

    @invariant()
    def nothing_ends_twice_or_is_tried_too_often(self) -> None:
        assert max(self.ends.values(), default=0) <= 1
        assert max(self.began.values(), default=0) <= MOST_PLACINGS

    def teardown(self) -> None:
        for name in NAMES:
            self.join(name)
        while not self.placing.is_over:
            self.place()
            assert self.busy, "nothing is placed, though every machine is here and free"
            for placed in self.busy.values():
                self.note(self.placing.answer(placed.number, b""))
            self.busy.clear()
        assert self.ends == Counter(each.name for each in self.pieces)


TestAnyFleet = AnyFleet.TestCase
