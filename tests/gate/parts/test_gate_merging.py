"""The reports of shares as one report: every case has an answer, and what is certain stays so."""

from __future__ import annotations

from itertools import zip_longest

import msgspec
import pytest

from speedscore.gate.part import Part
from speedscore.gate.parts.merging import merge
from speedscore.gate.parts.part_states import PartState
from speedscore.gate.reporting.comment import markdown
from speedscore.gate.reporting.report import GateReport
from speedscore.gate.reporting.terminal import terminal_lines
from speedscore.host.fields import Scalar
from tests.gate.parts.part_reports import CANNOT, MACHINES, report, verdict


def merged(*parts: GateReport, failed: str = "", inconclusive_passes: bool = False) -> GateReport:
    """Of two shares, of which the second has failed where only one report is given."""
    shares = [
        PartState(Part(number, 2), machine, report=part, why_not="" if part else failed)
        for number, (machine, part) in enumerate(zip_longest(MACHINES, parts), start=1)
    ]
    whole = report(headline="", warnings=("base has 2 commits that head lacks",))
    return merge(shares, whole=whole, machines=MACHINES, inconclusive_passes=inconclusive_passes)


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


def test_the_machines_that_measured_are_told_and_not_the_one_that_led() -> None:
    known: dict[str, dict[str, Scalar]] = {
        "one": {"cpu.model": "EPYC", "system.name": "Linux", "gpu.0.name": "H100", "gpu.1.name": "H100"},
        "two": {"cpu.model": "Xeon", "system.name": "Linux"},
        "three": {"cpu.model": "Xeon", "system.name": "Linux"},
    }
    states = [
        PartState(Part(number, 3), name, report=report(verdict(name, "unchanged"), pairs=12))
        for number, name in enumerate(known, start=1)
    ]
    whole = report(headline="", environment={"cpu.model": "of a laptop"})
    whole = merge(states, whole=whole, machines=known, inconclusive_passes=False)
    for text in (" ".join(terminal_lines(whole)), markdown(whole)):
        assert "measured on one: EPYC Linux, 2 × H100" in text
        assert "measured on three, two: Xeon Linux" in text
        assert "laptop" not in text


@pytest.mark.parametrize("pairs", [0, 12], ids=["nothing measured", "measured"])
def test_a_gate_that_measured_without_others_names_its_own_machine(pairs: int) -> None:
    alone = report(verdict("a", "unchanged"), environment={"cpu.model": "of a laptop"}, pairs=pairs)
    assert ("machine of a laptop" in " ".join(markdown(alone).split())) == bool(pairs)


def test_a_share_that_is_missing_is_no_pass_and_takes_no_regression_away() -> None:
    lost = "two: its machine was lost three times"
    passed = merged(report(verdict("a", "unchanged"), all_cases=("a", "b")), failed=lost, inconclusive_passes=True)
    assert (passed.exit_code, passed.headline) == (11, f"inconclusive: 1 of 2 shares: {lost}")
    assert f"share 2/2 was not gated: {lost}" in passed.warnings
    assert [(each.case, each.outcome, each.reason) for each in passed.verdicts] == [
        ("a", "unchanged", ""),
        ("b", "inconclusive", f"share 2/2 was not gated: {lost}"),
    ]
    regressed = merged(report(verdict("a", "regressed"), all_cases=("a", "b")), failed=lost)
    assert regressed.headline == f"regressed: time of 1 case; not gated: 1 of 2 shares: {lost}"
    assert regressed.exit_code == 10


def test_a_share_without_a_case_of_its_own_does_not_matter() -> None:
    nothing = report(exit_code=13, headline="nothing was compared: no benchmark was selected on either side")
    assert merged(report(verdict("a", "unchanged")), nothing).exit_code == 0
    assert merged(nothing, nothing).headline == nothing.headline


def test_a_share_that_cannot_run_is_said() -> None:
    both = merged(report(verdict("a", "unchanged"), all_cases=("a", "b")), CANNOT)
    assert both.exit_code == 13
    assert both.headline == "cannot run: base does not import, on two\n  | No module named it"
    assert [(each.case, each.outcome) for each in both.verdicts] == [("a", "unchanged"), ("b", "inconclusive")]
    assert merged(CANNOT, CANNOT).headline == CANNOT.headline


@pytest.mark.parametrize(("what", "code"), [("regressed", 10), ("missing", 12)])
def test_what_is_certain_is_not_taken_away_by_a_share_that_cannot_run_and_both_are_said(what: str, code: int) -> None:
    found = report(verdict("a", "regressed")) if what == "regressed" else report(missing={"a": "it is gone"})
    both = merged(msgspec.structs.replace(found, all_cases=("a", "b")), CANNOT)
    assert both.exit_code == code
    cannot = "it cannot run on two: base does not import"
    assert both.headline.splitlines()[0].endswith(f"; not gated: 1 of 2 shares: {cannot}")
    assert f"share 2/2 was not gated: {cannot}" in both.warnings
    printed = " ".join(" ".join(terminal_lines(both)).split())
    for text in (printed, markdown(both)):
        assert cannot in text.replace("\\", "")
        assert "No module named it" in text


def test_machines_that_collect_other_cases_are_no_pass_and_take_no_regression_away() -> None:
    unlike = [
        report(verdict("b", "unchanged"), all_cases=tuple("abc")),
        report(verdict("b", "unchanged"), all_cases=tuple("ab")),
    ]
    both = merged(*unlike)
    assert both.exit_code == 13
    assert both.headline.startswith("cannot run: the machines do not collect the same cases")
    assert "3 on one, 2 on two, and c on one but not on two; look at pytest --collect-only" in both.headline
    assert [each.case for each in both.verdicts if each.outcome == "inconclusive"] == ["a", "c"]
    slower = report(verdict("a", "regressed"), all_cases=tuple("abc"))
    assert merged(slower, unlike[1]).exit_code == 10
    alike = [msgspec.structs.replace(each, all_cases=("b",)) for each in unlike]
    assert merged(*alike).exit_code == 0


def test_a_share_that_was_cut_off_before_it_knew_its_cases_is_no_pass() -> None:
    unbegun = report(exit_code=11, headline="nothing was compared", cut_off="the time budget was spent")
    both = merged(report(verdict("a", "unchanged"), all_cases=("a", "b")), unbegun)
    assert (both.exit_code, both.cut_off) == (11, "the time budget was spent")
    assert "share 2/2 was not gated: the time budget was spent" in both.warnings
    assert [each.case for each in both.verdicts if each.outcome == "inconclusive"] == ["b"]


def test_the_looks_are_those_of_a_share_that_has_cases() -> None:
    nothing = report(
        exit_code=13, headline="nothing was compared: no benchmark was selected on either side", looks=(8,)
    )
    assert merged(nothing, report(verdict("a", "unchanged"), pairs=12, looks=(12, 20))).looks == (12, 20)


def test_what_is_read_of_a_report_keeps_its_names() -> None:
    written = msgspec.to_builtins(report(all_cases=("a", "b"), part="1/2"))
    assert (list(written["deal"]), written["part"]) == (["a", "b"], "1/2")
