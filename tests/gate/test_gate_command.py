"""``pytest --gate`` called in this process, its sides made up: what is refused, what is reported, and the exit code."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from speedscore.gate.pytest_gate import run_gate
from speedscore.gate.sides.side import Side, SideSpec
from speedscore.text.wrapping import TERMINAL_COLUMNS
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, Tests
from tests.gate.sample_repository import AT_A_GLANCE, QUICK
from tests.git import git

PLAIN = MadeUpTest()
SLOWER = MadeUpTest(seconds=0.013)
UPGRADE = "--gate-upgrade compares two environments of one checkout; leave out "


@dataclass(frozen=True)
class Gated:
    """What a gate has said."""

    code: int
    said: str
    """What was printed, in one line."""
    lines: list[str]
    report: dict[str, Any]
    markdown: str


class Caller:
    """Calls a gate in a folder that holds a project, and its base beside it."""

    def __init__(self, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = pytester.path
        self.base = pytester.path.parent / f"{pytester.path.name}-base"
        self.base.mkdir()
        self._pytester = pytester
        self._capsys = capsys
        self.settle(QUICK)

    def settle(self, settings: str) -> None:
        (self.folder / "pyproject.toml").write_text(settings)

    def gate(self, *options: str, base: Tests | None = None, head: Tests | None = None) -> Gated:
        """Without tests of a side no side may be started."""
        machine = None if base is None or head is None else MadeUpMachine(base, head)
        reports = self.folder.parent / f"{self.folder.name}-reports"
        as_json, as_markdown = reports / "gate.json", reports / "gate.md"
        for path in (as_json, as_markdown):
            path.unlink(missing_ok=True)
        config = self._pytester.parseconfig(
            "--benchmark-only", f"--gate-json={as_json}", f"--gate-markdown={as_markdown}", *options
        )
        start_side = machine.start_side if machine else never_start
        code = run_gate(config, start_side=start_side, clock=machine.clock if machine else lambda: 0.0)
        printed = self._capsys.readouterr().out
        report = json.loads(as_json.read_text()) if as_json.exists() else {}
        markdown = as_markdown.read_text() if as_markdown.exists() else ""
        return Gated(code, " ".join(printed.split()), printed.splitlines(), report, markdown)

    def commit(self) -> None:
        git(self.folder, "init", "--quiet")
        git(self.folder, "add", ".")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message=one more")


def never_start(spec: SideSpec, *, other: SideSpec, hash_seed: int, most_seconds: float | None) -> Side:  # noqa: ARG001
    raise AssertionError(f"what is refused starts no side, found {spec} beside {other} with {hash_seed}")


@pytest.fixture
def caller(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(pytester, capsys)


@pytest.mark.parametrize(
    ("base", "head", "code", "headline"),
    [
        ({"a": PLAIN}, {"a": PLAIN}, 0, "passed: nothing regressed"),
        ({"a": PLAIN}, {"a": SLOWER}, 10, "regressed: time of 1 case"),
        ({"a": PLAIN, "b": PLAIN}, {"a": PLAIN}, 12, "coverage missing: head lacks what base measures in 1 case"),
        ({}, {}, 13, "nothing was compared: no benchmark was selected on either side"),
    ],
    ids=["passed", "regressed", "missing", "nothing"],
)
def test_the_exit_code_is_that_of_the_report_and_the_last_line(
    caller: Caller, base: Tests, head: Tests, code: int, headline: str
) -> None:
    gated = caller.gate(f"--gate={caller.base}", base=base, head=head)
    assert (gated.code, gated.report["exit_code"], gated.report["headline"]) == (code, code, headline)
    assert gated.said.endswith(f"gate {headline} (exit code {code})")
    assert gated.markdown.splitlines()[1] == f"### speedscore gate: {headline}"


@pytest.mark.parametrize(("choice", "code"), [("fail", 11), ("pass", 0)])
def test_inconclusive_is_what_it_is_said_to_be(caller: Caller, choice: str, code: int) -> None:
    caller.settle(AT_A_GLANCE)
    options = (f"--gate={caller.base}", f"--gate-inconclusive={choice}")
    gated = caller.gate(*options, base={"a": PLAIN}, head={"a": PLAIN})
    assert gated.code == code
    assert "time of 1 case" in gated.report["headline"]


def test_a_budget_for_the_whole_gate_counts_from_its_beginning(caller: Caller) -> None:
    options = (f"--gate={caller.base}", "--gate-time-budget=3s")
    gated = caller.gate(*options, base={"a": PLAIN}, head={"a": PLAIN})
    assert (gated.code, gated.report["cut_off"]) == (11, "the time budget was spent")
    assert "ended early: the time budget was spent" in gated.said


def test_the_report_says_what_was_looked_for_and_when(caller: Caller) -> None:
    options = (f"--gate={caller.base}", "--gate-detect=40%")
    gated = caller.gate(*options, base={"a": PLAIN}, head={"a": PLAIN})
    assert gated.report["schema_version"] == 1
    assert gated.report["time"] == pytest.approx({"detect": 0.4, "margin": 0.08, "false_alarm": 0.49, "miss": 0.49})
    assert gated.report["pairs"] == gated.report["looks"][0] == gated.report["verdicts"][0]["pairs"]
    assert gated.report["head"]["description"] == str(caller.folder)
    assert gated.report["base"]["description"] == str(caller.base)
    assert "finds 40 %, lets 8 % pass" in gated.said


def test_a_regression_comes_with_the_command_that_gates_it_alone(caller: Caller) -> None:
    gated = caller.gate(f"--gate={caller.base}", base={"a::b[c]": PLAIN}, head={"a::b[c]": SLOWER})
    command = gated.report["reproduce"]["a::b[c]"]
    assert f"  {command}" in gated.lines
    assert command.startswith("pytest 'a::b[c]' --benchmark-only ")
    assert command.endswith(" --gate=BASE"), "no commit is known of a folder that is no checkout"


def test_the_command_names_no_folder_of_this_machine(caller: Caller) -> None:
    caller.commit()
    inside = f"--override-ini=cache_dir={caller.folder}/cache"
    outside = ("--basetemp=/home/me/tmp", "--junitxml", "/home/me/x.xml", "--override-ini=log_file=/home/me/log.txt")
    gated = caller.gate("--gate=HEAD", inside, *outside, base={"a": PLAIN}, head={"a": SLOWER})
    commit = git(caller.folder, "rev-parse", "HEAD")[:12]
    command = gated.report["reproduce"]["a"]
    assert command.startswith("pytest a --benchmark-only --override-ini=cache_dir=./cache ")
    assert command.endswith(f" --override-ini=log_file=FOLDER/log.txt --gate={commit}")
    assert str(caller.folder) not in command
    assert all("/home/me" not in said for said in (json.dumps(gated.report), gated.said, gated.markdown))
    assert command in gated.markdown


def test_the_command_and_the_arguments_of_a_report_have_no_password(caller: Caller) -> None:
    with_password = "--override-ini=markers=db: of postgres://me:secret@host/orders"
    gated = caller.gate(f"--gate={caller.base}", with_password, base={"a": PLAIN}, head={"a": SLOWER})
    assert "db: of postgres://host/orders" in gated.report["reproduce"]["a"]
    assert all("secret" not in said for said in (json.dumps(gated.report), gated.said, gated.markdown))


def test_every_pair_has_a_line_of_progress(caller: Caller) -> None:
    gated = caller.gate(f"--gate={caller.base}", base={"a": PLAIN}, head={"a": PLAIN})
    pairs = gated.report["pairs"]
    told = [line for line in gated.lines if re.fullmatch(r"gate: pair \d+ of processes after \d+ s, .*", line)]
    assert len(told) == pairs
    assert told[0].endswith(", 0 of 1 cases decided")
    assert told[-1].endswith(", 1 of 1 cases decided")


def test_absolute_times_stand_in_the_table_and_in_the_markdown(caller: Caller) -> None:
    gated = caller.gate(f"--gate={caller.base}", base={"a": PLAIN}, head={"a": SLOWER})
    assert any(line.split()[:5] == ["time", "regressed", "10.0,", "13.0", "ms"] for line in gated.lines)
    assert "| 10.0\u00a0ms | 13.0\u00a0ms |" in gated.markdown


def test_unchanged_is_never_said_beside_an_interval_that_excludes_1(caller: Caller) -> None:
    caller.settle(QUICK)
    little = MadeUpTest(seconds=0.01005)
    gated = caller.gate(f"--gate={caller.base}", base={"a": PLAIN, "b": PLAIN}, head={"a": little, "b": PLAIN})
    verdicts = {line.split()[1] for line in gated.lines if line.startswith("time")}
    assert verdicts == {"minor", "unchanged"}
    assert (
        "minor: a change whose interval excludes 1, and which is smaller than what is to be found, or none"
        in gated.said
    )
    assert "<summary>1 minor, 1 unchanged</summary>" in gated.markdown


def test_a_canary_adds_work_to_a_copy_of_head_and_is_no_regression(caller: Caller) -> None:
    gated = caller.gate("--gate-canary=30%", base={"a": PLAIN}, head={"a": PLAIN})
    assert (gated.code, gated.report["canary"], gated.report["reproduce"]) == (0, 0.3, {})
    assert gated.report["headline"] == "canary: 30 % of extra work was found in 1 of 1 case"
    assert "base a copy of head" in gated.said


def test_the_table_and_the_markdown_hold_whatever_a_case_says(caller: Caller) -> None:
    fails = MadeUpTest(outcome="failed", reason="call: a | `b`", comes_to_benchmark=False)
    odd = "test_it.py::test_it[a|b`c]"
    gated = caller.gate(f"--gate={caller.base}", base={odd: PLAIN, "b": fails}, head={odd: SLOWER, "b": fails})
    assert odd in gated.lines
    long = [line for line in gated.lines if len(line) > TERMINAL_COLUMNS]
    assert [line for line in long if "test_it.py" not in line and str(caller.folder) not in line] == []
    table = [line for line in gated.markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {10}
    assert table[2].startswith("| <code>test&#95;it&#46;py"), "the slower one is first"
    assert "</code> | time | regressed |" in table[2]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("pairs = 7", "[tool.speedscore.gate]: unknown key 'pairs'; there are detect, margin, "),
        ('detect = "5"', "expected a size in per cent such as 5%, found '5'"),
        ("detect = 5", '[tool.speedscore.gate]: detect: write per cent, in quotes, as "5%", found 5'),
        ('margin = "6%"', "margin must be smaller than detect, found '6%' and '5%'"),
        ('[[tool.speedscore.gate.case]]\nmatch = "x"\nmemory_detect = "much"', "such as 5%, found 'much'"),
    ],
    ids=["unknown", "bare", "number", "margin", "case"],
)
def test_settings_that_cannot_be_used_are_named_with_their_file(caller: Caller, settings: str, said: str) -> None:
    caller.settle(f"[tool.speedscore.gate]\n{settings}\n")
    gated = caller.gate("--gate=.")
    assert gated.code == 13
    assert f"gate cannot run: {caller.folder / 'pyproject.toml'}: " in gated.said
    assert said in gated.said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--gate=HEAD", "--gate-detect=3"], "--gate-detect: expected a size in per cent such as 5%, found '3'"),
        (
            ["--gate=HEAD", "--gate-canary=5%"],
            "a canary compares head with a copy of itself; leave out BASE, or the canary",
        ),
        (["--gate-canary=5%", "--gate-affected"], "so --gate-affected would leave out all"),
        (["--gate-canary=5"], "--gate-canary: expected a size in per cent such as 5%, found '5'"),
        (["--gate-canary=0%"], "--gate-canary: expected some work, as 5%, found '0%': head would be compared with"),
        (
            ["--gate=HEAD", "--pyargs", "json.tool"],
            "--pyargs: a gate takes the files and folders of the checkout, found 'json.tool'",
        ),
        (["--gate=no-such-branch"], "'no-such-branch' is neither a directory nor a commit that git knows"),
        (["--gate=--help"], "'--help' is neither a directory nor a commit that git knows"),
        (["--gate=HEAD", "--gate-python=/no/such/python"], "--gate-python: /no/such/python cannot be run"),
        (["--gate=HEAD", "--gate-build"], "--gate-build: no project that can be built in"),
        (["--gate=HEAD", "--gate-time-budget=soon"], "--gate-time-budget: expected a duration such as 90s"),
        (["--gate=HEAD", "--gate-time-budget=0"], "--gate-time-budget: expected some time"),
        # A variable that is not set must not compare head with itself.
        (["--gate="], "BASE: name a git ref or a directory, found nothing"),
        (["--gate= "], "BASE: name a git ref or a directory, found nothing"),
        (["--gate-canary="], "--gate-canary: expected a size in per cent"),
        (["--gate-upgrade="], "--gate-upgrade: name a requirement or a requirements file, found nothing"),
        (["--gate-upgrade=a==1", "--gate=HEAD"], f"{UPGRADE}BASE, or the upgrade"),
        (["--gate-upgrade=a==1", "--gate-canary=5%"], f"{UPGRADE}--gate-canary, or the upgrade"),
        (["--gate-upgrade=a==1", "--gate-python=p", "--gate-build"], f"{UPGRADE}--gate-python and --gate-build, or"),
        (["--gate-upgrade=a=1"], "--gate-upgrade: expected a requirement like jax==0.8.0"),
        (["--gate=HEAD", "--gate-part=3/2"], "--gate-part: expected a share as 2/5, found '3/2'"),
        (
            ["--gate=HEAD", "--gate-part=1/2", "--gate-claim=a faster 10%"],
            "cases against head's; leave out --gate-claim",
        ),
        (["--gate-canary=5%", "--gate-part=1/2"], "leave out --gate-canary"),
        (["--gate=HEAD", "--gate-fleet=local", "--gate-part=1/2"], "BASE and head as they are; leave out --gate-part"),
        (["--gate=HEAD", "--gate-fleet-logs=logs"], "--gate-fleet-logs: there is no fleet without --gate-fleet"),
        (
            ["--gate=HEAD", "--gate-fleet=local", "--gate-fleet-logs="],
            "--gate-fleet-logs: name a folder, found nothing",
        ),
        (
            ["--gate=HEAD", "--gate-fleet=local", "--gate-fleet-logs=pyproject.toml"],
            "--gate-fleet-logs: pyproject.toml: expected a folder that can be written (File exists)",
        ),
        (["--gate=HEAD", "--gate-fleet-machines=2"], "--gate-fleet-machines: there is no fleet without --gate-fleet"),
        (["--gate=HEAD", "--gate-fleet-packages"], "--gate-fleet-packages: there is no fleet without --gate-fleet"),
        (
            ["--gate=HEAD", "--gate-fleet=local", "--gate-fleet-machines=0"],
            "--gate-fleet-machines: expected a number of machines as 4, found '0'",
        ),
        (["--gate=HEAD", "--gate-blame"], "--gate-blame looks for a package of an upgrade: name one"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(caller: Caller, options: list[str], said: str) -> None:
    caller.commit()
    gated = caller.gate(*options)
    assert (gated.code, gated.report["exit_code"]) == (13, 13)
    assert "gate cannot run: " in gated.said
    assert said in gated.said


def test_what_is_shared_out_over_processes_is_not(caller: Caller) -> None:
    pytest.importorskip("xdist")
    gated = caller.gate(f"--gate={caller.base}", "-n", "auto", base={"a": PLAIN}, head={"a": PLAIN})
    assert gated.code == 0
    assert "gate: -n of pytest-xdist is left out: the sides take turns on this machine" in gated.lines


def test_commits_that_head_lacks_are_told(caller: Caller) -> None:
    caller.commit()
    for _ in range(2):
        caller.commit()
    git(caller.folder, "branch", "later")
    git(caller.folder, "reset", "--quiet", "--hard", "HEAD~2")
    gated = caller.gate("--gate=later", base={"a": PLAIN}, head={"a": PLAIN})
    (warning,) = gated.report["warnings"]
    assert warning.startswith("base has 2 commits that head lacks, and what they changed counts against head: rebase")
    assert "$(git merge-base HEAD later)" in warning


def test_a_ref_in_what_is_no_checkout_is_refused(caller: Caller) -> None:
    gated = caller.gate("--gate=main")
    assert gated.code == 13
    assert f"'main' is no directory, and git finds no commit in {caller.folder}: fatal: not a git repo" in gated.said


def test_what_git_says_against_a_checkout_is_passed_on(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    caller.commit()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    gated = caller.gate("--gate=HEAD")
    assert gated.code == 13
    assert "detected dubious ownership" in gated.said
    assert "git config --global --add safe.directory" in gated.said


def test_a_machine_without_git_is_named(caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    gated = caller.gate("--gate=HEAD")
    assert gated.code == 13
    assert "git is not installed or not on the PATH" in gated.said


def test_a_report_that_cannot_be_written_is_no_pass(caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "a_file").touch()
    options = (f"--gate={caller.base}", f"--gate-json={tmp_path}/a_file/gate.json")
    gated = caller.gate(*options, base={"a": PLAIN}, head={"a": PLAIN})
    assert gated.code == 13
    assert "the report was not written" in gated.said


@pytest.mark.parametrize(
    ("claim", "why"),
    [("a quicker", "--gate-claim: expected "), ("z faster", "is about no benchmark that both sides have")],
)
def test_a_claim_that_cannot_be_judged_ends_the_gate_before_anything_is_measured(
    caller: Caller, claim: str, why: str
) -> None:
    gated = caller.gate(f"--gate={caller.base}", f"--gate-claim={claim}", base={"a": PLAIN}, head={"a": PLAIN})
    assert gated.code == 13
    assert why in gated.report["headline"]
    assert gated.report["pairs"] == 0


def test_a_claim_that_is_not_supported_has_an_exit_code_of_its_own(caller: Caller) -> None:
    claims = ("--gate-claim=a faster", "--gate-claim=a unchanged")
    gated = caller.gate(f"--gate={caller.base}", *claims, base={"a": PLAIN}, head={"a": PLAIN})
    assert gated.code == 14
    assert gated.report["headline"] == "nothing regressed, but 1 claim contradicted"
    assert {each["claim"]: each["outcome"] for each in gated.report["claims"]} == {
        "a faster": "contradicted",
        "a unchanged": "supported",
    }
