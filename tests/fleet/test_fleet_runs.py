"""What a fleet tells of a run, over a link that says what the test wants: no cluster and no waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from speedscore.fleet import wire
from speedscore.fleet.fleet import Fleet
from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.waiting import Opening, Patience, patience_within
from speedscore.fleet.work import Answered, Began, Event, Failed, FleetError, Lost, Piece, Reported

PATIENCE = Patience(
    open_seconds=20, held_seconds=1000, settle_seconds=5, device_seconds=8, stuck_seconds=100, return_seconds=10
)


class ScriptedLink:
    """Answers pieces by their entry, and its clock advances where there is nothing to tell."""

    def __init__(self, *news: wire.News) -> None:
        self.news: deque[wire.News] = deque(news)
        self.sent: list[wire.Command] = []
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def send(self, command: wire.Command) -> None:
        self.sent.append(command)
        if isinstance(command, wire.StopAll):
            self.news.append(wire.Stopped())
            return
        if isinstance(command, wire.GiveBack):
            self.news.append(wire.Left("m", "it was given back"))
            return
        entry = command.do.entry
        if entry == "answers":
            self.news.append(wire.Signed(command.number, wire.Message(b"half")))
            self.news.append(wire.Signed(command.number, wire.Done(b"all")))
        elif entry == "raises":
            self.news.append(wire.Signed(command.number, wire.Raised("ValueError: \x1b[31mno\nno")))
        elif entry == "breaks":
            self.news.append(wire.Signed(command.number, wire.Broke("was killed")))
        elif entry.startswith("prints"):
            said = b"\x1b[31mwhat it printed" if command.do.keeps_log else b"nobody asked"
            self.news.append(wire.Signed(command.number, wire.Log(said)))
            end: dict[str, wire.Sign] = {
                "prints and is done": wire.Done(b"all"),
                "prints and raises": wire.Raised("no"),
                "prints and breaks": wire.Broke("died"),
            }
            self.news.append(wire.Signed(command.number, end[entry]))
        elif entry == "takes the machine along":
            self.news.append(wire.Left(command.machine, "power cut"))

    def next_news(self, within_seconds: float) -> wire.News | None:
        if self.news:
            return self.news.popleft()
        self.seconds += within_seconds
        return None


JOINED = wire.Joined("m", {"cpu.model": "x"}, ("cpu",))


def opened(*news: wire.News, at_least: int = 1, logs: LogFolder | None = None) -> tuple[Fleet, ScriptedLink]:
    link = ScriptedLink(*news)
    return opened_over(link, at_least=at_least, logs=logs), link


def opened_over(
    link: ScriptedLink,
    *,
    at_least: int = 1,
    logs: LogFolder | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Fleet:
    fleet = Fleet(link, patience=PATIENCE, now=link.now, logs=logs, say=say)
    fleet.wait_for_machines(at_least)
    return fleet


def ends(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Answered | Failed)]


def test_a_piece_is_begun_reports_and_is_answered() -> None:
    fleet, _ = opened(JOINED, wire.Standing())
    assert list(fleet.run([Piece("a", "answers", b"")])) == [
        Began("a", "m"),
        Reported("a", "m", b"half"),
        Answered("a", "m", b"all"),
    ]
    assert [(machine.name, machine.environment) for machine in fleet.machines] == [("m", {"cpu.model": "x"})]


def test_an_error_fails_at_once_and_its_text_is_one_line_without_escapes() -> None:
    fleet, _ = opened(JOINED, wire.Standing())
    assert list(fleet.run([Piece("a", "raises", b"")])) == [
        Began("a", "m"),
        Failed("a", "m", "ValueError: \\u001b[31mno no"),
    ]


def test_a_process_that_dies_costs_three_placings_and_no_machine() -> None:
    fleet, _ = opened(JOINED, wire.Standing())
    events = list(fleet.run([Piece("a", "breaks", b""), Piece("b", "answers", b"")]))
    assert sum(isinstance(event, Lost) for event in events) == 2
    assert ends(events) == [Failed("a", "m", "lost 3 times, the last time: was killed"), Answered("b", "m", b"all")]


def test_each_placing_leaves_a_log_whose_file_is_named_where_it_failed(tmp_path: Path) -> None:
    warnings: list[str] = []
    fleet, _ = opened(JOINED, wire.Standing(), logs=LogFolder(str(tmp_path), warn=warnings.append))
    work = [Piece(how, f"prints and {how}", b"") for how in ("is done", "raises", "breaks")]
    events = [event for event in fleet.run(work) if not isinstance(event, Began)]
    assert events == [
        Answered("is done", "m", b"all", f"{tmp_path}/is-done_m_1.log"),
        Failed("raises", "m", f"no (log: {tmp_path}/raises_m_1.log)"),
        Lost("breaks", "m", f"died (log: {tmp_path}/breaks_m_1.log)"),
        Lost("breaks", "m", f"died (log: {tmp_path}/breaks_m_2.log)"),
        Failed("breaks", "m", f"lost 3 times, the last time: died (log: {tmp_path}/breaks_m_3.log)"),
    ]
    assert {path.read_bytes() for path in tmp_path.glob("*.log")} == {b"\x1b[31mwhat it printed"}
    assert len(list(tmp_path.glob("*.log"))) == 5
    assert not warnings


def test_without_a_folder_none_is_asked_for_and_none_is_kept() -> None:
    fleet, link = opened(JOINED, wire.Standing())
    assert ends(list(fleet.run([Piece("a", "prints and is done", b"")]))) == [Answered("a", "m", b"all")]
    assert [command.do.keeps_log for command in link.sent if isinstance(command, wire.Begin)] == [False]


def test_a_device_that_no_machine_has_is_waited_for_and_then_said_to_be_lacking_with_what_the_cluster_has() -> None:
    fleet, link = opened(JOINED, wire.Standing())
    (event,) = fleet.run([Piece("a", "answers", b"", device="tpu")])
    assert event == Failed("a", "", "no machine of the cluster has a TPU: it has m (cpu)", lacks_device=True)
    assert PATIENCE.device_seconds <= link.seconds < PATIENCE.return_seconds


def test_a_machine_that_registers_late_with_a_device_that_none_had_is_given_what_needs_it() -> None:
    fleet, link = opened(JOINED, wire.Standing())
    run = fleet.run([Piece("slow", "silent", b""), Piece("a", "answers", b"", device="gpu")])
    assert next(run) == Began("slow", "m")
    link.news += [wire.Standing(), wire.Joined("late", {}, ("cpu", "gpu"))]
    assert next(run) == Began("a", "late")
    run.close()


def test_as_many_machines_as_were_asked_for_are_waited_for_though_none_is_known_to_be_absent() -> None:
    fleet, _ = opened(JOINED, wire.Standing(), wire.Joined("late", {}, ("cpu",)), at_least=2)
    assert [machine.name for machine in fleet.machines] == ["m", "late"]


def test_fewer_machines_than_were_asked_for_are_an_error_that_says_which_are_there() -> None:
    with pytest.raises(
        FleetError,
        match=r"^1 of the 3 machines that were asked for answered within 2\d s: it has m \(cpu\); start the o",
    ):
        opened(JOINED, wire.Standing(), wire.Joined("other", {}, ("cpu",)), wire.Left("other", "gone"), at_least=3)


def test_a_machine_that_another_job_holds_is_waited_for_and_then_named() -> None:
    held = wire.Standing(("n: another job holds it",), ("gpu",))
    fleet, link = opened(JOINED, held)
    assert fleet.absent == ("n: another job holds it",)
    (event,) = fleet.run([Piece("a", "answers", b"", device="gpu")])
    assert isinstance(event, Failed)
    assert event.reason.endswith("it has m (cpu); n: another job holds it")
    assert PATIENCE.stuck_seconds <= link.seconds < 2 * PATIENCE.stuck_seconds


def test_the_last_machine_that_goes_does_not_leave_the_driver_waiting_for_ever() -> None:
    fleet, link = opened(JOINED, wire.Standing())
    events = list(fleet.run([Piece("a", "takes the machine along", b"")]))
    assert events[1] == Lost("a", "m", "power cut")
    assert isinstance(events[-1], Failed)
    assert "none is here" in events[-1].reason
    assert PATIENCE.return_seconds <= link.seconds < 2 * PATIENCE.return_seconds + PATIENCE.settle_seconds


@pytest.mark.parametrize("is_admitted", [True, False], ids=["gone", "not admitted"])
def test_a_device_that_a_machine_once_had_is_waited_for_and_not_said_to_be_lacking(is_admitted: bool) -> None:
    gone = [wire.Left("g", "power cut")] if is_admitted else []
    fleet, link = opened(JOINED, wire.Joined("g", {}, ("cpu", "gpu")), *gone, wire.Standing())
    (event,) = fleet.run([Piece("a", "answers", b"", device="gpu")], admits=lambda _: is_admitted)
    assert isinstance(event, Failed)
    assert not event.lacks_device
    assert link.seconds >= PATIENCE.return_seconds


def test_a_machine_that_joins_during_the_run_is_used() -> None:
    fleet, link = opened(JOINED, wire.Standing())
    run = fleet.run([Piece("slow", "silent", b""), Piece("a", "answers", b"")])
    assert next(run) == Began("slow", "m")
    link.news.append(wire.Joined("late", {}, ("cpu",)))
    assert next(run) == Began("a", "late")
    run.close()


def test_a_machine_that_is_not_admitted_is_given_nothing_whenever_it_joins() -> None:
    other = wire.Joined("other", {"cpu.model": "y"}, ("cpu",))
    fleet, link = opened(JOINED, other, wire.Standing())
    pieces = [Piece("a", "answers", b""), Piece("b", "takes the machine along", b""), Piece("c", "answers", b"")]
    events = []
    for event in fleet.run(pieces, admits=lambda machine: machine.environment.get("cpu.model") == "x"):
        events.append(event)
        if isinstance(event, Lost):
            link.news.append(wire.Joined("late", {}, ("cpu",)))
    assert {event.machine for event in events if isinstance(event, Began)} == {"m"}
    assert {event.piece for event in ends(events) if isinstance(event, Failed)} == {"b", "c"}
    assert isinstance(events[-1], Failed)
    assert events[-1].reason.endswith("it has late (cpu; not used), other (cpu; not used)")
    assert ends(list(fleet.run([Piece("d", "answers", b"")]))), "of another run it may be"


def test_closing_a_run_stops_what_is_being_done_and_the_next_run_takes_no_word_of_it() -> None:
    fleet, link = opened(JOINED, wire.Standing())
    run = fleet.run([Piece("a", "silent", b"")])
    next(run)
    link.news += [wire.Signed(1, wire.Done(b"late")), wire.Left("m", "it was stopped")]
    run.close()
    assert isinstance(link.sent[-1], wire.StopAll)
    link.news += [wire.Signed(1, wire.Done(b"later still")), JOINED]
    assert ends(list(fleet.run([Piece("b", "answers", b"")]))) == [Answered("b", "m", b"all")]


def test_a_cluster_where_nothing_answers_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(FleetError, match=r"no machine of the cluster has answered for 2\d s: none is here; n: held"):
        opened(wire.Standing(("n: held",), ("cpu",)))


HELD = wire.Standing(("n: held",), ("cpu",), is_awaited=True)


class LateLink(ScriptedLink):
    """The cluster stands as it did until a time, when it has other news."""

    def __init__(self, *news: wire.News, then: dict[float, list[wire.News]]) -> None:
        super().__init__(*news)
        self._then = then

    def next_news(self, within_seconds: float) -> wire.News | None:
        for seconds in [seconds for seconds in self._then if seconds <= self.seconds]:
            self.news += self._then.pop(seconds)
        return super().next_news(within_seconds)


def test_a_cluster_that_another_job_holds_is_waited_for_and_each_minute_says_so() -> None:
    link = LateLink(HELD, then={150.0: [JOINED, wire.Standing()]})
    said: list[str] = []
    assert [machine.name for machine in opened_over(link, say=said.append).machines] == ["m"]
    assert said == [f"waiting for a machine, for {minutes} min so far: n: held" for minutes in (1, 2)]


def test_a_machine_that_is_held_for_ever_is_given_up_at_last() -> None:
    link = ScriptedLink(HELD)
    with pytest.raises(FleetError, match=r"no machine of the cluster has answered for 1000 s: none is here; n: held"):
        opened_over(link)


def test_a_machine_that_cannot_start_is_given_up_as_soon_as_it_is_not_asked_any_more() -> None:
    link = LateLink(HELD, then={30.0: [wire.Standing(("n: asked again in 8 s: no such module",), ("cpu",))]})
    with pytest.raises(FleetError, match=r"no machine of the cluster has answered for 30 s: .*no such module"):
        opened_over(link)


def test_fewer_machines_than_were_asked_for_are_given_back_now_and_then_while_others_are_held() -> None:
    link = LateLink(JOINED, HELD, then={200.0: [JOINED, wire.Joined("n", {}, ("cpu",)), wire.Standing()]})
    said: list[str] = []
    opened_over(link, at_least=2, say=said.append)
    assert link.sent == [wire.GiveBack()]
    assert said[0] == "waiting for 2 machines, of which 1 has answered, for 1 min so far: n: held"
    assert "m given back for a moment: another job may wait for it" in said


def test_of_two_that_wait_for_each_other_one_gives_back_before_the_other() -> None:
    given_back = []
    for drawn in (0.0, 0.5):
        opening = Opening(Patience(), at_least=2, began=0.0, draw=partial(float, drawn))
        given_back.append(next(at for at in range(300) if opening.must_give_back(float(at), 1, HELD)))
    assert given_back == [60, 120]
    opening = Opening(Patience(), at_least=1, began=0.0)
    assert not any(opening.must_give_back(float(at), 1, HELD) for at in range(300)), "that is enough"


def test_a_gate_waits_no_longer_than_its_budget() -> None:
    assert patience_within(None) == Patience()
    assert patience_within(400.0).held_seconds == 400.0
    assert patience_within(7200.0).held_seconds == Patience().held_seconds
    assert patience_within(7200.0).most_seconds == 3600.0, "the rest is for the work"
    short = Opening(patience_within(10.0), at_least=1, began=0.0)
    assert short.limit_seconds(HELD) == Patience().open_seconds, "as where nothing is held"


def test_a_place_that_says_nothing_is_no_cluster_without_machines() -> None:
    with pytest.raises(
        FleetError, match=r"^nothing there has answered as a Ray cluster for 2\d s: is .* ray://HEAD:10001"
    ):
        opened()


def test_a_cluster_that_cannot_be_reached_is_an_error_in_its_own_words() -> None:
    with pytest.raises(FleetError, match="ConnectionError: nobody there"):
        opened(wire.Unreachable("ConnectionError: nobody there"))


INSTALLING = wire.Standing(("n: installs a==1, for 3 s so far",), is_installing=True)
REFUSED = wire.Standing(refused=("n is not used: a==1 cannot be installed there: no such version",))


class LinkThatTakesTime(ScriptedLink):
    """Says one thing after the other, each once that many seconds have passed."""

    def __init__(self, *later: tuple[float, wire.News]) -> None:
        super().__init__()
        self._later = deque(later)

    def next_news(self, within_seconds: float) -> wire.News | None:
        if self._later and self.seconds >= self._later[0][0]:
            self.news.append(self._later.popleft()[1])
        return super().next_news(within_seconds)


def test_the_time_that_an_installation_takes_is_none_that_a_machine_is_late() -> None:
    link = LinkThatTakesTime((0, INSTALLING), (300, wire.Standing(("n: has just been asked",))), (310, JOINED))
    fleet = Fleet(link, patience=PATIENCE, now=link.now)
    fleet.wait_for_machines()
    assert [machine.name for machine in fleet.machines] == ["m"]


def test_others_wait_for_a_machine_on_which_packages_are_being_installed() -> None:
    late = wire.Joined("late", {}, ("cpu",))
    link = LinkThatTakesTime((0, JOINED), (1, INSTALLING), (300, wire.Standing()), (300, late))
    fleet = Fleet(link, patience=PATIENCE, now=link.now)
    fleet.wait_for_machines()
    assert link.seconds >= 300


def test_who_has_little_time_left_goes_on_with_the_machines_that_are_here_while_another_is_made_ready() -> None:
    link = LinkThatTakesTime((0, JOINED), (1, INSTALLING))
    Fleet(link, patience=msgspec.structs.replace(PATIENCE, most_seconds=60), now=link.now).wait_for_machines()
    assert 60 <= link.seconds < 70
    link = LinkThatTakesTime((0, INSTALLING))
    with pytest.raises(FleetError, match=r"no machine .* has answered for \d+ s: none is here; n: installs"):
        Fleet(link, patience=msgspec.structs.replace(PATIENCE, most_seconds=60), now=link.now).wait_for_machines()
    assert 60 <= link.seconds < 70


def test_more_machines_than_can_still_come_are_not_waited_for() -> None:
    standing = msgspec.structs.replace(REFUSED, absent=HELD.absent, is_awaited=True)
    with pytest.raises(FleetError, match=r"1 of the 3 machines.* n: held; n is not used: a==1 cannot be installed"):
        opened(JOINED, standing, at_least=3)


def test_what_machines_say_of_themselves_is_a_line_that_moves_no_cursor() -> None:
    hostile = "no answer: \x1b]0;owned\x07\nsecond"
    with pytest.raises(FleetError) as refused:
        opened(wire.Standing(absent=(hostile,), refused=(hostile,)))
    assert not {"\x1b", "\x07", "\n"} & set(str(refused.value))


def test_a_machine_that_is_refused_is_not_waited_for_and_named() -> None:
    fleet, link = opened(JOINED, REFUSED)
    assert link.seconds == 0
    assert fleet.refused == REFUSED.refused
    (event,) = fleet.run([Piece("a", "answers", b"", device="tpu")])
    assert isinstance(event, Failed)
    assert event.reason.endswith("it has m (cpu); n is not used: a==1 cannot be installed there: no such version")


def test_where_all_are_refused_that_is_an_error_with_their_reasons() -> None:
    with pytest.raises(FleetError, match=r"^no machine of the cluster can be used: n is not used: a==1 cannot be inst"):
        opened(REFUSED)


def test_work_waits_for_the_last_machine_while_packages_are_installed_on_it_anew() -> None:
    fleet, _ = opened(JOINED, wire.Standing())
    link = LinkThatTakesTime((0, INSTALLING), (300, wire.Standing()), (301, JOINED))
    fleet._link = link
    fleet._now = link.now
    fleet._devices.clear()
    (answered,) = ends(list(fleet.run([Piece("a", "answers", b"")])))
    assert isinstance(answered, Answered)


def test_what_is_done_on_a_machine_before_it_answers_is_told_in_a_line() -> None:
    link = ScriptedLink(wire.Told("n: installs\na==1"), JOINED, wire.Standing())
    said: list[str] = []
    Fleet(link, patience=PATIENCE, now=link.now, say=said.append).wait_for_machines()
    assert said == ["n: installs a==1"]
