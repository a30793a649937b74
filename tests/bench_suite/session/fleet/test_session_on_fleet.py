"""A whole session on a fleet, as its user meets it: the machines stand in, and the workers are real."""

from __future__ import annotations

import json
import re

import pytest

from speedscore.record.run_file import load_run
from speedscore.record.run_record import CaseResult
from tests.bench_suite.sample_session import Matrix

ON_FLEET = ("--fleet=here", "--benchmark-json=run.json")


@pytest.fixture
def fleet(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> Matrix:
    monkeypatch.setenv("FLEET", json.dumps({"a": {}, "b": {"cpu.model": "another processor"}}))
    matrix.make("training", plugins=["fleet_here"], first="healthy", second="healthy", third="raise")
    return matrix


def cases_of(matrix: Matrix) -> dict[str, CaseResult]:
    return {case.nodeid: case for case in load_run(matrix.folder / "run.json").cases}


def machines_told(matrix: Matrix) -> set[str | None]:
    """By pytest-benchmark's own part of the file, of every benchmark."""
    document = json.loads((matrix.folder / "run.json").read_text())
    return {benchmark["extra_info"].get("machine") for benchmark in document["benchmarks"]}


def test_a_session_on_a_fleet_is_told_and_saved_as_any_other_with_the_machine_of_each_case(fleet: Matrix) -> None:
    fleet.run("--benchmark-json=run.json").assert_outcomes(passed=2, failed=1, skipped=6)
    here = cases_of(fleet)
    assert machines_told(fleet) == {None}, "without a fleet machine_info is that of all"
    result = fleet.run(*ON_FLEET, "--require-device=cpu")
    result.assert_outcomes(passed=2, failed=1, skipped=6)
    run = load_run(fleet.folder / "run.json")
    there = {case.nodeid: case for case in run.cases}
    assert {nodeid: each.status for nodeid, each in there.items()} == {
        nodeid: each.status for nodeid, each in here.items()
    }
    assert {case.machine for case in run.cases if case.status == "measured"} == {"a"}
    assert machines_told(fleet) == {"a"}
    assert run.machines.keys() == {"a"}, "a machine that measured nothing is not described"
    assert {(ratio.phase, ratio.device) for ratio in run.ratios} == {("training", "cpu")}
    (failed,) = [case for case in run.cases if case.status == "failed"]
    assert failed.machine == "a"
    assert failed.reason.startswith("ValueError: no kernel for this shape\nits last lines:\n"), "its log is reachable"
    result.stdout.fnmatch_lines(
        [
            "speedscore: --fleet: the blocks are measured on a, b",
            "?1/3? a: begins mlp cpu: *",
            "    a: mlp cpu: * first: *",
            "*third-mlp-cpu on a: *",
            "speedscore: --require-device cpu: 1 of 3 cases were not measured; the first, test_training?third-*: *",
        ]
    )


def test_what_the_workers_of_a_block_printed_is_kept_and_a_case_that_failed_names_the_file(
    fleet: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    fleet.make(plugins=["fleet_here"], first="talkative", third="raise")
    selected = ("-k", "cpu", "--processes=2", *ON_FLEET, "--fleet-logs=logs")
    result = fleet.run(*selected)
    (log,) = fleet.folder.glob("logs/*.log")
    assert log.name == "mlp-cpu_a_1.log"
    text = log.read_text()
    for process in (1, 2):
        assert re.search(
            rf"^===== first-mlp-cpu-process-{process} \(. of .\) =====\nlooks for a card$", text, re.MULTILINE
        )
    assert re.search(r"^===== third-mlp-cpu-process-1 \(. of .\) =====\nTraceback", text, re.MULTILINE)
    reasons = {case.framework: case.reason for case in cases_of(fleet).values()}
    assert reasons["third"].endswith(" (log: logs/mlp-cpu_a_1.log)")
    assert "logs/" not in reasons["first"]
    result.stdout.fnmatch_lines(["*(log: logs/mlp-cpu_a_1.log)"])
    fleet.run(*selected, "--resume=run.json")
    assert sorted(path.name for path in fleet.folder.glob("logs/*.log")) == ["mlp-cpu_a_1.log", "mlp-cpu_a_2.log"]
    assert log.read_text() == text


def test_logs_that_cannot_be_kept_are_an_error_before_anything_is_measured(fleet: Matrix) -> None:
    (fleet.folder / "logs").touch()
    refused = fleet.run("-k", "first and cpu", *ON_FLEET, "--fleet-logs=logs")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert "--fleet-logs: logs: expected a folder that can be written (File exists)" in refused.stderr.str()
    assert not (fleet.folder / "run.json").exists()


def test_a_block_whose_machine_is_lost_is_measured_anew_and_no_figure_is_of_two(
    fleet: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_LOSES", "a")
    result = fleet.run("-k", "cpu and not third", "--processes=2", *ON_FLEET)
    result.assert_outcomes(passed=2, deselected=7)
    run = load_run(fleet.folder / "run.json")
    assert {case.machine for case in run.cases} == {"b"}
    assert {each.process for case in run.cases for each in case.rounds} == {0, 1}
    assert run.machines["b"]["cpu.model"] == "another processor"
    result.stdout.fnmatch_lines(
        ["*a: mlp cpu: LOST, and placed anew: it does not answer", "?1/1? b: begins anew mlp cpu*"]
    )


def test_what_a_lost_fleet_told_stays_and_is_completed_on_another(
    fleet: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    selected = ("-k", "cpu and not third", "--processes=2")
    monkeypatch.setenv("FLEET", json.dumps({"a": {}}))
    monkeypatch.setenv("FLEET_LOSES", "a")
    result = fleet.run(*selected, *ON_FLEET)
    result.assert_outcomes(failed=2, deselected=7)
    result.stdout.fnmatch_lines(["*first-mlp-cpu on a: no machine is left"])
    assert {(case.status, case.machine) for case in cases_of(fleet).values()} == {("measured", "a")}
    alone = fleet.run(*selected, "--resume=run.json")
    assert alone.ret == pytest.ExitCode.USAGE_ERROR
    assert "was measured on a, a machine of a fleet: add --fleet ADDRESS" in alone.stderr.str()
    monkeypatch.delenv("FLEET_LOSES")
    fleet.run(*selected, "--resume=run.json", *ON_FLEET).assert_outcomes(passed=2, deselected=7)
    assert {case.machine for case in cases_of(fleet).values() if case.stopped != "interrupted"} == {"a"}


def test_fewer_machines_than_were_asked_for_or_none_of_the_kind_measure_nothing(fleet: Matrix) -> None:
    for option, reason in (
        ("--fleet-machines=3", "--fleet here: there are no 3 machines"),
        ("--fleet-only=cpu.model=none", "and --fleet-only asks for none"),
    ):
        refused = fleet.run("-k", "first and cpu", *ON_FLEET, option)
        assert refused.ret == pytest.ExitCode.USAGE_ERROR
        assert reason in refused.stderr.str()
    fleet.run(
        "-k", "first and cpu", *ON_FLEET, "--fleet-machines=2", "--fleet-only=cpu.model=another processor"
    ).assert_outcomes(passed=1, deselected=8)
    assert {case.machine for case in cases_of(fleet).values()} == {"b"}


def test_what_is_installed_on_machines_is_told_before_anything_is_measured(fleet: Matrix) -> None:
    result = fleet.run("-k", "first and cpu", *ON_FLEET, "--fleet-packages")
    result.assert_outcomes(passed=1, deselected=8)
    result.stdout.fnmatch_lines(
        ["speedscore: --fleet: a: installs made-up==1.0", "speedscore: --fleet: the blocks are*"]
    )
    assert "made-up" not in fleet.run("-k", "first and cpu", *ON_FLEET).stdout.str()


def test_a_machine_of_other_versions_measures_nothing_unless_that_is_allowed(
    fleet: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    selected = ("-k", "first and cpu", *ON_FLEET)
    monkeypatch.setenv("FLEET", json.dumps({"old": {"package.numpy": "1.0"}}))
    refused = fleet.run(*selected)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in refused.errlines if line.startswith("ERROR")]
    assert re.fullmatch(
        r"ERROR: --fleet here: no machine may measure: old: package.numpy is 1.0 and must be \S+, as here; "
        r"--fleet-allow package.numpy lets it",
        line,
    )
    monkeypatch.setenv("FLEET", json.dumps({"old": {}}))
    monkeypatch.setenv("FLEET_PACKAGES", json.dumps({"msgspec": "0.0"}))
    refused = fleet.run(*selected)
    assert "old: package.msgspec is 0.0 and must be" in refused.stderr.str()
    monkeypatch.delenv("FLEET_PACKAGES")
    monkeypatch.setenv("FLEET", json.dumps({"old": {"package.numpy": "1.0"}, "new": {}}))
    result = fleet.run(*selected)
    result.stdout.fnmatch_lines(["speedscore: --fleet: old measures nothing: package.numpy is 1.0 *"])
    assert {case.machine for case in cases_of(fleet).values()} == {"new"}


def test_a_machine_that_does_not_answer_is_told_of_while_it_is_waited_for_and_once_it_is_not(
    fleet: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_ABSENT", "c: no answer for 31 s")
    result = fleet.run("-k", "first and cpu", *ON_FLEET)
    result.assert_outcomes(passed=1, deselected=8)
    result.stdout.fnmatch_lines(
        [
            "speedscore: --fleet: waiting for a machine: c: no answer for 31 s",
            "speedscore: --fleet: not used unless it answers later: c: no answer for 31 s",
            "speedscore: --fleet: the blocks are measured on a, b",
        ]
    )


def test_a_case_that_failed_on_a_fleet_says_how_to_run_it_there_again(
    fleet: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET", json.dumps({"a": {}, "b": {"cpu.model": "another processor", "package.msgspec": "0"}}))
    kind = ("--fleet-only=cpu.model=another processor", "--fleet-allow=package.msgspec")
    result = fleet.run("-k", "third and cpu", "--fleet=here", "--fleet-packages", *kind)
    result.assert_outcomes(failed=1, deselected=8)
    result.stdout.fnmatch_lines(
        [
            "to run it alone on the fleet (on b itself, without --fleet, for a debugger):",
            f"  cd {fleet.folder} && python -m pytest --benchmark-only --preset smoke --fleet here --fleet-only "
            "'cpu.model=another processor' --fleet-allow package.msgspec --fleet-packages "
            "'test_training.py::*third-mlp-cpu?'",
        ]
    )
