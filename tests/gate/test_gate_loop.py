"""The gate's loop with made-up sides on a made-up clock: what is decided, when, and what is said of what is not."""

from __future__ import annotations

import math

import msgspec
import pytest

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.errors import GateError
from speedscore.gate.outcome import GateOutcome
from speedscore.gate.report import conclude, conclude_canary
from speedscore.verdicts.settings import CaseTable, GateTable
from speedscore.verdicts.verdict import Outcome, Verdict
from tests.gate.made_up_sides import QUICK, START_SECONDS, MadeUpMachine, MadeUpTest, Tests, a_plan, gated

CASE = "test_it.py::test_it"


def table(**changes: object) -> GateTable:
    return msgspec.structs.replace(QUICK, **changes)


def one(base: MadeUpTest, head: MadeUpTest, **changes: object) -> GateOutcome:
    """What comes of a gate on a single case."""
    return gated(MadeUpMachine({CASE: base}, {CASE: head}), table(**changes))


def verdict(outcome: GateOutcome, metric: str = "time") -> Verdict:
    (answer,) = [answer for answer in outcome.verdicts if answer.metric == metric]
    return answer


def concluded(outcome: GateOutcome, *, inconclusive_passes: bool = False) -> tuple[int, str]:
    return conclude(
        outcome.verdicts,
        outcome.missing,
        inconclusive_passes=inconclusive_passes,
        cut_off=outcome.cut_off,
        nothing=outcome.nothing,
    )


def undecided(pair: int, number: int) -> float:  # noqa: ARG001 - as a made-up test is asked
    """Slower in one pair and faster in another, by up to a factor of two."""
    return 0.01 * math.exp(0.7 * math.sin(2.4 * pair))


PASSES = MadeUpTest()
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


def test_memory_has_a_verdict_of_its_own_from_the_process_or_from_the_case() -> None:
    sizes = [{"peak_bytes": 1000}, {"peak_bytes": 2000}]
    by_process = one(*(MadeUpTest(more=size) for size in sizes))
    assert verdict(by_process, "memory").outcome == "regressed"
    assert verdict(by_process, "memory").ratio == pytest.approx(2.0)
    by_case = one(*(MadeUpTest(more=size | {"memory_bytes": 100.0}) for size in sizes))
    assert verdict(by_case, "memory").outcome == "unchanged"


def test_where_no_process_tells_its_memory_nothing_is_said_of_it() -> None:
    assert {answer.metric for answer in one(PASSES, PASSES).verdicts} == {"time"}


@pytest.mark.parametrize(
    ("base", "head", "outcome", "reason"),
    [
        ([7, 7], [7, 7], "unchanged", "7 queries on both sides, counted exactly"),
        ([7, 7], [8, 8], "regressed", "8 instead of 7 queries, counted exactly"),
        ([7, 9], [7, 7], "not comparable", "two processes of base counted 7 and 9, so it proves nothing"),
        ([7, 7], [7, 9], "not comparable", "two processes of head counted 7 and 9, so it proves nothing"),
    ],
)
def test_what_is_counted_needs_no_clock(base: list[int], head: list[int], outcome: Outcome, reason: str) -> None:
    sides = [
        MadeUpTest(counts=lambda pair, values=values: {"queries": values[pair % 2]})  # type: ignore[misc]
        for values in (base, head)
    ]
    answer = verdict(one(*sides), "queries")
    assert (answer.outcome, answer.reason) == (outcome, reason)


@pytest.mark.parametrize("interrupted_in_pair", [0, 1])
def test_a_count_that_changed_is_a_regression_once_two_processes_of_each_side_have_told_it(
    interrupted_in_pair: int,
) -> None:
    stopped = MadeUpTest(interrupted_in_pair=interrupted_in_pair)
    base, head = (MadeUpTest(counts=lambda _, value=value: {"queries": value}) for value in (7, 8))  # type: ignore[misc]
    outcome = gated(MadeUpMachine({CASE: base, "b": PASSES}, {CASE: head, "b": stopped}))
    (queries,) = [answer for answer in outcome.verdicts if answer.metric == "queries"]
    if interrupted_in_pair == 1:
        assert queries.outcome == "regressed"
    else:
        assert (queries.outcome, concluded(outcome, inconclusive_passes=True)[0]) == ("inconclusive", 11)
        assert queries.reason == (
            "8 instead of 7 queries, counted exactly, in one process a side; only a second one shows whether it is so "
            "in each"
        )


def test_of_a_count_of_which_more_is_better_a_fall_is_the_regression() -> None:
    base, head = (
        MadeUpTest(counts=lambda _, value=value: {"hits": value}, more={"higher_is_better": ("hits",)})  # type: ignore[misc]
        for value in (8, 7)
    )
    assert verdict(one(base, head), "hits").outcome == "regressed"
    assert verdict(one(head, base), "hits").outcome == "improved"


def test_what_head_alone_counts_is_not_comparable_and_what_it_no_longer_counts_is_missing() -> None:
    counts = MadeUpTest(counts=lambda _: {"queries": 7})
    outcome = one(PASSES, counts)
    assert verdict(outcome, "queries").reason == "only head counts it"
    assert concluded(outcome) == (0, "passed: nothing regressed")
    gone = one(counts, PASSES)
    assert (gone.missing, concluded(gone)) == ({CASE: "it no longer counts queries"}, (12, MISSING))
    assert verdict(gone).outcome == "unchanged"
    assert one(counts, PASSES, allow_missing=("*",)).missing == {}
    other = gated(MadeUpMachine({CASE: counts}, {CASE: PASSES}), plan=a_plan(other_environment=True))
    assert other.missing == {}, "another environment may not be able to count it"


def test_what_a_compiler_no_longer_counts_of_our_own_case_is_no_missing_coverage() -> None:
    own = {"identity": {"model": "mlp"}}
    gone = one(MadeUpTest(counts=lambda _: {"xla_flops": 7}, more=own), MadeUpTest(more=own))
    assert (gone.missing, verdict(gone, "xla_flops").reason) == ({}, "only base counts it")


def test_another_environment_may_count_in_another_way() -> None:
    counting = MadeUpTest(counts=lambda _: {"queries": 7})
    outcome = gated(MadeUpMachine({CASE: counting}, {CASE: counting}), plan=a_plan(other_environment=True))
    assert verdict(outcome, "queries").reason == "the two environments differ, and so may their way of counting"


FAILS = MadeUpTest(outcome="failed", reason="call: the sum is wrong", comes_to_benchmark=False)
FAILS_LATE = MadeUpTest(outcome="failed", reason="call: the till is jammed", fails_in_round=3)
SKIPS = MadeUpTest(outcome="skipped", reason="needs a printer", comes_to_benchmark=False)
ALL_NEW = "new, and base has none to compare with: merge first, or BASE is a wrong folder or commit"
MISSING = "coverage missing: head lacks what base measures in 1 case"
NOTHING = "nothing was compared: neither side measured any of 1 case, the first because: "
AT_ONCE = "; base and head run at the same time: let each process take a port, a lock or a folder of its own"
WANTS_PORT, WANTS_LOCK, WANTS_GRPC_PORT, WANTS_FOLDER = (
    MadeUpTest(outcome="failed", reason=reason, comes_to_benchmark=False)
    for reason in (
        "setup of fixture 'server': OSError: [Errno 98] Address already in use",
        "setup of fixture 'store': filelock.Timeout: The file lock 'store.lock' could not be acquired.",
        "setup of fixture 'server': RuntimeError: Failed to bind to address [::]:50051; set GRPC_VERBOSITY=debug",
        "call: FileExistsError: [Errno 17] File exists: '/tmp/store'",
    )
)


@pytest.mark.parametrize(
    ("base", "head", "reason", "missing"),
    [
        (PASSES, FAILS, "failed (call: the sum is wrong) on head", "failed (call: the sum is wrong)"),
        (PASSES, FAILS_LATE, "failed (call: the till is jammed) on head", "failed (call: the till is jammed)"),
        (PASSES, SKIPS, "skipped (needs a printer) on head", "skipped (needs a printer)"),
        (FAILS, PASSES, "failed (call: the sum is wrong) on base", ""),
        (FAILS, FAILS, "failed (call: the sum is wrong) on both sides", ""),
        (SKIPS, PASSES, "skipped (needs a printer) on base", ""),
        (SKIPS, FAILS, "failed (call: the sum is wrong) on head", ""),
        (
            PASSES,
            WANTS_PORT,
            f"failed ({WANTS_PORT.reason}) on head{AT_ONCE}",
            f"failed ({WANTS_PORT.reason}){AT_ONCE}",
        ),
        (WANTS_LOCK, PASSES, f"failed ({WANTS_LOCK.reason}) on base{AT_ONCE}", ""),
        (WANTS_GRPC_PORT, PASSES, f"failed ({WANTS_GRPC_PORT.reason}) on base{AT_ONCE}", ""),
        (WANTS_FOLDER, PASSES, f"failed ({WANTS_FOLDER.reason}) on base{AT_ONCE}", ""),
    ],
)
def test_a_test_that_does_not_pass_on_both_sides_says_how_it_ended(
    base: MadeUpTest, head: MadeUpTest, reason: str, missing: str
) -> None:
    outcome = one(base, head)
    assert (verdict(outcome).outcome, verdict(outcome).reason) == ("not comparable", reason)
    assert outcome.missing == ({CASE: missing} if missing else {})
    assert concluded(outcome) == ((12, MISSING) if missing else (13, f"{NOTHING}{reason}"))


def test_what_both_sides_skip_is_named_with_its_reason_and_is_no_verdict() -> None:
    outcome = one(SKIPS, SKIPS)
    assert (outcome.verdicts, outcome.skipped) == ((), {CASE: "needs a printer"})
    assert concluded(outcome) == (13, f"{NOTHING}needs a printer")


@pytest.mark.parametrize(
    ("base", "head", "reason"),
    [
        ({"batch": 32}, {"batch": 64}, "batch is 32 on base and 64 on head: not the same case"),
        (None, {"batch": 32}, "only one side proves what it computes"),
    ],
)
def test_another_case_under_the_same_name_is_not_compared(
    base: dict[str, int] | None, head: dict[str, int], reason: str
) -> None:
    outcome = one(MadeUpTest(more={"identity": base}), MadeUpTest(more={"identity": head}))
    assert verdict(outcome).reason == reason


def test_a_benchmark_that_is_never_timed_is_not_comparable() -> None:
    for quiet in (MadeUpTest(comes_to_benchmark=False), MadeUpTest(seconds=0.0, most_rounds=10)):
        assert verdict(one(quiet, quiet)).reason.startswith("no round could be timed: the benchmark was not called")


def test_a_case_that_only_one_side_has_is_named_at_once() -> None:
    base: Tests = {CASE: PASSES, "gone": PASSES, "a::retired": PASSES}
    outcome = gated(MadeUpMachine(base, {CASE: PASSES, "new": PASSES}), table(allow_missing=("*::retired",)))
    said = {answer.case: answer.reason for answer in outcome.verdicts if answer.outcome == "not comparable"}
    assert said == {"a::retired": "removed, as allow_missing says", "new": "new: base has no such case"}
    assert outcome.missing == {"gone": "head has no such case"}
    assert concluded(outcome)[0] == 12


@pytest.mark.parametrize(
    ("base", "head", "code", "said"),
    [
        ({"a::retired": PASSES}, {}, 13, "nothing was compared: a::retired: removed, as allow_missing says"),
        ({}, {"new": PASSES}, 13, f"nothing was compared: the one benchmark is {ALL_NEW}"),
        ({}, {"new": PASSES, "newer": PASSES}, 13, f"nothing was compared: all 2 benchmarks are {ALL_NEW}"),
        (
            {"a::retired": PASSES},
            {"new": PASSES},
            13,
            "nothing was compared: a::retired: removed, as allow_missing says",
        ),
        ({"gone": PASSES}, {}, 12, MISSING),
        ({}, {}, 13, "nothing was compared: no benchmark was selected on either side"),
    ],
    ids=["retired", "new", "two new", "retired and new", "gone", "none"],
)
def test_where_no_case_is_on_both_sides_the_code_says_what_that_means(
    base: Tests, head: Tests, code: int, said: str
) -> None:
    assert concluded(gated(MadeUpMachine(base, head), table(allow_missing=("*::retired",)))) == (code, said)


def test_what_is_wanted_is_compared_and_nothing_else() -> None:
    both: Tests = {"a::b": PASSES, "a::c": PASSES}
    outcome = gated(MadeUpMachine(both, both), plan=a_plan(wanted=("a::b",)))
    assert [answer.case for answer in outcome.verdicts] == ["a::b"]


def test_a_file_that_head_cannot_collect_is_missing_coverage_with_its_error() -> None:
    machine = MadeUpMachine({CASE: PASSES, "b": PASSES}, {"b": PASSES}, errors=("test_it.py: E   no module",))
    outcome = gated(machine)
    assert outcome.missing == {CASE: "head did not collect test_it.py: E   no module"}
    assert outcome.warnings == ("head did not collect test_it.py: E   no module",)
    assert concluded(outcome)[0] == 12


def test_a_file_that_base_cannot_collect_is_named_and_stops_nothing() -> None:
    broken = {"errors": ("test_it.py: E   no module",)}
    outcome = gated(MadeUpMachine({"b": PASSES}, {CASE: PASSES, "b": PASSES}, on_base=broken))
    said = {answer.case: (answer.outcome, answer.reason) for answer in outcome.verdicts}
    assert said["b"] == ("unchanged", "")
    assert said[CASE] == ("not comparable", "base did not collect test_it.py: E   no module")
    assert concluded(outcome)[0] == 0


def test_where_base_collects_nothing_for_an_error_nothing_passes() -> None:
    machine = MadeUpMachine({}, {CASE: PASSES}, on_base={"errors": ("test_it.py: E   no module",)})
    assert concluded(gated(machine)) == (13, "nothing was compared: base did not collect test_it.py: E   no module")


def test_a_benchmark_that_was_rewritten_is_compared_with_a_note() -> None:
    outcome = one(MadeUpTest(source="before"), MadeUpTest(source="after"))
    assert verdict(outcome).notes == ("the benchmark's own code differs",)


DIES = MadeUpTest(dies="before its benchmark")
ABORTS = MadeUpTest(dies="in a round")


def test_a_side_that_dies_costs_its_own_case_and_no_other() -> None:
    base: Tests = {"a": PASSES, "b": PASSES, "c": DIES, "d": PASSES, "e": PASSES}
    head: Tests = {"a": DIES, "b": PASSES, "c": PASSES, "d": PASSES, "e": ABORTS}
    machine = MadeUpMachine(base, head)
    outcome = gated(machine)
    assert {answer.case: answer.outcome for answer in outcome.verdicts} == {
        "a": "not comparable",
        "b": "unchanged",
        "c": "not comparable",
        "d": "unchanged",
        "e": "not comparable",
    }
    assert outcome.missing == {
        "a": "head ended with exit code 3 instead of replying",
        "e": "head was ended by SIGABRT",
    }
    by_case = {answer.case: answer.reason for answer in outcome.verdicts}
    assert by_case["c"] == "base ended with exit code 3 instead of replying"
    assert [len(machine.requests(case)) for case in "ac"] == [2, 2], "a case in which a side died is not tried again"


def test_a_fixture_that_waits_costs_its_wait_once_and_no_case_that_does_without_it() -> None:
    uses, waits = MadeUpTest(fixtures=("store", "till")), MadeUpTest(fixtures=("store",), waits_in="store")
    base: dict[str, MadeUpTest] = {"a": PASSES, "b": uses, "c": uses, "d": uses, "e": MadeUpTest(fixtures=("till",))}
    machine = MadeUpMachine(base, base | {"b": waits, "c": waits, "d": waits})
    outcome = gated(machine)
    reasons = {answer.case: answer.reason for answer in outcome.verdicts if answer.outcome == "not comparable"}
    alike = "head waited 120 s in its fixture 'store'; seen in b, and not tried here, which uses that fixture, too"
    assert reasons == {"b": "head waited 120 s in its fixture 'store'", "c": alike, "d": alike}
    assert outcome.missing == reasons, "what head no longer measures is missing"
    assert [len(machine.requests(case)) for case in "bcd"] == [2, 0, 0]
    assert {answer.case for answer in outcome.verdicts if answer.outcome == "unchanged"} == {"a", "e"}


def test_a_side_that_does_not_start_ends_the_gate_with_its_last_lines() -> None:
    machine = MadeUpMachine({}, {}, on_base={"stillborn": "ended with exit code 4\n  | no such drawer"})
    with pytest.raises(GateError, match=r"^pytest on base \(base's\) ended with exit code 4\n  \| no such drawer$"):
        gated(machine)
    assert all(side.is_closed for side in machine.started)


@pytest.mark.parametrize("head", [{CASE: PASSES}, {CASE: PASSES, "z": DIES}], ids=["sound", "beside a crash"])
def test_a_base_that_runs_the_code_of_head_is_refused(head: Tests) -> None:
    machine = MadeUpMachine({CASE: PASSES, "z": PASSES}, head, on_base={"foreign": {"drawer": "/elsewhere/drawer.py"}})
    with pytest.raises(GateError, match=r"base imported drawer from /elsewhere/drawer\.py, and not"):
        gated(machine)


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


@pytest.mark.parametrize(("wanted", "seeds"), [("7", {7}), ("", None)], ids=["the user's own", "drawn"])
def test_all_pairs_have_one_hash_seed(monkeypatch: pytest.MonkeyPatch, wanted: str, seeds: set[int] | None) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", wanted)
    machine = MadeUpMachine({CASE: PASSES}, {CASE: PASSES})
    gated(machine, table())
    assert len(machine.hash_seeds) > 2
    assert len(set(machine.hash_seeds)) == 1
    assert seeds is None or set(machine.hash_seeds) == seeds


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


def test_both_sides_of_a_pair_are_dealt_alike_and_each_pair_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "random")
    machine = MadeUpMachine({CASE: PASSES}, {CASE: PASSES})
    gated(machine, table(processors="one"))
    base_and_head = list(zip(machine.hash_seeds[::2], machine.hash_seeds[1::2], strict=True))
    assert all(one == other for one, other in base_and_head)
    assert len(set(machine.hash_seeds)) == len(base_and_head) > 1
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
