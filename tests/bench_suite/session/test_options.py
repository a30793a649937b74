"""What a session's options do: processes, a time budget, and taking a session up again that was cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from speedscore.bench_suite.measuring.outcomes import OUT_OF_TIME
from speedscore.bench_suite.session.session import NOT_MEASURED
from speedscore.host.fields import Scalar
from speedscore.host.fingerprint import fingerprint
from speedscore.record.run_file import BLOCK_KEY, load_run, to_block, write_json
from speedscore.record.run_record import SCHEMA_VERSION, RunRecord
from tests.bench_suite.sample_session import Matrix

TWO_MODELS = """
import os
import pytest

where = "speedscore.bench_suite.workloads.mlp"
MODELS["wide"] = Model("wide", workload=where, implementations={"sample": "sample_framework.mlp"})

def pytest_runtest_setup(item):
    if "wide" in item.name and "CUT_OFF" in os.environ:
        raise KeyboardInterrupt
"""


def one_error(result: pytest.RunResult) -> str:
    """The one line that a session which was refused says."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in result.stderr.str()
    # Where it is refused after collecting, pytest-benchmark has a word to say on standard error too.
    (line,) = [line for line in result.errlines if line.startswith("ERROR")]
    return line


def write_run(path: Path, *, preset: str = "smoke", in_process: bool = False, **environment: Scalar) -> None:
    """A saved run of this very machine, less what is said to differ."""
    run = RunRecord(
        schema_version=SCHEMA_VERSION,
        created="2026-11-22T12:00:00+00:00",
        preset=preset,
        seed=0,
        in_process=in_process,
        environment=fingerprint(Path(__file__).parent) | environment,
        cases=(),
    )
    write_json(path, {"benchmarks": [], BLOCK_KEY: to_block(run)})


@pytest.mark.parametrize("cut", ["interrupted", "deselected"])
def test_a_session_that_is_taken_up_again_measures_what_is_missing_and_saves_the_whole(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    matrix.make("training", "compilation", conftest=TWO_MODELS, sample="healthy")
    run_path = matrix.folder / "run.json"
    if cut == "interrupted":
        monkeypatch.setenv("CUT_OFF", "1")
        code = matrix.run("-k", "cpu", "--benchmark-json=run.json").ret
        monkeypatch.delenv("CUT_OFF")
    else:
        code = matrix.run("-k", "cpu and mlp", "--benchmark-json=run.json").ret
    assert code == (pytest.ExitCode.INTERRUPTED if cut == "interrupted" else pytest.ExitCode.OK)
    half = {case.nodeid: case for case in load_run(run_path).cases}
    carried = {nodeid: case for nodeid, case in half.items() if case.status == "measured"}
    assert carried
    assert {case.reason for nodeid, case in half.items() if nodeid not in carried} <= {NOT_MEASURED}

    result = matrix.run("-k", "cpu", "--resume=run.json", "--benchmark-json=run.json")
    result.assert_outcomes(passed=6, deselected=12)
    result.stdout.fnmatch_lines(["?1/1? wide cpu: sample (*)"])
    assert "mlp cpu: sample" not in result.stdout.str()
    whole = {case.nodeid: case for case in load_run(run_path).cases}
    assert len(whole) == 6
    assert {case.status for case in whole.values()} == {"measured"}
    assert {nodeid: whole[nodeid] for nodeid in carried} == carried, "to the last bit of every round"
    fresh = {case.occasion for nodeid, case in whole.items() if nodeid not in carried}
    assert len(fresh) == 1
    assert fresh.isdisjoint(case.occasion for case in carried.values())
    benchmarks = json.loads(run_path.read_text())["benchmarks"]
    assert {each["fullname"]: tuple(each["stats"]["data"]) for each in benchmarks} == {
        nodeid: case.rounds for nodeid, case in whole.items()
    }


def test_what_was_measured_before_and_is_not_selected_now_stays_in_the_run(matrix: Matrix) -> None:
    matrix.make("training", first="healthy", second="healthy")
    matrix.run("-k", "cpu and first", "--benchmark-json=first.json").assert_outcomes(passed=1, deselected=5)
    matrix.run("-k", "cpu and second", "--resume=first.json", "--benchmark-json=both.json").assert_outcomes(
        passed=1, deselected=5
    )
    (first,) = load_run(matrix.folder / "first.json").cases
    both = load_run(matrix.folder / "both.json")
    assert [(case.framework, case.status) for case in both.cases] == [("first", "measured"), ("second", "measured")]
    assert both.cases[0] == first
    assert both.ratios == (), "they were no neighbours in time"


def test_what_failed_before_is_measured_again(matrix: Matrix) -> None:
    matrix.make("training", sample="raise")
    matrix.run("-k", "cpu", "--benchmark-json=run.json").assert_outcomes(failed=1, deselected=2)
    matrix.make("training", sample="healthy")
    matrix.run("-k", "cpu", "--resume=run.json", "--benchmark-json=run.json").assert_outcomes(passed=1, deselected=2)
    assert [case.status for case in load_run(matrix.folder / "run.json").cases] == ["measured"]


@pytest.mark.parametrize(
    ("differs", "line"),
    [
        pytest.param({"preset": "full"}, "ERROR: --resume: preset was 'full' and is 'smoke': *", id="preset"),
        pytest.param({"cpu.model": "a wheel"}, "ERROR: --resume: cpu.model was 'a wheel' and is *", id="machine"),
        pytest.param(
            {"in_process": True}, "ERROR: --resume: *(--in-process) cannot be taken up again", id="in process"
        ),
    ],
)
def test_a_run_that_was_measured_otherwise_is_refused_and_left_alone(
    matrix: Matrix, differs: dict[str, str], line: str
) -> None:
    matrix.make("training", sample="healthy")
    path = matrix.folder / "run.json"
    write_run(path, **differs)  # type: ignore[arg-type]
    before = path.read_bytes()
    said = one_error(matrix.run("-k", "cpu", "--resume=run.json", "--benchmark-json=run.json"))
    pytest.LineMatcher([said]).fnmatch_lines([line])
    assert path.read_bytes() == before
    assert sorted(each.name for each in matrix.folder.glob("*.json*")) == ["run.json"]
    assert not list(matrix.folder.glob(".benchmarks/**/*.json"))


@pytest.mark.parametrize(("content", "reason"), [(None, "cannot be read"), ("{", "the file is damaged")])
def test_a_run_that_cannot_be_read_is_refused(matrix: Matrix, content: str | None, reason: str) -> None:
    matrix.make("training", sample="healthy")
    path = matrix.folder / "run.json"
    if content is not None:
        path.write_text(content)
    said = one_error(matrix.run("-k", "cpu", "--resume=run.json", "--benchmark-json=run.json"))
    assert said.startswith("ERROR: --resume: run.json: ")
    assert reason in said
    assert (path.read_text() if path.exists() else None) == content


def test_inside_pytest_no_session_is_taken_up_again(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    assert one_error(matrix.run("--resume=run.json", "--in-process")) == (
        "ERROR: --resume: what runs inside pytest (--in-process) cannot complete a session"
    )


def test_a_time_budget_that_is_too_short_skips_and_is_no_failure(matrix: Matrix) -> None:
    matrix.make("training", "compilation", first="healthy", second="healthy")
    result = matrix.run("-k", "cpu", "--time-budget=0.0001s", "--benchmark-json=run.json", "-rs")
    result.assert_outcomes(skipped=6, deselected=12)
    assert result.ret == pytest.ExitCode.OK
    run = load_run(matrix.folder / "run.json")
    assert {(case.status, case.reason) for case in run.cases} == {("skipped", OUT_OF_TIME)}
    result.stdout.fnmatch_lines([f"*6 skipped: {OUT_OF_TIME[:40]}*"])


def test_a_time_budget_ends_a_session_that_would_take_longer(matrix: Matrix) -> None:
    longer = 'PRESETS["smoke"] = Preset("smoke", rounds_seconds=3600.0, round_seconds=0.001, limit_seconds=60.0)\n'
    matrix.make("training", conftest=longer, sample="restless")
    result = matrix.run("-k", "cpu", "--time-budget=0m15s", "--benchmark-json=run.json")
    result.assert_outcomes(passed=1, deselected=2)
    (case,) = load_run(matrix.folder / "run.json").cases
    assert case.stopped == "budget"
    # Anything near two hours would be the preset's own rounds; how far a busy machine overruns is not asked.
    assert result.duration < 120


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--processes=0", "--processes: expected at least one process, found 0"),
        ("--processes=-2", "--processes: expected at least one process, found -2"),
        ("--time-budget=soon", "--time-budget: expected a duration such as 90s, 10m or 1h30m, found 'soon'"),
        ("--time-budget=0s", "--time-budget: expected some time, found '0s'"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(matrix: Matrix, option: str, reason: str) -> None:
    matrix.make("training", sample="healthy")
    assert one_error(matrix.run(option)) == f"ERROR: {reason}"


def test_the_seed_of_a_session_is_kept_with_it(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    matrix.run("-k", "tpu", "--round-order-seed=12345", "--benchmark-json=run.json")
    assert load_run(matrix.folder / "run.json").seed == 12345
