"""What a session's options do: processes, a time budget, and taking a session up again that was cut off."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.measuring.outcomes import OUT_OF_TIME
from speedscore.bench_suite.session.options import read_choices, refuse_beside_gate
from speedscore.bench_suite.session.saving.journal import Journal
from speedscore.bench_suite.session.session import NOT_MEASURED
from speedscore.host.fields import Scalar
from speedscore.host.fingerprint import fingerprint
from speedscore.record.run_file import BLOCK_KEY, load_run, to_block, write_json
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, RunRecord
from tests.bench_suite.sample_session import MEASURING, QUICK, Matrix
from tests.sample_runs import a_case, a_run


def one_error(result: pytest.RunResult) -> str:
    """The one line that a session which was refused says."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in result.stderr.str()
    # Where it is refused after collecting, pytest-benchmark has a word to say on standard error too.
    (line,) = [line for line in result.errlines if line.startswith("ERROR")]
    return line


def write_run(path: Path, *cases: CaseResult, **environment: Scalar) -> None:
    """A saved run of this very machine, less what is said to differ."""
    run = RunRecord(
        schema_version=SCHEMA_VERSION,
        created="2026-11-22T12:00:00+00:00",
        preset="smoke",
        seed=0,
        in_process=False,
        environment=fingerprint(Path(__file__).parent) | environment,
        cases=cases,
    )
    write_json(path, {"benchmarks": [], BLOCK_KEY: to_block(run)})


def test_a_session_that_is_taken_up_again_measures_what_is_missing_and_saves_the_whole(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix.make("training", "compilation", plugins=["two_models"], sample="healthy")
    run_path = matrix.folder / "run.json"
    monkeypatch.setenv("CUT_OFF", "1")
    assert matrix.run("-k", "cpu and not warm", "--benchmark-json=run.json").ret == pytest.ExitCode.INTERRUPTED
    monkeypatch.delenv("CUT_OFF")
    half = {case.nodeid: case for case in load_run(run_path).cases}
    carried = {nodeid: case for nodeid, case in half.items() if case.status == "measured"}
    assert carried
    assert {case.reason for nodeid, case in half.items() if nodeid not in carried} == {NOT_MEASURED}

    result = matrix.run("-k", "cpu and not warm", "--resume=run.json", "--benchmark-json=run.json")
    result.assert_outcomes(passed=4, deselected=14)
    result.stdout.fnmatch_lines(["?1/1? wide cpu: sample (*)"])
    assert "mlp cpu: sample" not in result.stdout.str()
    whole = {case.nodeid: case for case in load_run(run_path).cases}
    assert len(whole) == 4
    assert {case.status for case in whole.values()} == {"measured"}
    assert {nodeid: whole[nodeid] for nodeid in carried} == carried, "to the last bit of every round"
    fresh = {case.occasion for nodeid, case in whole.items() if nodeid not in carried}
    assert len(fresh) == 1
    assert fresh.isdisjoint(case.occasion for case in carried.values())
    benchmarks = json.loads(run_path.read_text())["benchmarks"]
    assert {each["fullname"]: tuple(each["stats"]["data"]) for each in benchmarks} == {
        nodeid: case.rounds_seconds for nodeid, case in whole.items()
    }


def test_what_was_measured_before_stays_and_what_was_not_is_measured(matrix: Matrix) -> None:
    """Whether it is selected now or not; what failed before is no measurement."""
    matrix.make("training", first="healthy", second="raise", third="healthy")
    matrix.run("-k", "cpu", "--benchmark-json=run.json").assert_outcomes(passed=2, failed=1, deselected=6)
    before = {case.framework: case for case in load_run(matrix.folder / "run.json").cases}
    matrix.make("training", first="healthy", second="healthy", third="healthy")
    result = matrix.run("-k", "cpu and not third", "--resume=run.json", "--benchmark-json=run.json")
    result.assert_outcomes(passed=2, deselected=7)
    run = load_run(matrix.folder / "run.json")
    cases = {case.framework: case for case in run.cases}
    assert (cases["first"], cases["third"]) == (before["first"], before["third"])
    assert (cases["second"].status, cases["second"].occasion) == ("measured", run.created)
    assert all("second" not in (ratio.faster, ratio.slower) for ratio in run.ratios), "they were no neighbours in time"


def test_what_is_forged_is_measured_again_with_the_reason(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    nodeid = "test_training.py::test_training[sample-mlp-cpu]"
    write_run(matrix.folder / "run.json", msgspec.structs.replace(a_case("sample", [[0.1]]), nodeid=nodeid))
    result = matrix.run("-k", "cpu", "--resume=run.json", "--benchmark-json=run.json")
    result.assert_outcomes(passed=1, deselected=2)
    result.stdout.fnmatch_lines(
        [f"speedscore: --resume: {nodeid.replace('[', '?')[:-1]}? must be measured again: its *"]
    )
    run = load_run(matrix.folder / "run.json")
    assert [case.occasion for case in run.cases] == [run.created]


def test_a_run_that_was_measured_otherwise_is_refused_and_left_alone(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    path = matrix.folder / "run.json"
    write_run(path, **{"cpu.model": "a wheel"})
    before = path.read_bytes()
    said = one_error(matrix.run("-k", "cpu", "--resume=run.json", "--benchmark-json=run.json"))
    pytest.LineMatcher([said]).fnmatch_lines(["ERROR: --resume: cpu.model was 'a wheel' and is *"])
    assert path.read_bytes() == before
    assert sorted(each.name for each in matrix.folder.glob("*.json*")) == ["run.json"]
    assert not list(matrix.folder.glob(".benchmarks/**/*.json"))


@pytest.mark.parametrize(("content", "reason"), [(None, "cannot be read"), ("{", "the file is damaged")])
def test_a_run_that_cannot_be_read_is_refused(matrix: Matrix, content: str | None, reason: str) -> None:
    path = matrix.folder / "run.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(pytest.UsageError) as caught:
        read_choices(matrix.configure("--resume=run.json"))
    assert str(caught.value).startswith("--resume: run.json: ")
    assert reason in str(caught.value)
    assert (path.read_text() if path.exists() else None) == content


def test_a_journal_with_a_damaged_line_is_taken_up_without_the_cases_that_need_it(matrix: Matrix) -> None:
    journal = Journal(matrix.folder)
    journal.keep(
        [a_case("jax", [[0.1]], machine="a"), a_case("torch", [[0.1]])],
        session=a_run,
        machines={"a": {"cpu.model": "one"}},
    )
    path = journal.path
    assert path is not None
    journal.close()
    path.write_text(path.read_text().replace('{"machines"', "{"))
    choices = read_choices(matrix.configure(f"--resume={path}"))
    assert choices.earlier is not None
    assert [case.framework for case in choices.earlier.cases] == ["torch"]
    assert [nodeid.partition("[")[2] for nodeid in choices.earlier_left_out] == ["jax-mlp]"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(
            ["--preset=enormous"],
            "--preset: unknown preset 'enormous'; there are smoke, small, full",
            id="unknown preset",
        ),
        pytest.param(["--processes=0"], "--processes: expected at least one process, found 0", id="no process"),
        pytest.param(["--processes=-2"], "--processes: expected at least one process, found -2", id="negative"),
        pytest.param(
            ["--time-budget=soon"],
            "--time-budget: expected a duration such as 90s, 10m or 1h30m, found 'soon'",
            id="no duration",
        ),
        pytest.param(["--time-budget=0s"], "--time-budget: expected some time, found '0s'", id="no time"),
        pytest.param(
            [f"--round-order-seed={1 << 63}"],
            "--round-order-seed: expected a whole number of at most 64 bits, found one of 64",
            id="a seed that no run can hold",
        ),
        pytest.param(
            ["--resume=run.json", "--in-process"],
            "--resume: what runs inside pytest (--in-process) cannot complete a session",
            id="resuming in one process",
        ),
        pytest.param(
            ["--profile=."],
            "--profile .: expected a new or an empty folder, found conftest.py in it; name another",
            id="a folder that holds something",
        ),
        pytest.param(
            ["--profile=conftest.py"],
            "--profile conftest.py: expected a new or an empty folder (Not a directory)",
            id="a file for a folder",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_collected(
    matrix: Matrix, options: list[str], reason: str
) -> None:
    (matrix.folder / "conftest.py").touch()
    with pytest.raises(pytest.UsageError) as caught:
        matrix.configure(*options)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "option",
    [
        "--require-device=tpu",
        "--resume=run.json",
        "--profile=new",
        "--time-budget=1m",
        "--report=new.html",
        "--fleet=local",
    ],
    ids=lambda option: option.partition("=")[0].strip("-"),
)
def test_what_nothing_would_come_of_under_xdist_is_refused(matrix: Matrix, option: str) -> None:
    (matrix.folder / "conftest.py").touch()
    with pytest.raises(pytest.UsageError) as caught:
        matrix.configure("-p", "speedscore.report.plugin", option, "--dist=load")
    name = option.partition("=")[0]
    assert str(caught.value) == f"{name}: nothing is measured under pytest-xdist; leave out -n"


UNREAD_BESIDE_GATE = {
    "--profile=new": "profile the case in a session of its own, once on each side",
    "--fleet=local": "write --gate-fleet local",
    "--time-budget=1m": "write --gate-time-budget 1m",
    "--require-device=tpu": "require the device in a session of its own before the gate",
    "--report=new.html": "write --gate-json FILE.json, and then: speedscore report FILE.json -o new.html",
    "--resume=run.json": "leave it out",
    "--in-process": "leave it out",
    "--round-order-seed=0": "leave it out",
    "--processes=5": "leave it out",
}


@pytest.mark.parametrize("option", UNREAD_BESIDE_GATE, ids=lambda option: option.partition("=")[0].strip("-"))
def test_what_a_gate_would_leave_unread_is_refused(matrix: Matrix, option: str) -> None:
    plugins = ("-p", MEASURING, "-p", "speedscore.report.plugin")
    refuse_beside_gate(matrix.pytester.parseconfig("--noconftest", *plugins, option))
    with pytest.raises(pytest.UsageError) as caught:
        refuse_beside_gate(matrix.pytester.parseconfig("--noconftest", *plugins, "--gate=main", option))
    assert str(caught.value).startswith(f"{option.partition('=')[0]}: ")
    assert str(caught.value).endswith(UNREAD_BESIDE_GATE[option])


def test_what_settings_say_for_every_session_stops_no_gate(matrix: Matrix) -> None:
    matrix.pytester.makeini("[pytest]\naddopts = --processes=5 --report=new.html")
    plugins = ("-p", MEASURING, "-p", "speedscore.report.plugin")
    config = matrix.pytester.parseconfig("--noconftest", *plugins, "--gate=main")
    assert config.getoption("processes") == 5
    refuse_beside_gate(config)


def test_a_gate_that_is_told_nothing_else_is_not_refused(matrix: Matrix) -> None:
    plugins = ("-p", MEASURING, "-p", "speedscore.report.plugin")
    refuse_beside_gate(matrix.pytester.parseconfig("--noconftest", *plugins, "--gate=main"))


@pytest.mark.parametrize("option", ["--preset=enormous", "--processes=0", "--time-budget=soon"])
def test_a_refusal_reaches_the_terminal_as_one_line(matrix: Matrix, option: str) -> None:
    matrix.make("training", sample="healthy")
    with pytest.raises(pytest.UsageError) as caught:
        matrix.configure(option)
    result = matrix.run(option)
    assert one_error(result) == f"ERROR: {caught.value}"
    assert result.outlines == []


def test_a_time_budget_that_is_too_short_skips_and_is_no_failure(matrix: Matrix) -> None:
    matrix.make("training", "compilation", first="healthy", second="healthy")
    result = matrix.run("-k", "cpu", "--time-budget=0.0001s", "--benchmark-json=run.json", "-rs")
    result.assert_outcomes(skipped=6, deselected=12)
    assert result.ret == pytest.ExitCode.OK
    run = load_run(matrix.folder / "run.json")
    assert {(case.status, case.reason) for case in run.cases} == {("skipped", OUT_OF_TIME)}
    result.stdout.fnmatch_lines([f"*6 skipped: {OUT_OF_TIME[:40]}*"])


def test_a_time_budget_ends_a_session_that_would_take_longer(matrix: Matrix) -> None:
    hours = msgspec.structs.replace(QUICK, rounds_seconds=3600.0)
    matrix.make("training", preset=hours, sample="restless")
    for seconds in (4, 20, 120):
        result = matrix.run("-k", "cpu", f"--time-budget=0m{seconds}s", "--benchmark-json=run.json")
        (case,) = load_run(matrix.folder / "run.json").cases
        # A busy machine may spend a short one on starting the case's process.
        if case.reason != OUT_OF_TIME:
            break
    result.assert_outcomes(passed=1, deselected=2)
    assert case.stopped == "budget"
    # Anything near an hour would be the preset's own rounds; how far a busy machine overruns is not asked.
    assert result.duration < 1200


def test_the_seed_of_a_session_is_kept_with_it(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    matrix.run("-k", "tpu", "--round-order-seed=12345", "--benchmark-json=run.json")
    assert load_run(matrix.folder / "run.json").seed == 12345
