"""The plugin as its user meets it: whole sessions in a pytest of their own, with a framework made of NumPy."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import has_cell
from speedscore.bench_suite.matrix.cases import matrix as list_cases
from speedscore.bench_suite.session.saving.journal import load_journal
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.host.reaper_script import place
from speedscore.host.scratch import make_scratch, remove_leftovers
from speedscore.record.measurement import Measurement
from speedscore.record.phases import PHASES
from speedscore.record.run_file import BLOCK_KEY, load_run
from tests.bench_suite.sample_session import SOURCES, Matrix
from tests.waiting import LIMIT_SECONDS


def test_what_workers_measured_is_what_pytest_benchmark_saves(matrix: Matrix) -> None:
    matrix.make("training", "inference", "throughput", "compilation", sample="healthy")
    matrix.run("--processes=2", "--benchmark-json=run.json").assert_outcomes(passed=5, skipped=10)
    document = json.loads((matrix.folder / "run.json").read_text())
    run = load_run(matrix.folder / "run.json")
    measured = {case.nodeid: case for case in run.cases if case.status == "measured"}
    assert len(run.cases) == 15
    assert len(measured) == len(document["benchmarks"]) == 5
    for benchmark in document["benchmarks"]:
        case = measured[benchmark["fullname"]]
        assert tuple(benchmark["stats"]["data"]) == case.rounds_seconds
        assert benchmark["stats"]["rounds"] == len(case.rounds)
        assert benchmark["params"] == {
            "framework": "sample",
            "model": "mlp",
            "device": "cpu",
            "precision": "float32",
        }
        assert {each.process for each in case.rounds} == PROCESSES[case.phase]
        assert ("peak_rss_running_bytes" in benchmark["extra_info"]) == (case.phase not in ("inference", "throughput"))
        assert benchmark["extra_info"]["workload.batch"] == case.workload["batch"]
        assert case.certificate is not None
        assert case.certificate.passed
        assert case.find("graph_breaks") == Measurement("graph_breaks", unit="count", better="lower", samples=(3.0,))
        weights = case.find("exported_bytes")
        assert weights is not None
        assert weights.unit == "bytes"
    assert run.environment["cpu.affinity"]
    assert document[BLOCK_KEY]["preset"] == "smoke"


PROCESSES = {
    "training": {0, 1},
    "inference": {0, 1},
    "throughput": {0, 1},
    "compilation": {0},
    "warm_compilation": {1},
}


def test_pytest_benchmark_compares_two_of_our_runs(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    matrix.run("-k", "cpu", "--benchmark-save=before", "--benchmark-save-data").assert_outcomes(passed=1)
    (before,) = (matrix.folder / ".benchmarks").rglob("*.json")
    after = shutil.copy(before, before.with_name("0002_after.json"))
    compared = matrix.pytester.run(sys.executable, "-m", "pytest_benchmark", "compare", before, after)
    assert compared.ret == 0
    for name in ("before", "after"):
        compared.stdout.fnmatch_lines([f"*test_training?sample-mlp-cpu?*{name}*"])


@pytest.mark.bare
def test_where_every_case_is_skipped_a_valid_run_is_written(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix.make("training", "inference", sample="healthy")
    monkeypatch.setenv("TMPDIR", str(matrix.folder))
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(matrix.folder))
        left_by_a_session_that_was_killed = make_scratch("worker")
    (left_by_a_session_that_was_killed / ".made-by").write_text(f"{os.getpid()}-1-{place()}")
    result = matrix.run("-k", "tpu", "--benchmark-json=run.json")
    result.assert_outcomes(skipped=2, deselected=4)
    run = load_run(matrix.folder / "run.json")
    assert [case.status for case in run.cases] == ["skipped", "skipped"]
    assert not list(matrix.folder.glob("speedscore-*")), "it removes its own, and what was left"
    assert all("looked for" in case.reason and "/dev/accel" in case.reason for case in run.cases)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["2 of 2 cases were asked for and not measured (2 tpu):", "*2 skipped: no tpu: *"])


def test_a_log_gets_plain_lines_that_fit_and_a_run_is_saved_that_nobody_asked_to_save(matrix: Matrix) -> None:
    matrix.make("training", "inference", "compilation", torch_compile="healthy")
    result = matrix.run("-k", "not gpu", "--processes=2", "--require-device", "cpu")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.re_match_lines(
        [
            r"\[1/1\] mlp cpu: torch_compile \(.*inference, training\)",
            r"    inference torch_compile: .* rounds? \(\w+\)",
            r"    training torch_compile: .* rounds? \(\w+\)",
        ]
    )
    assert not re.search("[\r\x1b]", result.stdout.str())
    (path,) = (matrix.folder / ".benchmarks").rglob("*.json")
    assert path.name == "0001_speedscore.json"
    assert {case.status for case in load_run(path).cases if case.device == "cpu"} == {"measured"}
    result.stdout.fnmatch_lines([f"speedscore: the run is saved in {path}"])
    begin = next(index for index, line in enumerate(result.outlines) if "speedscore: measured" in line)
    # The last but one names the file, and a path is as long as it is.
    assert [line for line in result.outlines[begin:] if len(line) > 80 and "the run is saved in" not in line] == []


@pytest.mark.bare
def test_without_frameworks_every_case_is_skipped_with_the_command_that_brings_it(matrix: Matrix) -> None:
    matrix.make("training", plugins=["no_frameworks"])
    result = matrix.run("-k", "mlp and cpu", "--benchmark-json=run.json")
    assert result.ret == pytest.ExitCode.OK
    cases = {case.framework: case for case in load_run(matrix.folder / "run.json").cases}
    assert {case.status for case in cases.values()} == {"skipped"}
    lines = [framework for framework in FRAMEWORKS.values() if has_cell(framework, MODELS["mlp"], "cpu")]
    assert cases.keys() == {framework.id for framework in lines}
    for framework in lines:
        assert framework.declined.get("cpu", framework.remedy) in cases[framework.id].reason


def test_a_required_device_that_is_missing_decides_the_exit_code(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    result = matrix.run("-k", "tpu", "--require-device", "tpu")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    first = "the first, test_training?sample-mlp-tpu?: no tpu: found none of what was looked for: */dev/accel*"
    result.stdout.fnmatch_lines([f"speedscore: --require-device tpu: 1 of 1 cases were not measured; {first}"])


def test_a_wrong_model_and_a_missing_device_cost_only_themselves(matrix: Matrix) -> None:
    matrix.make("training", good="healthy", bad="wrong", off="unavailable")
    result = matrix.run("-k", "cpu", "--benchmark-json=run.json", "-rs")
    result.assert_outcomes(passed=1, failed=1, skipped=1, deselected=6)
    result.stdout.fnmatch_lines(
        ["*bad-mlp-cpu*forward outputs wrong*", "*python -m pytest --benchmark-only *bad-mlp-cpu*"]
    )
    result.stdout.fnmatch_lines(["*this build of the sample framework has none*"])
    good, bad, off = load_run(matrix.folder / "run.json").cases
    assert good.status == "measured"
    assert (bad.status, bad.rounds) == ("failed", ()), "what is wrong is never timed"
    assert "forward outputs wrong" in bad.reason
    assert "python -m pytest" not in bad.reason, "how to run it again is for the terminal"
    assert off.status == "skipped"
    assert "this build of the sample framework has none" in off.reason


def test_in_process_an_error_keeps_its_traceback_and_the_run_says_how_it_was_made(matrix: Matrix) -> None:
    matrix.make("training", "compilation", good="healthy", bad="raise")
    result = matrix.run("-k", "cpu", "--in-process", "--benchmark-json=run.json")
    # A warm compilation has no process of its own there, and neither has what failed.
    assert {name: count for name, count in result.parseoutcomes().items() if name != "deselected"} == {
        "passed": 2,
        "failed": 3,
        "skipped": 1,
    }
    result.stdout.fnmatch_lines(["*raise ValueError*", "*program.py:*: ValueError"])
    assert load_run(matrix.folder / "run.json").in_process


def test_disabled_benchmarks_are_skipped_and_start_nothing(matrix: Matrix) -> None:
    matrix.make("training", sample="crash")
    result = matrix.pytester.runpytest_subprocess(
        "--benchmark-disable", "-p", "no:speedscore.scoring.plugin", "-k", "cpu"
    )
    result.assert_outcomes(skipped=1, deselected=2)


@pytest.mark.parametrize(
    "option",
    ["--benchmark-json=run.json", "--benchmark-autosave", "--benchmark-sort=name"],
    ids=["json", "auto", "none"],
)
def test_a_full_disk_costs_neither_an_older_run_nor_the_results(matrix: Matrix, option: str) -> None:
    matrix.make("training", plugins=["no_room"], sample="healthy")
    (matrix.folder / "run.json").write_text("the older run")
    result = matrix.run("-k", "cpu", option)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["training: seconds per step*", "speedscore: the run was not saved: *File too large*"])
    assert (matrix.folder / "run.json").read_text() == "the older run"
    assert [path.name for path in matrix.folder.iterdir() if "run.json" in path.name] == ["run.json"]
    assert not list((matrix.folder / ".benchmarks").rglob("*.json"))
    (journal,) = (matrix.folder / ".benchmarks").rglob("*.jsonl")
    result.stdout.fnmatch_lines([f"speedscore: what was measured stands in {journal}: take it up with --resume=*"])
    assert [case.status for case in load_journal(journal).run.cases] == ["measured"]


def test_a_journal_that_lacks_something_is_not_called_whole(matrix: Matrix) -> None:
    lacking = "from speedscore.bench_suite.session.saving.journal import Journal\nJournal.problem = 'no room'\n"
    matrix.make("training", plugins=["no_room"], sample="healthy", conftest=lacking)
    result = matrix.run("-k", "cpu", "--benchmark-json=run.json")
    result.stdout.fnmatch_lines(["speedscore: a part of what was measured (no room) stands in *: take it up with *"])


def test_other_people_s_benchmarks_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("pytest_plugins = ['speedscore.bench_suite.plugin']")
    pytester.makepyfile("def test_sum(benchmark):\n    benchmark(sum, [1, 2])\n\ndef test_plain():\n    pass\n")
    result = pytester.runpytest_subprocess("-p", "no:speedscore.scoring.plugin", "--benchmark-json=run.json")
    result.assert_outcomes(passed=2)
    # pytest itself names the plugins that it found.
    assert not [line for line in result.outlines if "speedscore" in line and not line.startswith("plugins:")]
    result.stderr.fnmatch_lines(["Wrote benchmark data in: run.json"])
    assert BLOCK_KEY not in json.loads((pytester.path / "run.json").read_text())
    assert not list((pytester.path / ".benchmarks").rglob("*.json"))


def test_other_people_s_markers_and_switches_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers =\n    phase\n    speedscore_phase")
    pytester.makepyfile(
        "import pytest\n\n@pytest.mark.phase('smoke')\ndef test_one():\n    pass\n\n"
        "@pytest.mark.speedscore_phase\ndef test_two():\n    pass\n"
    )
    for options in ([], ["-p", "no:benchmark"], ["-p", "no:terminal"]):
        result = pytester.runpytest_subprocess(
            "-p", "speedscore.bench_suite.plugin", "-p", "no:speedscore.scoring.plugin", *options
        )
        assert result.ret == pytest.ExitCode.OK, result.stdout.str() + result.stderr.str()


def test_without_pytest_benchmark_the_cases_are_collected_and_one_line_says_what_is_missing(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    (matrix.folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p no:benchmark\n")
    options = ("-p", "no:speedscore.scoring.plugin", "-k", "cpu")
    assert matrix.pytester.runpytest_subprocess(*options, "--collect-only").ret == pytest.ExitCode.OK
    result = matrix.pytester.runpytest_subprocess(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line]
    assert line.startswith("ERROR: pytest-benchmark is switched off")


def test_without_the_plugin_of_every_session_a_session_ends_as_ever(matrix: Matrix) -> None:
    matrix.make("training", conftest="pytest_plugins += ['speedscore.scoring.plugin']\n", sample="healthy")
    result = matrix.pytester.runpytest_subprocess("-p", "no:speedscore.plugin", "-k", "tpu")
    assert result.ret == pytest.ExitCode.OK, result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["Nothing was measured, so there is nothing to rank; *"])


def test_a_required_device_of_which_no_case_was_selected_is_missing(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    result = matrix.run("-k", "nothing_of_this_name", "--require-device", "tpu")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["speedscore: --require-device tpu: no case was selected"])


@pytest.mark.bare
def test_in_this_very_checkout_a_session_that_measures_nothing_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("the older run")
    command = ["-m", "pytest", "bench_suite", "--benchmark-only", "-k", "mlp and tpu", f"--benchmark-json={path}"]
    done = subprocess.run([sys.executable, *command], cwd=SOURCES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    count = sum("mlp" in case.id and case.device == "tpu" for phase in PHASES for case in list_cases(phase))
    assert f"{count} of {count} cases were asked for and not measured" in done.stdout
    assert {case.status for case in load_run(path).cases} == {"skipped"}
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL],
    ids=["interrupt", "end", "closed terminal", "kill"],
)
def test_no_process_is_left_behind_and_no_folder_that_the_next_session_does_not_remove(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    matrix.make("training", first="healthy", second="hang")
    options = ["-p", "no:speedscore.scoring.plugin", "-k", "cpu", "--benchmark-json=run.json"]
    pytest_process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, "--round-order-seed", str(seed_that_keeps_order(2))],
        cwd=matrix.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(matrix.folder)},
    )
    workers = await_workers(pytest_process.pid, count=2)
    pytest_process.send_signal(number)
    pytest_process.wait(timeout=LIMIT_SECONDS)
    gone, alive = psutil.wait_procs(workers, timeout=LIMIT_SECONDS)
    assert (len(gone), alive) == (2, [])
    if number != signal.SIGKILL:
        assert pytest_process.returncode == pytest.ExitCode.INTERRUPTED
    else:
        assert list(matrix.folder.glob("speedscore-*"))
        monkeypatch.setattr(tempfile, "tempdir", str(matrix.folder))
        remove_leftovers()
    assert not list(matrix.folder.glob("speedscore-*"))
    assert not list(matrix.folder.rglob("*.json*")), "before anything was measured there is nothing to save"


def seed_that_keeps_order(count: int) -> int:
    seats = list(range(count))
    return next(seed for seed in itertools.count() if random.Random(seed).sample(seats, k=count) == seats)


def await_workers(pid: int, *, count: int) -> list[psutil.Process]:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        children = psutil.Process(pid).children()
        workers = [child for child in children if is_worker(child)]
        if len(workers) == count:
            return workers
        time.sleep(0.05)
    raise AssertionError(f"{count} workers did not start within {LIMIT_SECONDS:.0f} s")


def is_worker(process: psutil.Process) -> bool:
    try:
        return "speedscore.bench_suite.workers" in " ".join(process.cmdline())
    except psutil.Error:  # it has ended in between
        return False
