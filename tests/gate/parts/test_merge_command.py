"""The reports of shares that were gated by themselves, as one gate from the command line."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.gate.reporting.report import GateReport, SideReport
from tests.gate.parts.part_reports import report, verdict

CASES = ("a", "b", "c")


class Shares:
    """Reports in a folder, as jobs leave them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, whole: GateReport) -> str:
        path = self._folder / name
        path.write_bytes(msgspec.json.encode(whole))
        return str(path)

    def read(self, name: str) -> GateReport:
        return msgspec.json.decode((self._folder / name).read_bytes(), type=GateReport)


@pytest.fixture
def shares(tmp_path: Path) -> Shares:
    return Shares(tmp_path)


def share(case: str, number: int, *, of: int = 3, outcome: str = "unchanged", **fields: object) -> GateReport:
    side = SideReport("a side", commit="1" * 40)
    common = {"base": side, "head": side, "all_cases": CASES, "part": f"{number}/{of}", "pairs": 9, **fields}
    return report(verdict(case, outcome), **common)  # type: ignore[arg-type]


def test_shares_are_put_together_whatever_their_order(
    shares: Shares, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        shares.put("3.json", share("c", 3, seconds=5.0, reproduce={"c": "gate c"}, outcome="regressed")),
        shares.put("1.json", share("a", 1, seconds=9.0)),
        shares.put("2.json", share("b", 2, seconds=7.0)),
    ]
    files = [f"--json={tmp_path / 'gate.json'}", f"--markdown={tmp_path / 'gate.md'}"]
    assert main(["merge", *given, *files]) == 10
    whole = shares.read("gate.json")
    assert [(each.case, each.outcome) for each in whole.verdicts] == [
        ("a", "unchanged"),
        ("b", "unchanged"),
        ("c", "regressed"),
    ]
    assert (whole.pairs, whole.seconds, whole.part) == (27, 9.0, "")
    assert whole.reproduce == {"c": "gate c"}
    assert set(whole.machines) == {"machine 1 of 3", "machine 2 of 3", "machine 3 of 3"}
    assert "gate regressed: time of 1 case (exit code 10)" in capsys.readouterr().out
    assert "regressed" in (tmp_path / "gate.md").read_text()


@pytest.mark.parametrize(("passes", "code"), [("fail", 11), ("pass", 0)])
def test_what_an_inconclusive_case_comes_to_is_asked_for(shares: Shares, passes: str, code: int) -> None:
    given = [shares.put("1.json", share("a", 1, of=2)), shares.put("2.json", share("c", 2, of=2))]
    assert main(["merge", *given]) == 11, "b has no answer, for no share has told of it"
    given[1] = shares.put("2.json", share("b", 2, of=2, outcome="inconclusive", all_cases=("a", "b")))
    given[0] = shares.put("1.json", share("a", 1, of=2, all_cases=("a", "b")))
    assert main(["merge", *given, f"--inconclusive={passes}"]) == code


def test_a_share_without_a_report_is_no_pass(shares: Shares, capsys: pytest.CaptureFixture[str]) -> None:
    given = [shares.put(f"{number}.json", share(case, number)) for number, case in ((1, "a"), (3, "c"))]
    assert main(["merge", *given, "--inconclusive=pass"]) == 11
    said = " ".join(capsys.readouterr().out.split())
    assert "gate inconclusive: 1 of 3 shares: no report of it was given (exit code 11)" in said
    assert "share 2/3 was not gated: no report of it was given" in said


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (share("b", 2, part=""), "expected the report of a gate with --gate-part, found one of a whole gate"),
        (share("b", 2, part="3/2"), "expected the report of a gate with --gate-part, found one of share '3/2'"),
        (share("b", 2, of=4), "expected a share of 3, as in"),
        (share("b", 1), "share 1/3 stands in"),
        (share("b", 2, head=SideReport("a side", commit="2" * 40)), "111111111111, found 222222222222"),
    ],
    ids=["whole", "no share", "of another number", "twice", "of another head"],
)
def test_what_is_not_of_one_gate_is_refused_with_the_file(
    shares: Shares, other: GateReport, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [shares.put("1.json", share("a", 1)), shares.put("2.json", other)]
    assert main(["merge", *given]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "2.json" in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(tmp_path / "part-1.json")]) == 2
    assert "part-1.json: cannot be read" in capsys.readouterr().err


def test_a_share_that_could_not_run_needs_no_commit(shares: Shares, capsys: pytest.CaptureFixture[str]) -> None:
    cannot = report(exit_code=13, headline="cannot run: base does not import", part="2/3")
    given = [
        shares.put("1.json", share("a", 1)),
        shares.put("2.json", cannot),
        shares.put("3.json", share("c", 3)),
    ]
    assert main(["merge", *given]) == 13
    assert "cannot run: base does not import, on machine 2 of 3" in " ".join(capsys.readouterr().out.split())


def test_a_case_whose_name_has_lines_forges_none(shares: Shares, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\n== forged: passed =="
    side = SideReport("a side", commit="1" * 40)
    common = {"base": side, "head": side, "all_cases": (name, "b"), "pairs": 9}
    given = [
        shares.put("1.json", report(verdict(name, "regressed"), part="1/2", reproduce={name: "gate a"}, **common)),
        shares.put("2.json", report(verdict("b", "unchanged"), part="2/2", **common)),
    ]
    assert main(["merge", *given]) == 10
    printed = capsys.readouterr().out
    assert "a == forged: passed ==" in printed
    assert not [line for line in printed.splitlines() if line.startswith("== forged")]
