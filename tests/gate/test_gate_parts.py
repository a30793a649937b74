"""A gate over a fleet: each case in one share, each share decided as a gate of all would, and one report of all."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.fleet.work import Answered, Event, Failed, FleetError, FleetMachine, Lost, Piece, Reported
from speedscore.gate.errors import GateError
from speedscore.gate.parts.fleet_gate import equal_machines, gate_on_fleet
from speedscore.gate.parts.merging import PartReport, merge
from speedscore.gate.parts.on_machine import PartRequest, gate_part
from speedscore.gate.parts.sharing import Part, deal_of, read_part
from speedscore.gate.report import SCHEMA_VERSION, GateReport, SideReport
from speedscore.gate.worktrees import SourceTree
from speedscore.host.fields import Scalar
from speedscore.verdicts.settings import SettingsError
from speedscore.verdicts.verdict import Outcome, Verdict
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, a_plan, gated


@given(cases=st.integers(0, 60), shares=st.integers(1, 12), order=st.randoms(use_true_random=False))
def test_each_case_is_in_one_share_and_neighbours_stay_together(cases: int, shares: int, order: Random) -> None:
    names = [f"test_it[{number:02}]" for number in range(cases)]
    # Each machine collects in an order of its own.
    dealt = [Part(number, shares).own(order.sample(names, k=cases)) for number in range(1, shares + 1)]
    assert [case for share in dealt for case in sorted(share)] == names
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


def test_a_share_counts_no_fewer_figures_than_the_whole_gate_has() -> None:
    assert Part(1, 3).figure_count([1, 2], cases=10) == 20
    assert Part(1, 3).figure_count([], cases=2) == 2


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/2/3"])
def test_a_share_that_there_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--gate-part: expected a share as 2/5"):
        read_part(text)


def noisy(slower: float, phase: float) -> Any:
    """Rounds of a pace that changes with the pair, the same in every gate."""
    return lambda pair, number: 0.01 * slower * math.exp(0.03 * math.sin(2.4 * pair + phase + number))


TESTS = {f"test_{number}.py::test_it": number for number in range(6)}
SLOWED = {"test_1.py::test_it": 1.3, "test_4.py::test_it": 0.7}


def machine() -> MadeUpMachine:
    base = {case: MadeUpTest(seconds=noisy(1.0, number)) for case, number in TESTS.items()}
    head = {case: MadeUpTest(seconds=noisy(SLOWED.get(case, 1.0), number + 1)) for case, number in TESTS.items()}
    return MadeUpMachine(base, head)


@pytest.mark.parametrize("shares", [2, 3, 6, 8])
def test_shares_decide_as_a_gate_of_all_cases_does(shares: int) -> None:
    whole = gated(machine())
    parts = [gated(machine(), plan=a_plan(part=Part(number, shares))) for number in range(1, shares + 1)]
    assert {part.looks for part in parts if part.verdicts} == {whole.looks}
    assert {part.early_looks for part in parts if part.verdicts} == {whole.early_looks}
    found = {(each.case, each.metric): each.outcome for part in parts for each in part.verdicts}
    assert found == {(each.case, each.metric): each.outcome for each in whole.verdicts}
    assert {case for (case, _), outcome in found.items() if outcome == "regressed"} == {"test_1.py::test_it"}


def test_no_case_is_lost_where_machines_collect_in_other_orders() -> None:
    def share(number: int, letters: str) -> set[str]:
        tests = {f"test_it.py::test_it[{letter}]": MadeUpTest(seconds=noisy(1.0, 0)) for letter in letters}
        outcome = gated(MadeUpMachine(tests, tests), plan=a_plan(part=Part(number, 2)))
        return {each.case for each in outcome.verdicts}

    assert share(1, "cdab") | share(2, "abcd") == {f"test_it.py::test_it[{letter}]" for letter in "abcd"}


def report(*verdicts: Verdict, **fields: Any) -> GateReport:
    side = SideReport("a side")
    return GateReport(
        **{
            "schema_version": SCHEMA_VERSION,
            "created": "2026-11-27T00:00:00+00:00",
            "base": side,
            "head": side,
            "seconds": 1.0,
            "exit_code": 0,
            "headline": "passed: nothing regressed",
            "verdicts": verdicts,
            **fields,
        }
    )


def verdict(case: str, outcome: Outcome) -> Verdict:
    return Verdict(case=case, metric="time", outcome=outcome, ratio=1.0, pairs=12)


MACHINES = {"one": {"cpu.model": "made up"}, "two": {"cpu.model": "made up"}}


def merged(*parts: GateReport, failed: dict[str, str] | None = None) -> GateReport:
    reports = [PartReport(name, part) for name, part in zip(MACHINES, parts, strict=False)]
    whole = report(headline="", warnings=("base has 2 commits that head lacks",))
    return merge(reports, failed or {}, whole=whole, machines=MACHINES, inconclusive_passes=False)


def test_reports_of_shares_are_one_report_that_names_the_machine_of_each_case() -> None:
    both = merged(
        report(verdict("a", "unchanged"), verdict("new", "not comparable"), pairs=12, warnings=("w",)),
        report(verdict("b", "regressed"), verdict("new", "not comparable"), pairs=17, warnings=("w",)),
    )
    assert [(each.case, each.machine) for each in both.verdicts] == [("a", "one"), ("new", "one"), ("b", "two")]
    assert (both.exit_code, both.headline) == (10, "regressed: time of 1 case")
    assert both.pairs == 29
    assert both.warnings == ("base has 2 commits that head lacks", "w")
    assert both.machines == MACHINES
    assert msgspec.json.decode(msgspec.json.encode(both), type=GateReport) == both


def test_a_share_that_is_missing_is_no_pass_and_takes_no_regression_away() -> None:
    failed = {"2/2": "two: its machine was lost three times"}
    passed = merged(report(verdict("a", "unchanged")), failed=failed)
    assert (passed.exit_code, passed.headline) == (
        11,
        "inconclusive: 1 of 2 shares: two: its machine was lost three times",
    )
    assert "share 2/2 was not gated: two: its machine was lost three times" in passed.warnings
    assert merged(report(verdict("a", "regressed")), failed=failed).exit_code == 10


def test_a_share_without_a_case_of_its_own_does_not_matter() -> None:
    nothing = report(exit_code=13, headline="nothing was compared: no benchmark was selected on either side")
    assert merged(report(verdict("a", "unchanged")), nothing).exit_code == 0
    assert merged(nothing, nothing).headline == nothing.headline


def test_a_share_that_cannot_run_is_said() -> None:
    cannot = report(exit_code=13, headline="cannot run: base does not import")
    assert merged(report(verdict("a", "unchanged")), cannot).headline == "cannot run: base does not import, on two"


def test_machines_that_collect_other_cases_are_no_pass_and_take_no_regression_away() -> None:
    unlike = [
        report(verdict("b", "unchanged"), deal=deal_of("abc")),
        report(verdict("b", "unchanged"), deal=deal_of("ab")),
    ]
    both = merged(*unlike)
    assert both.exit_code == 13
    assert both.headline.startswith("cannot run: the machines do not collect the same cases")
    assert "3 cases " in both.headline
    assert "on two; look at pytest --collect-only" in both.headline
    slower = report(verdict("a", "regressed"), deal=deal_of("abc"))
    assert merged(slower, unlike[1]).exit_code == 10
    assert merged(unlike[0], unlike[0]).exit_code == 0


def test_a_share_that_was_cut_off_before_it_knew_its_cases_is_no_pass() -> None:
    unbegun = report(exit_code=11, headline="nothing was compared", cut_off="the time budget was spent")
    both = merged(report(verdict("a", "unchanged"), deal=deal_of("ab")), unbegun)
    assert (both.exit_code, both.headline) == (11, "inconclusive: 1 of 2 shares: the time budget was spent")
    assert "share of two was not gated: the time budget was spent" in both.warnings


def test_the_looks_are_those_of_a_share_that_has_cases() -> None:
    nothing = report(
        exit_code=13, headline="nothing was compared: no benchmark was selected on either side", looks=(8,)
    )
    assert merged(nothing, report(verdict("a", "unchanged"), pairs=12, looks=(12, 20))).looks == (12, 20)


def test_a_checkout_begins_where_it_did_though_its_rootdir_lies_deeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("head", "base"):
        project = tmp_path / side / "project"
        project.mkdir(parents=True)
        (project / "pytest.ini").touch()
        (project / "test_it.py").write_text("def test_it(benchmark):\n    assert benchmark(int) == 1\n")
    monkeypatch.chdir(tmp_path)
    request = PartRequest(("--benchmark-only", "--gate-why=no", "--gate-part=1/1"), folder="project")
    found = msgspec.json.decode(gate_part(msgspec.json.encode(request), lambda _: None), type=GateReport)
    assert found.missing == {}
    assert [each.case for each in found.verdicts] == ["test_it.py::test_it"]


def test_only_the_largest_set_of_equal_machines_gates() -> None:
    machines = [
        FleetMachine("one", {"cpu.model": "A", "package.numpy": "2.0", "memory.total_bytes": 16 << 30}),
        FleetMachine("two", {"cpu.model": "A", "package.numpy": "2.0", "memory.total_bytes": (16 << 30) - 4096}),
        FleetMachine("other", {"cpu.model": "B", "package.numpy": "2.0", "memory.total_bytes": 16 << 30}),
    ]
    assert equal_machines(machines) == (["one", "two"], {"other": "cpu.model is B there and A elsewhere"})


@pytest.mark.parametrize(
    ("field", "values", "is_equal"),
    [
        ("process.niceness", (0, 15), False),
        ("gpu.0.name", ("H100", "A100"), False),
        ("gpu.0.utilisation_percent", (0, 3), True),
        ("memory.limit_bytes", (4 << 30, "none"), False),
    ],
    # A test's name must hold no device, or -k would choose it.
    ids=["niceness", "card", "use of the card", "limit of memory"],
)
def test_what_equal_machines_have_in_common(field: str, values: tuple[Scalar, Scalar], is_equal: bool) -> None:
    names, left_out = equal_machines(
        [FleetMachine(name, {field: value}) for name, value in zip("ab", values, strict=True)]
    )
    assert (len(names) == 2, not left_out) == (is_equal, is_equal)


class MadeUpFleet:
    """Machines that answer pieces as is said of each: a report, or what happens instead."""

    def __init__(self, answers: dict[str, list[Event] | BaseException]) -> None:
        self.machines = tuple(FleetMachine(name, dict(environment)) for name, environment in MACHINES.items())
        self.pieces: list[Piece] = []
        self._answers = answers

    @contextlib.contextmanager
    def open(self, _address: str, *, checkout: Path) -> Iterator[MadeUpFleet]:
        assert (checkout / "head" / "test_it.py").exists()
        assert (checkout / "base" / "test_it.py").exists()
        yield self

    def run(self, pieces: Sequence[Piece]) -> Iterator[Event]:
        self.pieces = list(pieces)
        for piece in pieces:
            answer = self._answers[piece.name]
            if isinstance(answer, BaseException):
                raise answer
            yield from answer


def answered(piece: str, name: str, *verdicts: Verdict) -> list[Event]:
    return [
        Reported(piece, name, b"gate: pair 1 of processes"),
        Answered(piece, name, msgspec.json.encode(report(*verdicts))),
    ]


def led(tmp_path: Path, answers: dict[str, list[Event] | BaseException]) -> tuple[GateReport, MadeUpFleet, list[str]]:
    trees = []
    for name in ("head", "base"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "test_it.py").write_text(name)
        trees.append(SourceTree(tmp_path / name, name, commit="", dirty=False))
    fleet = MadeUpFleet(answers)
    said: list[str] = []
    found = gate_on_fleet(
        "head:6379",
        head=trees[0],
        base=trees[1],
        arguments=("--benchmark-only",),
        folder=tmp_path / "head" / "sub",
        whole=report(headline=""),
        inconclusive_passes=False,
        say=said.append,
        open_fleet=fleet.open,
    )
    return found, fleet, said


def test_each_machine_is_given_a_share_and_its_progress_is_told(tmp_path: Path) -> None:
    found, fleet, said = led(
        tmp_path,
        {
            "1/2": answered("1/2", "one", verdict("a", "unchanged")),
            "2/2": [Lost("2/2", "two", "died"), *answered("2/2", "one", verdict("b", "unchanged"))],
        },
    )
    assert (found.exit_code, [each.machine for each in found.verdicts]) == (0, ["one", "one"])
    requests = [msgspec.json.decode(piece.request, type=PartRequest) for piece in fleet.pieces]
    assert requests == [
        PartRequest(("--benchmark-only", "--gate-part=1/2"), folder="sub"),
        PartRequest(("--benchmark-only", "--gate-part=2/2"), folder="sub"),
    ]
    assert "gate: one: pair 1 of processes" in said
    assert "gate: two is lost (died); share 2/2 is gated anew elsewhere" in said


@pytest.mark.parametrize("end", [KeyboardInterrupt(), FleetError("the cluster is lost")])
def test_what_was_said_stands_where_the_rest_is_lost(tmp_path: Path, end: BaseException) -> None:
    found, _, _ = led(tmp_path, {"1/2": answered("1/2", "one", verdict("a", "regressed")), "2/2": end})
    assert (found.exit_code, [each.case for each in found.verdicts]) == (10, ["a"])


def test_where_no_share_was_gated_the_reason_is_the_error(tmp_path: Path) -> None:
    failed: list[Event] = [Failed("1/2", "", "no machine is left"), Failed("2/2", "", "no machine is left")]
    with pytest.raises(GateError, match="no share was gated: no machine is left"):
        led(tmp_path, {"1/2": failed[:1], "2/2": failed[1:]})
