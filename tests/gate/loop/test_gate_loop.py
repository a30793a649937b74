"""The gate's loop with made-up sides on a made-up clock: what is decided, when, and what is said of what is not."""

from __future__ import annotations

import math

import pytest

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.reporting.report import conclude_canary
from speedscore.verdicts.settings import CaseTable
from speedscore.verdicts.verdict import Outcome
from tests.gate.made_up_gates import CASE, PASSES, concluded, one, table, verdict
from tests.gate.made_up_sides import START_SECONDS, MadeUpMachine, MadeUpTest, Tests, a_plan, gated


def undecided(pair: int, number: int) -> float:  # noqa: ARG001 - as a made-up test is asked
    """Slower in one pair and faster in another, by up to a factor of two."""
    return 0.01 * math.exp(0.7 * math.sin(2.4 * pair))


LONG = {"pair_seconds": 0.5, "false_alarm": "1%", "miss": "5%"}
"""The settings of a gate that is asked for nothing else."""


@pytest.mark.parametrize(
    ("head_seconds", "said", "code"),
    [
        (0.0106, "regressed", 10),
        (0.009, "improved", 0),
        (0.01, "unchanged", 0),
        (0.01005, "unchanged", 0),
    ],
    ids=["slower", "faster", "same", "within the margin"],
)
def test_a_case_is_decided_at_the_first_look_by_its_ratio(head_seconds: float, said: Outcome, code: int) -> None:
    outcome = one(PASSES, MadeUpTest(seconds=head_seconds))
    answer = verdict(outcome)
    assert (answer.outcome, concluded(outcome)[0]) == (said, code)
    assert answer.ratio == pytest.approx(head_seconds / 0.01)
    assert answer.pairs == outcome.pairs == outcome.looks[0]


def test_what_no_number_of_pairs_decides_is_inconclusive_at_the_last_look() -> None:
    outcome = one(PASSES, MadeUpTest(seconds=undecided), seconds=1000.0)
    assert verdict(outcome).outcome == "inconclusive"
    assert verdict(outcome).reason.startswith(f"all {outcome.looks[-1]} pairs were not enough for such noise; about ")
    assert [concluded(outcome, inconclusive_passes=passes)[0] for passes in (False, True)] == [11, 0]


def test_a_case_that_is_decided_is_run_no_more() -> None:
    machine = MadeUpMachine({CASE: PASSES, "b": PASSES}, {CASE: PASSES, "b": MadeUpTest(seconds=undecided)})
    outcome = gated(machine, table(seconds=1000.0))
    pairs = {answer.case: answer.pairs for answer in outcome.verdicts}
    assert pairs == {CASE: outcome.early_looks[0], "b": outcome.looks[-1]}
    assert [len(machine.requests(case)) for case in (CASE, "b")] == [2 * (1 + pairs[CASE]), 2 * (1 + pairs["b"])]


STRICT = {"false_alarm": "1%", "miss": "5%", "seconds": 1000.0}


@pytest.mark.parametrize("head_seconds", [0.01, 0.0102])
def test_what_is_clearly_unchanged_leaves_before_the_first_look_and_a_small_slowdown_stays(head_seconds: float) -> None:
    outcome = one(PASSES, MadeUpTest(seconds=head_seconds), **STRICT)
    assert outcome.early_looks == (9,)
    assert outcome.looks[0] == 10
    answer = verdict(outcome)
    expected = ("unchanged", 9) if head_seconds == 0.01 else ("regressed", 10)
    assert (answer.outcome, answer.pairs) == expected


@pytest.mark.parametrize(("busy_processors", "share"), [(1.0, 0.5), (2.0, 1.0)], ids=["one thread", "two threads"])
def test_a_case_on_one_processor_has_half_of_the_rounds_until_an_early_look_leaves_it_open(
    busy_processors: float, share: float
) -> None:
    base, head = (MadeUpTest(seconds=seconds, busy_processors=busy_processors) for seconds in (0.01, 0.0102))
    machine = MadeUpMachine({CASE: base}, {CASE: head})
    outcome = gated(machine, table(pair_seconds=0.4, **STRICT))
    first = min(outcome.early_looks)
    rounds = [side.rounds_of[CASE] for side in machine.started[2::2]]
    before, after = set(rounds[:first]), set(rounds[first:])
    assert max(before) == pytest.approx(share * min(after), abs=1)


def test_cases_of_a_large_gate_have_fewer_rounds_in_a_pair_than_one_alone() -> None:
    names = [CASE, *(f"other {number}" for number in range(15))]
    alone, large = (
        MadeUpMachine(dict.fromkeys(cases, PASSES), dict.fromkeys(cases, PASSES)) for cases in (names[:1], names)
    )
    for machine in (alone, large):
        gated(machine, table(pair_seconds=0.8, **STRICT))
    in_first_pair = [machine.started[2].rounds_of[CASE] for machine in (alone, large)]
    assert in_first_pair[1] == pytest.approx(in_first_pair[0] / 2, abs=1)


def test_each_process_has_a_layout_of_its_own() -> None:
    machine = MadeUpMachine({CASE: PASSES}, {CASE: PASSES})
    gated(machine, table(**STRICT))
    lengths = [len(side.spec.variables["SPEEDSCORE_GATE_LAYOUT"]) for side in machine.started]
    assert len(set(lengths)) > len(lengths) / 2
    assert len({length % 64 // 16 for length in lengths}) == 4, "an array may begin anywhere in a line of the cache"


def test_a_size_to_be_found_holds_for_the_group_that_it_is_given_for() -> None:
    lenient = CaseTable(match="lenient", detect="40%", margin="30%")
    slower = MadeUpTest(seconds=0.011, group="lenient")
    assert verdict(one(MadeUpTest(group="lenient"), slower, case=(lenient,))).outcome == "unchanged"
    assert verdict(one(MadeUpTest(group="lenient"), slower)).outcome == "regressed"


def test_a_case_whose_time_is_spent_is_inconclusive_after_the_pair_that_spent_it() -> None:
    outcome = one(PASSES, PASSES, seconds=0.01)
    assert verdict(outcome).pairs == 1
    assert verdict(outcome).reason.startswith("its 0 s were spent; about ")
    assert verdict(outcome).seconds > 2 * 2 * START_SECONDS / 2


def test_starting_a_pair_is_charged_to_the_cases_that_it_is_started_for() -> None:
    machine = MadeUpMachine({CASE: PASSES, "b": PASSES}, {CASE: PASSES, "b": MadeUpTest(seconds=undecided)})
    outcome = gated(machine)
    seconds = {answer.case: answer.seconds for answer in outcome.verdicts}
    first, last = outcome.looks[0], outcome.looks[-1]
    assert sum(seconds.values()) == pytest.approx(machine.clock.now - 2 * START_SECONDS)
    assert seconds["b"] - seconds[CASE] > (last - first) * 2 * START_SECONDS


def test_what_the_first_case_makes_for_all_is_charged_to_all() -> None:
    makes_all = MadeUpTest(more={"shared_seconds": 0.4})
    machine = MadeUpMachine({CASE: makes_all, "b": PASSES}, {CASE: makes_all, "b": PASSES})
    spent = {answer.case: answer.seconds for answer in gated(machine).verdicts}
    assert spent[CASE] < spent["b"], "its own rounds are among the seconds that are said to be shared"
    assert sum(spent.values()) == pytest.approx(machine.clock.now - 2 * START_SECONDS)


def test_a_benchmark_of_two_seconds_a_call_is_decided() -> None:
    long = MadeUpTest(seconds=2.0)
    outcome = one(long, long, **LONG)
    assert (verdict(outcome).outcome, concluded(outcome)[0]) == ("unchanged", 0)
    assert verdict(one(long, MadeUpTest(seconds=2.1), **LONG)).outcome == "regressed"


def test_a_call_that_takes_minutes_is_given_up_with_what_it_would_take() -> None:
    endless = MadeUpTest(seconds=60.0)
    answer = verdict(one(endless, endless, **LONG))
    assert answer.outcome == "inconclusive"
    assert answer.reason.startswith("its 300 s were spent; about ")
    assert answer.seconds < 400


def test_a_time_and_a_memory_come_with_their_amounts() -> None:
    head = MadeUpTest(seconds=0.02, more={"peak_bytes": 2048})
    outcome = one(MadeUpTest(more={"peak_bytes": 1024}), head)
    assert (verdict(outcome).base_amount, verdict(outcome).head_amount) == (0.01, 0.02)
    assert {(each.base_seconds, each.head_seconds) for each in verdict(outcome).figures} == {(0.01, 0.02)}
    assert (verdict(outcome, "memory").base_amount, verdict(outcome, "memory").head_amount) == (1024, 2048)


def test_amounts_of_both_sides_are_those_of_one_pair_as_the_machine_changes_its_pace() -> None:
    """Twice as slow in four pairs of five. The median of base is of one pace, and that of head of another."""
    base = MadeUpTest(seconds=lambda pair, _: 0.015 if pair % 5 in {2, 3} else 0.01)
    head = MadeUpTest(seconds=lambda pair, _: 0.02 if pair % 5 in {0, 1} else 0.03)
    answer = verdict(one(base, head, **LONG))
    assert answer.ratio == pytest.approx(2.0)
    assert (answer.base_amount, answer.head_amount) in {(0.01, 0.02), (0.015, 0.03)}


def test_a_change_that_is_certain_and_small_is_told_from_none() -> None:
    small, none = one(PASSES, MadeUpTest(seconds=0.01005)), one(PASSES, PASSES)
    assert [(verdict(each).outcome, verdict(each).is_minor) for each in (small, none)] == [
        ("unchanged", True),
        ("unchanged", False),
    ]
    assert [{figure.is_minor for figure in verdict(each).figures} for each in (small, none)] == [{True}, {False}]


@pytest.mark.parametrize(("interrupted_in_pair", "pairs"), [(0, 0), (1, 0), (20, 19)])
def test_interrupted_it_says_what_it_knows_and_calls_the_rest_inconclusive(
    interrupted_in_pair: int, pairs: int
) -> None:
    decided = MadeUpTest(counts=lambda _: {"queries": 7})
    stopped = MadeUpTest(seconds=undecided, interrupted_in_pair=interrupted_in_pair)
    outcome = gated(MadeUpMachine({CASE: decided, "b": PASSES}, {CASE: decided, "b": stopped}))
    said = {(answer.case, answer.metric): answer.outcome for answer in outcome.verdicts}
    assert (outcome.cut_off, outcome.pairs, said["b", "time"]) == ("interrupted", pairs, "inconclusive")
    assert said[CASE, "queries"] == "unchanged"
    assert said[CASE, "time"] == ("unchanged" if pairs else "inconclusive")
    reason = next(answer.reason for answer in outcome.verdicts if answer.case == "b")
    assert reason.startswith("interrupted" if pairs else "interrupted before the first pair")
    assert [concluded(outcome, inconclusive_passes=passes)[0] for passes in (False, True)] == [11, 11]


@pytest.mark.parametrize(("pairs", "said", "code"), [(8, "unchanged", 0), (5, "inconclusive", 11)])
def test_what_is_open_as_it_is_interrupted_is_judged_once_more_by_the_pairs_that_it_has(
    pairs: int, said: str, code: int
) -> None:
    """Where these exclude the slowdown to be detected it passes, as one that has finished does."""
    stopped = MadeUpTest(interrupted_in_pair=pairs + 1)
    outcome = one(PASSES, stopped, false_alarm="1%", miss="5%")
    assert (outcome.cut_off, outcome.pairs) == ("interrupted", pairs)
    assert pairs < min(*outcome.looks, *outcome.early_looks)
    assert (verdict(outcome).outcome, concluded(outcome)[0]) == (said, code)


def test_a_time_budget_ends_it_between_two_pairs_with_the_verdicts_so_far() -> None:
    machine = MadeUpMachine({CASE: PASSES}, {CASE: MadeUpTest(seconds=undecided)})
    outcome = gated(machine, table(seconds=1000.0), plan=a_plan(deadline=GateDeadline(20.0, machine.clock)))
    assert (outcome.cut_off, verdict(outcome).outcome) == ("the time budget was spent", "inconclusive")
    assert 20.0 <= machine.clock.now < 20.0 + 3 * START_SECONDS
    assert concluded(outcome, inconclusive_passes=True)[0] == 11


def test_a_time_budget_that_the_pilot_would_spend_ends_it_between_two_cases() -> None:
    many: Tests = {f"test_{number}": MadeUpTest(seconds=0.5, most_rounds=2) for number in range(60)}
    machine = MadeUpMachine(many, many)
    outcome = gated(machine, plan=a_plan(deadline=GateDeadline(6.0, machine.clock)))
    assert (outcome.cut_off, outcome.pairs) == ("the time budget was spent", 0)
    assert [answer.outcome for answer in outcome.verdicts] == ["inconclusive"] * 60
    assert {answer.reason for answer in outcome.verdicts} == {"the time budget was spent before the first pair"}
    assert 0 < len(machine.requests("test_0")) + len(machine.requests("test_59")) < 4


def test_extra_work_is_done_by_head_alone_and_found() -> None:
    outcome = gated(MadeUpMachine({CASE: PASSES}, {CASE: PASSES}), plan=a_plan(extra_work=0.05))
    assert verdict(outcome).ratio == pytest.approx(1.05)
    assert conclude_canary(outcome.verdicts, 0.05)[0] == 0


def test_a_machine_that_both_sides_lose_processors_on_is_told_in_how_many_pairs_it_was() -> None:
    by_turns = MadeUpTest(seconds=lambda _, number: 0.01 * (1 + number % 2), involuntary_switches=1)
    other_turns = MadeUpTest(seconds=lambda _, number: 0.01 * (2 - number % 2), involuntary_switches=1)
    outcome = one(by_turns, other_turns, pair_seconds=0.5)
    answer = verdict(outcome)
    assert answer.outcome == "unchanged"
    assert answer.notes == (f"typical rounds are the fastest in {answer.pairs} of {answer.pairs} pairs",)


def test_what_others_took_is_taken_out_and_told() -> None:
    disturbed = MadeUpTest(seconds=0.02, preempted_seconds=0.01)
    answer = verdict(one(PASSES, disturbed))
    assert answer.outcome == "unchanged"
    assert answer.ratio == pytest.approx(1.0)
    assert answer.notes == ("others had its processor for 33 % of its time, which is taken out",)


@pytest.mark.parametrize(
    ("every", "seconds", "said", "code"), [(4, 0.02, "regressed", 10), (4, 0.002, "improved", 0)], ids=str
)
def test_what_changes_in_one_call_of_some_is_decided_by_the_mean(
    every: int, seconds: float, said: Outcome, code: int
) -> None:
    head = MadeUpTest(seconds=lambda _, number: seconds if number % every == 0 else 0.01)
    outcome = one(PASSES, head, pair_seconds=1.0)
    answer = verdict(outcome)
    assert (answer.outcome, concluded(outcome)[0]) == (said, code)
    typical, mean = answer.figures
    assert (typical.figure, typical.outcome) == ("typical round", "unchanged")
    assert typical.ratio == pytest.approx(1.0)
    assert (mean.figure, mean.outcome) == ("mean", said)
    assert answer.ratio == mean.ratio == pytest.approx(1 + (seconds / 0.01 - 1) / every, abs=0.1)


def at_first(seconds: float, *, in_odd_pairs: bool) -> MadeUpTest:
    """The first round of every other pair lasts longer."""
    return MadeUpTest(seconds=lambda pair, number: seconds if number == 0 and pair % 2 == in_odd_pairs else 0.01)


def test_what_a_look_leaves_open_gets_more_rounds_where_calls_differ_more_than_processes() -> None:
    other_process = MadeUpTest(seconds=lambda pair, _: 0.01 * math.exp(0.09 * math.sin(2.4 * pair)))
    machine = MadeUpMachine(
        {CASE: at_first(0.03, in_odd_pairs=False), "b": PASSES},
        {CASE: at_first(0.03, in_odd_pairs=True), "b": other_process},
    )
    outcome = gated(machine, table(seconds=1000.0, pair_seconds=0.2))
    rounds = [side.rounds_of for side in machine.started[2::2]]
    first = outcome.early_looks[0]
    before, after = ({each[CASE] for each in some} for some in (rounds[:first], rounds[first:]))
    assert min(after) > 3 * max(before)
    assert len(rounds) == outcome.looks[-1]
    assert max(each.get("b", 0) for each in rounds) < min(after), (
        "where processes differ as much, more rounds would not help"
    )


def test_a_case_whose_mean_alone_looks_slower_has_a_larger_budget() -> None:
    as_before = at_first(0.03, in_odd_pairs=False)
    slower, as_slow = (at_first(seconds, in_odd_pairs=True) for seconds in (0.06, 0.03))
    spent = [verdict(one(as_before, head, seconds=15.0)) for head in (slower, as_slow)]
    assert [answer.outcome for answer in spent] == ["inconclusive", "unchanged"]
    assert spent[0].reason.startswith("its 30 s were spent")
    assert spent[1].seconds < 20.0


def test_both_sides_of_a_pair_are_dealt_alike_and_each_pair_anew() -> None:
    machine = MadeUpMachine({CASE: PASSES}, {CASE: PASSES})
    gated(machine, table(processors="one"))
    first_of_pairs = {side.spec.label for side in machine.started[::2]}
    assert first_of_pairs == {"base", "head"}, "who is started first is drawn"
    requests = machine.requests(CASE)
    assert all(one.processors == other.processors for one, other in zip(requests[::2], requests[1::2], strict=True))


@pytest.mark.parametrize(("busy_processors", "alone"), [(1.0, True), (1.9, False)])
def test_after_the_pilot_a_case_sits_on_one_processor_unless_more_were_at_work(
    busy_processors: float, alone: bool
) -> None:
    busy = MadeUpTest(busy_processors=busy_processors)
    machine = MadeUpMachine({CASE: busy}, {CASE: busy})
    gated(machine)
    pilot, *later = machine.requests(CASE)[::2]
    assert pilot.iterations is None
    assert {request.iterations for request in later} == {1}
    every = pilot.processors
    assert every is not None
    assert {len(request.processors or ()) for request in later} == {1 if alone else len(every)}
