"""A measured run is saved whole where it was asked for, else in a second place, and the reason is said in one line."""

from __future__ import annotations

import errno
import json
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pytest_benchmark.stats import Metadata

from speedscore.bench_suite.session.saving.run_files import RunFiles, Saved
from speedscore.bench_suite.session.stash import FILES
from speedscore.record.run_file import BLOCK_KEY, load_run
from speedscore.record.run_record import SCHEMA_VERSION, RunRecord
from tests.bench_suite.sample_session import Matrix
from tests.sample_runs import a_case

RUN = RunRecord(
    schema_version=SCHEMA_VERSION,
    created="2026-12-01T12:00:00+00:00",
    preset="smoke",
    seed=1,
    in_process=False,
    environment={"cpu.model": "a processor"},
    cases=(a_case("jax", [[0.1, 0.2], [0.1]]),),
)


class Fixture:
    """As much of pytest-benchmark's fixture as its figures need."""

    def __init__(self, name: str, extra_info: dict[str, Any]) -> None:
        self.name = name
        self.fullname = f"test_other.py::{name}"
        self.group = self.param = self.params = self.cprofile_stats = None
        self.extra_info = extra_info
        self.has_error = False


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without asking the processor for its name, and with a temporary folder of the test's own."""
    monkeypatch.setattr("pytest_benchmark.plugin.get_cpu_info", lambda: {"brand_raw": "a processor"})
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))


def configure(matrix: Matrix, *options: str) -> pytest.Config:
    return matrix.configure(*options)


def files_of(config: pytest.Config) -> RunFiles:
    return config.stash[FILES]


def add_benchmark(config: pytest.Config, name: str, seconds: list[float], **extra_info: Any) -> None:
    """One that another test has measured in the same session."""
    benchmark = Metadata(
        Fixture(name, extra_info), iterations=1, options={"disable_gc": False, "timer": "perf_counter"}
    )
    for each in seconds:
        benchmark.update(each)
    benchmark_session: Any = config.pluginmanager.get_plugin("pytest-benchmark")
    benchmark_session.benchmarks.append(benchmark)


def in_temporary(saved: Saved) -> bool:
    return saved.path is not None and saved.path.parent == Path(tempfile.gettempdir())


def full(monkeypatch: pytest.MonkeyPatch, *, is_full: Callable[[Path], bool]) -> None:
    """A disk that is full for some files."""
    really_open = os.open

    def open_unless_full(path: Any, *arguments: Any, **named: Any) -> int:
        if is_full(Path(path)) and path != "/dev/full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really_open(path, *arguments, **named)

    monkeypatch.setattr(os, "open", open_unless_full)


def test_a_run_that_nobody_asked_to_save_is_saved_in_the_storage(matrix: Matrix) -> None:
    saved = files_of(configure(matrix)).save(RUN)
    assert saved.path is not None
    assert saved.path.name == "0001_speedscore.json"
    assert load_run(saved.path) == RUN
    assert saved == Saved(saved.path, (), (f"speedscore: the run is saved in {saved.path}",))


def test_a_run_goes_to_every_place_that_was_asked_for_under_its_name(matrix: Matrix) -> None:
    config = configure(matrix, "--benchmark-json=run.json", "--benchmark-save=mine")
    saved = files_of(config).save(RUN)
    stored = files_of(config).folder()
    assert stored is not None
    assert saved.lines == (
        "speedscore: the run is saved in run.json",
        f"speedscore: the run is saved in {stored / '0001_mine.json'} too",
    )
    assert load_run(Path("run.json")) == load_run(stored / "0001_mine.json") == RUN


@pytest.mark.parametrize(
    ("value", "kept"),
    [(math.nan, "nan"), (object, "<class 'object'>"), ({1: math.inf}, {"1": "inf"})],
    ids=["nan", "object", "nested"],
)
@pytest.mark.parametrize("option", ["--benchmark-json=run.json", "--benchmark-autosave", "--benchmark-sort=name"])
def test_an_odd_value_beside_the_run_is_named_and_costs_nothing(
    matrix: Matrix, value: object, kept: object, option: str
) -> None:
    config = configure(matrix, option)
    add_benchmark(config, "test_sum", [0.5, 0.25], score=value, fine=3)
    saved = files_of(config).save(RUN)
    assert saved.path is not None
    assert load_run(saved.path) == RUN
    (benchmark,) = json.loads(saved.path.read_text(), parse_constant=pytest.fail)["benchmarks"]
    assert benchmark["extra_info"] == {"score": kept, "fine": 3}
    assert saved.problems == ()
    (line, _) = saved.lines
    assert line.startswith("speedscore: test_other.py::test_sum: extra_info.score")
    assert line.endswith(", which JSON cannot hold: saved as text")


def test_many_odd_values_are_a_few_lines(matrix: Matrix) -> None:
    config = configure(matrix)
    for number in range(30):
        add_benchmark(config, f"test_{number}", [0.5], score=math.nan)
    *lines, more, _ = files_of(config).save(RUN).lines
    assert len(lines) == 5
    assert more == "speedscore: 25 more values of other plugins or tests had to be changed"


class Rude:
    """Another plugin, whose hooks fail or take away what is not theirs."""

    def __init__(self, hook: str) -> None:
        setattr(self, hook, self._fail)

    def _fail(self) -> None:
        raise RuntimeError("not today")


@pytest.mark.parametrize(
    "hook",
    [
        f"pytest_benchmark_{name}"
        for name in (
            "generate_machine_info",
            "update_machine_info",
            "generate_commit_info",
            "update_commit_info",
            "generate_json",
            "update_json",
        )
    ],
)
def test_another_plugin_that_fails_costs_its_own_part(matrix: Matrix, hook: str) -> None:
    config = configure(matrix)
    config.pluginmanager.register(Rude(hook))
    saved = files_of(config).save(RUN)
    assert saved.path is not None
    assert load_run(saved.path) == RUN
    assert saved.problems == ()
    assert [line for line in saved.lines if "left out of the saved run (RuntimeError: not today)" in line]
    assert {"machine_info", "commit_info", "benchmarks", "datetime"} <= json.loads(saved.path.read_text()).keys()


def test_another_plugin_cannot_take_the_run_away(matrix: Matrix) -> None:
    class Greedy:
        def pytest_benchmark_update_json(self, output_json: dict[str, Any]) -> None:
            output_json.clear()
            output_json[BLOCK_KEY] = math.nan

    config = configure(matrix)
    config.pluginmanager.register(Greedy())
    saved = files_of(config).save(RUN)
    assert saved.path is not None
    assert load_run(saved.path) == RUN


def test_a_benchmark_that_was_cut_off_before_its_first_round_is_left_out(matrix: Matrix) -> None:
    config = configure(matrix)
    add_benchmark(config, "test_whole", [0.5])
    add_benchmark(config, "test_cut_off", [])
    saved = files_of(config).save(RUN)
    assert saved.path is not None
    names = [benchmark["name"] for benchmark in json.loads(saved.path.read_text())["benchmarks"]]
    assert names == ["test_whole"]
    benchmark_session: Any = config.pluginmanager.get_plugin("pytest-benchmark")
    benchmark_session.finish()


def test_a_full_disk_keeps_the_run_in_the_temporary_folder(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_of(configure(matrix))
    folder = files.folder()
    assert folder is not None
    full(monkeypatch, is_full=lambda path: path.is_relative_to(folder) and path != folder)
    saved = files.save(RUN)
    assert in_temporary(saved)
    assert saved.path is not None
    assert load_run(saved.path) == RUN
    reason = f"{folder}: not written ({os.strerror(errno.ENOSPC)})"
    assert saved.problems == (reason,)
    assert saved.lines == (f"speedscore: the run is saved in {saved.path}, because {reason}",)


@pytest.mark.parametrize("kind", ["full", "folder", "another session", "device"])
def test_where_the_file_asked_for_takes_nothing_the_run_is_in_the_storage(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = Path("/dev/full") if kind == "device" else matrix.folder / "run.json"
    if kind == "folder":
        path.mkdir()
    files = files_of(configure(matrix, f"--benchmark-json={path}"))
    if kind == "full":
        full(monkeypatch, is_full=lambda place: place.parent == matrix.folder)
    elif kind == "another session":
        path.write_text("of another session")
    saved = files.save(RUN)
    assert saved.path is not None
    assert saved.path.name == "0001_speedscore.json"
    assert load_run(saved.path) == RUN
    (problem,) = saved.problems
    assert problem.startswith(f"{path}: ")
    assert saved.lines == (f"speedscore: the run is saved in {saved.path}, because {problem}",)
    assert kind != "another session" or path.read_text() == "of another session"


def test_a_device_gets_the_run_and_is_not_its_only_place(matrix: Matrix) -> None:
    pipe = matrix.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        saved = files_of(configure(matrix, f"--benchmark-json={pipe}")).save(RUN)
        written = json.loads(os.read(reader, 1 << 20))
    finally:
        os.close(reader)
    assert saved.problems == ()
    assert saved.path is not None
    assert json.loads(saved.path.read_text()) == written
    assert pipe.is_fifo()


def test_where_no_place_takes_it_the_reasons_are_said_in_one_line(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = files_of(configure(matrix, "--benchmark-json=run.json"))
    monkeypatch.setattr(tempfile, "tempdir", str(matrix.folder / "not there"))
    full(monkeypatch, is_full=lambda _: True)
    saved = files.save(RUN)
    assert saved.path is None
    (line,) = saved.lines
    assert line.startswith("speedscore: the run was not saved: run.json: not written (No space left on device); ")
    assert len(saved.problems) == 3


def test_a_storage_that_is_a_loop_of_links_is_not_used(matrix: Matrix) -> None:
    loop = matrix.folder / ".benchmarks"
    loop.symlink_to(loop)
    saved = files_of(configure(matrix)).save(RUN)
    assert saved.path is not None
    assert saved.path.is_relative_to(tempfile.gettempdir())
    assert load_run(saved.path) == RUN
    (problem,) = saved.problems
    assert problem.startswith(".benchmarks: cannot be used (Too many levels of symbolic links); ")
    assert loop.is_symlink()


def test_a_storage_that_is_no_folder_is_sent_the_run_and_is_not_its_only_place(matrix: Matrix) -> None:
    class Database:
        """As pytest-benchmark's for Elasticsearch: it has no path."""

        def save(self, document: dict[str, Any], name: str) -> None:
            assert document[BLOCK_KEY]
            raise ConnectionError(f"{name} refused")

    config = configure(matrix, "--benchmark-save=mine")
    benchmark_session: Any = config.pluginmanager.get_plugin("pytest-benchmark")
    benchmark_session.storage = Database()
    saved = files_of(config).save(RUN)
    assert in_temporary(saved)
    assert saved.problems == ("mine refused",)


def test_a_run_that_no_file_can_hold_is_said_and_ends_no_session(matrix: Matrix) -> None:
    run = msgspec.structs.replace(RUN, environment={"cpu.model": "half \udcfc"})
    config = configure(matrix, "--benchmark-json=run.json")
    saved = files_of(config).save(run)
    problem = r"it holds text that no file can hold: 'half \udcfc'"
    assert saved == Saved(None, (problem,), (f"speedscore: the run was not saved: {problem}",))
    assert not Path("run.json").exists()


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_of_ours_that_json_cannot_hold_is_unknown(matrix: Matrix, number: float) -> None:
    case = a_case("jax", [[0.1]], program={"their own figure": number})
    run = RunRecord(**{name: getattr(RUN, name) for name in RunRecord.__struct_fields__} | {"cases": (case,)})
    saved = files_of(configure(matrix)).save(run)
    assert saved.path is not None
    assert load_run(saved.path).cases[0].program.other == {"their own figure": None}
