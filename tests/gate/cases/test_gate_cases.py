"""Which cases a gate compares, and what it says of those that it cannot: failed, skipped, rewritten, gone, crashed."""

from __future__ import annotations

import pytest

from speedscore.gate.errors import GateError
from tests.gate.made_up_gates import CASE, MISSING, PASSES, concluded, one, table, verdict
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, Tests, a_plan, gated

FAILS = MadeUpTest(outcome="failed", reason="call: the sum is wrong", comes_to_benchmark=False)
FAILS_LATE = MadeUpTest(outcome="failed", reason="call: the till is jammed", fails_in_round=3)
SKIPS = MadeUpTest(outcome="skipped", reason="needs a printer", comes_to_benchmark=False)
ALL_NEW = "new, and base has none to compare with: merge first, or BASE is a wrong folder or commit"
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
