"""Whole sessions that are killed, interrupted, or run beside each other: what was measured is there afterwards."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from speedscore.bench_suite.session.ending import NOTHING_MEASURED
from speedscore.record.run_file import load_run
from tests.bench_suite.sample_session import ONE_PROCESS, QUICK, WITHOUT_SCORES, Matrix
from tests.waiting import LIMIT_SECONDS, wait_until


class Begun:
    """A session that goes on while the test does something to it."""

    def __init__(self, matrix: Matrix, *arguments: str) -> None:
        self._folder = matrix.folder
        command = [sys.executable, "-m", "pytest", "--benchmark-only", ONE_PROCESS, *WITHOUT_SCORES, *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=matrix.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        wait_until(lambda: is_so() or self.process.poll() is not None, "the session did not come so far")
        assert is_so(), self.process.communicate()[0]

    def end(self, *numbers: signal.Signals) -> str:
        """Send these signals, wait, and return what it said."""
        workers = psutil.Process(self.process.pid).children(recursive=True)
        for number in numbers:
            self.process.send_signal(number)
        (self._folder / "signalled").touch()
        said = self.process.communicate(timeout=LIMIT_SECONDS)[0]
        psutil.wait_procs(workers, timeout=LIMIT_SECONDS)
        return said


@pytest.fixture
def matrix(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> Matrix:
    """Its sessions have a temporary folder of their own: every other may hold journals of whoever was cut off there."""
    temporary = matrix.folder / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    return matrix


def journals(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jsonl"))


def runs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.json"))


def test_a_session_that_is_killed_loses_the_block_it_was_in_and_is_taken_up_again(
    matrix: Matrix, tmp_path: Path
) -> None:
    """By the words that the next one says, wherever its journal lies: pytest must take no path in them for a test's."""
    stored = tmp_path / "outside the rootdir"
    storage = f"--benchmark-storage=file://{stored}"
    matrix.make("training", plugins=["two_models"], sample="healthy", conftest=WAIT_AT_WIDE)
    begun = Begun(matrix, "-k", "cpu", storage)
    begun.wait_until((matrix.folder / "waiting").exists)
    begun.end(signal.SIGKILL)
    (journal,) = journals(stored)
    assert runs(matrix.folder) == runs(stored) == []

    matrix.make("training", plugins=["two_models"], sample="healthy")
    other = matrix.run("-k", "mlp and gpu", storage)
    said = re.search("take it up with (.+), or remove it", other.stdout.str())
    assert said is not None
    other.stdout.fnmatch_lines([f"speedscore: a session that was cut off left {journal}: take it up with --resume=*"])
    result = matrix.run("-k", "cpu", *shlex.split(said[1]), "--benchmark-json=run.json", storage)
    result.assert_outcomes(passed=2, deselected=4)
    assert "a session that was cut off" not in result.stdout.str()
    result.stdout.fnmatch_lines(["?1/1? wide cpu: sample (*)"])
    run = load_run(matrix.folder / "run.json")
    assert {case.model: case.status for case in run.cases} == {"mlp": "measured", "wide": "measured"}
    assert len({case.occasion for case in run.cases}) == 2
    assert journals(stored) == []


def test_whatever_a_test_is_skipped_or_fails_with_costs_no_other_case(matrix: Matrix) -> None:
    matrix.make("training", "inference", "throughput", sample="healthy", conftest=ODD_REASONS)
    result = matrix.run("-k", "cpu", "--benchmark-json=run.json")
    result.assert_outcomes(passed=1, skipped=1, errors=1, deselected=6)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert {case.phase: (case.status, case.reason) for case in load_run(matrix.folder / "run.json").cases} == {
        "training": ("measured", ""),
        "inference": ("skipped", r"no /data/b\udcfcro"),
        "throughput": ("failed", "no reason was given"),
    }


ODD_REASONS = """
import pytest

@pytest.fixture(autouse=True)
def reason(request):
    if "inference" in request.node.name:
        pytest.skip("no /data/b\\udcfcro")
    if "throughput" in request.node.name:
        pytest.fail("", pytrace=False)
"""


WAIT_AT_WIDE = """
import time
from pathlib import Path

def pytest_runtest_setup(item):
    if "wide" in item.name:
        Path("waiting").touch()
        time.sleep(3600)
"""


def test_a_session_on_a_fleet_that_is_killed_is_taken_up_with_what_its_machines_had_told(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET", json.dumps({"a": {}}))
    plugins = ["two_models", "fleet_here"]
    matrix.make("training", plugins=plugins, sample="healthy", conftest=WAIT_AT_WIDE)
    begun = Begun(matrix, "-k", "cpu", "--fleet=here")
    begun.wait_until((matrix.folder / "waiting").exists)
    begun.end(signal.SIGKILL)
    (journal,) = journals(matrix.folder)
    assert runs(matrix.folder) == []

    matrix.make("training", plugins=plugins, sample="healthy")
    result = matrix.run("-k", "cpu", "--fleet=here", f"--resume={journal}", "--benchmark-json=run.json")
    result.assert_outcomes(passed=2, deselected=4)
    result.stdout.fnmatch_lines(["?1/1? a: begins wide cpu: sample (*)"])
    run = load_run(matrix.folder / "run.json")
    assert {case.model: (case.status, case.machine) for case in run.cases} == dict.fromkeys(
        ("mlp", "wide"), ("measured", "a")
    )
    assert len({case.occasion for case in run.cases}) == 2, "what was measured before is not measured again"
    assert run.machines.keys() == {"a"}
    assert journals(matrix.folder) == []


def test_three_sessions_in_one_folder_are_three_runs(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy", conftest=SAVE_TOGETHER.format(sessions=3))
    begun = [Begun(matrix, "-k", "tpu") for _ in range(3)]
    said = [each.end() for each in begun]
    assert [path.name for path in runs(matrix.folder)] == [f"000{number}_speedscore.json" for number in range(1, 4)]
    for path in runs(matrix.folder):
        assert len(load_run(path).cases) == 1
        assert sum(f"speedscore: the run is saved in {path}" in text for text in said) == 1


SAVE_TOGETHER = """
import os, time
import pytest
from pathlib import Path

@pytest.hookimpl(tryfirst=True)
def pytest_benchmark_generate_json():
    # All have begun, and none has saved, when the first one goes on.
    Path(f"ready-{{os.getpid()}}").touch()
    while len(list(Path().glob("ready-*"))) < {sessions}:
        time.sleep(0.01)
"""


def test_of_two_sessions_with_one_file_the_second_keeps_its_run_elsewhere(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy", conftest=SAVE_TOGETHER.format(sessions=2))
    begun = [Begun(matrix, "-k", "tpu", "--benchmark-json=run.json") for _ in range(2)]
    said = [each.end() for each in begun]
    assert sorted(each.process.returncode for each in begun) == [pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED]
    (second,) = [text for text in said if "another session has written it" in text]
    stored = matrix.folder / ".benchmarks"
    (path,) = runs(stored)
    assert f"speedscore: the run is saved in {path}, because run.json: another session has written it" in second
    assert len({load_run(path).seed, load_run(matrix.folder / "run.json").seed}) == 2


def test_no_signal_gets_between_a_run_and_its_file(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy", conftest=SLOW_SAVING)
    begun = Begun(matrix, "-k", "cpu", "--benchmark-json=run.json")
    begun.wait_until((matrix.folder / "saving").exists)
    said = begun.end(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    assert begun.process.returncode == pytest.ExitCode.INTERRUPTED
    assert "speedscore: the run is saved in run.json" in said
    assert "Traceback" not in said
    assert [case.status for case in load_run(matrix.folder / "run.json").cases] == ["measured"]
    assert journals(matrix.folder) == []


SLOW_SAVING = """
import time
import pytest
from pathlib import Path

@pytest.hookimpl(tryfirst=True)
def pytest_benchmark_generate_json():
    Path("saving").touch()
    while not Path("signalled").exists():
        time.sleep(0.01)
"""


def test_an_interrupt_in_the_first_process_of_a_block_keeps_its_rounds(matrix: Matrix) -> None:
    endless = msgspec.structs.replace(QUICK, rounds_seconds=3600.0)
    matrix.make("training", sample="healthy", conftest=WAIT_IN_ROUNDS, preset=endless)
    begun = Begun(matrix, "-k", "cpu", "--processes=2", "--benchmark-json=run.json")
    begun.wait_until((matrix.folder / "rounds").exists)
    said = begun.end(signal.SIGINT, signal.SIGINT)
    assert begun.process.returncode == pytest.ExitCode.INTERRUPTED
    (case,) = load_run(matrix.folder / "run.json").cases
    assert (case.status, case.stopped) == ("measured", "interrupted")
    assert {each.process for each in case.rounds} == {0}
    assert case.certificate is not None
    assert case.program.platform == "cpu"
    assert "(interrupted)" in said
    assert "Benchmark fixture was not used" not in said
    assert "speedscore: 1 of 1 cases were interrupted, and have fewer rounds or processes" in said


WAIT_IN_ROUNDS = """
import time
from pathlib import Path
from speedscore.bench_suite.session.printing.progress import Progress

def round_done(self, case, rounds_seconds):
    if len(rounds_seconds) == 5:
        Path("rounds").touch()
        time.sleep(3600)

Progress.round_done = round_done
"""


@pytest.mark.parametrize("hook", ["pytest_collection_modifyitems", "pytest_runtestloop"])
def test_an_interrupt_before_anything_was_measured_saves_nothing_and_leaves_an_older_run(
    matrix: Matrix, hook: str
) -> None:
    matrix.make("training", sample="healthy", conftest=f"def {hook}():\n    raise KeyboardInterrupt\n")
    (matrix.folder / "run.json").write_text("the older run")
    result = matrix.run("-k", "cpu", "--benchmark-json=run.json")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert (matrix.folder / "run.json").read_text() == "the older run"
    assert [path.name for path in runs(matrix.folder)] == ["run.json"]
    assert (NOTHING_MEASURED in result.outlines) == (hook == "pytest_runtestloop")


def test_odd_values_of_another_test_of_the_session_cost_nothing(matrix: Matrix) -> None:
    matrix.make("training", sample="healthy")
    matrix.pytester.makepyfile(
        test_other="def test_sum(benchmark):\n"
        "    benchmark.extra_info['score'] = float('nan')\n"
        "    benchmark.extra_info['thing'] = object()\n"
        "    benchmark(sum, [1, 2])\n"
    )
    result = matrix.run("-k", "cpu or sum", "--benchmark-json=run.json")
    result.assert_outcomes(passed=2, deselected=2)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "speedscore: test_other.py::test_sum: extra_info.score is nan, which JSON cannot hold: saved as text",
            "speedscore: test_other.py::test_sum: extra_info.thing is <object object*, which JSON cannot hold: *",
            "speedscore: the run is saved in run.json",
        ]
    )
    assert [case.status for case in load_run(matrix.folder / "run.json").cases] == ["measured"]
