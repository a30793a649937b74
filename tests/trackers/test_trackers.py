"""Logged runs read back with each tracker's own reader: every number, every name, and each run once."""

from __future__ import annotations

import importlib
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

from speedscore.__main__ import main
from speedscore.comparing.reading_runs import read_run_files
from speedscore.trackers.errors import TrackerError
from speedscore.trackers.logged_run import LoggedRun, logged_run
from speedscore.trackers.outcome import Outcome
from tests.history.sample_history import a_full_run
from tests.places import ROOT
from tests.sample_runs import a_run, save, timed
from tests.waiting import wait_until

NEEDS = "needs speedscore[trackers]"


@pytest.fixture(name="run_file")
def _run_file(tmp_path: Path) -> Path:
    return save(tmp_path / "run.json", a_full_run({"git.commit": "0123456789abcdef", "python.version": "3.11.7"}))


@pytest.fixture(name="run")
def _run(run_file: Path) -> LoggedRun:
    (file,) = read_run_files([str(run_file)]).files
    return logged_run(file)


def log(capsys: pytest.CaptureFixture[str], run_file: Path, tracker: str, place: object) -> str:
    assert main(["log", str(run_file), "--to", tracker, "--folder", str(place)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


# ------------------------------------------------------------------------------------------------- TensorBoard


def in_single(value: float) -> float:
    """The nearest number of single precision."""
    nearest: float = struct.unpack("f", struct.pack("f", value))[0]
    return nearest


def test_tensorboard_reads_every_number_in_single_precision(
    run_file: Path,
    run: LoggedRun,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("tensorboard", reason=NEEDS)
    # Where this can be imported, TensorBoard reads without TensorFlow, whose import takes ten seconds.
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", ModuleType("notf"))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG, parse_session_start_info_plugin_data
    from tensorboard.util.tensor_util import make_ndarray

    assert "logged to" in log(capsys, run_file, "tensorboard", tmp_path / "runs")
    assert "there already" in log(capsys, run_file, "tensorboard", tmp_path / "runs")
    (event_file,) = (tmp_path / "runs").rglob("*.*")
    read = EventAccumulator(str(event_file), size_guidance={"tensors": 0}).Reload()
    points = {
        tag: [(event.step, make_ndarray(event.tensor_proto)) for event in read.Tensors(tag)]
        for tag in read.Tags()["tensors"]
    }
    # Doubles would be passed over by the server that TensorBoard's page asks.
    assert all(str(value.dtype) == "float32" for values in points.values() for _, value in values)
    found = {tag: [(step, value.item()) for step, value in values] for tag, values in points.items()}
    logged = {name: (value,) for name, value in run.numbers.items()} | run.series
    assert found == {
        name: [(step, in_single(value)) for step, value in enumerate(values)] for name, values in logged.items()
    }
    assert {read.SummaryMetadata(tag).plugin_data.plugin_name for tag in found} == {"scalars"}
    metadata = read.SummaryMetadata(SESSION_START_INFO_TAG)
    info = parse_session_start_info_plugin_data(metadata.plugin_data.content)
    assert {name: value.string_value for name, value in info.hparams.items()} == run.texts


# ------------------------------------------------------------------------------------------------- MLflow


# Of MLflow's, in what it asks of SQLAlchemy.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("store", ["database", "files"])
def test_mlflow_reads_every_number_and_the_run_itself(
    store: str,
    run_file: Path,
    run: LoggedRun,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("mlflow", reason=NEEDS)
    if store == "database":
        pytest.importorskip("sqlalchemy", reason=NEEDS)
    # Only in this test: MLflow goes on reading such a store and asks that no new one be begun.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    from mlflow import MlflowClient

    place = {"database": str(tmp_path / "store"), "files": (tmp_path / "store").as_uri()}[store]
    log(capsys, run_file, "mlflow", place)
    assert "there already" in log(capsys, run_file, "mlflow", place)
    client = MlflowClient(f"sqlite:///{tmp_path}/store/mlflow.db" if store == "database" else place)
    experiment = client.get_experiment_by_name("speedscore")
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "FINISHED"
    assert found.data.params == run.texts
    assert found.data.metrics == run.numbers | {name: values[-1] for name, values in run.series.items()}
    for name, values in run.series.items():
        history = client.get_metric_history(found.info.run_id, name)
        assert sorted((metric.step, metric.value) for metric in history) == list(enumerate(values))
    kept = Path(client.download_artifacts(found.info.run_id, "run.json", str(tmp_path)))
    assert kept.read_bytes() == run_file.read_bytes()


def test_what_mlflow_broke_off_is_marked_as_failed_and_logged_anew(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason=NEEDS)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    place = (tmp_path / "store").as_uri()
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(MlflowClient, "log_artifact", full)
        assert main(["log", str(run_file), "--to", "mlflow", "--folder", place]) == 2
        assert capsys.readouterr().err.startswith(f"speedscore: MLflow at {place}: ")
    assert "logged to" in log(capsys, run_file, "mlflow", place)
    client = MlflowClient(place)
    experiment = client.get_experiment_by_name("speedscore")
    assert experiment is not None
    assert sorted(each.info.status for each in client.search_runs([experiment.experiment_id])) == ["FAILED", "FINISHED"]


# Of MLflow's, in what it asks of SQLAlchemy.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_database_that_cannot_be_used_is_a_line_without_a_password(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason=NEEDS)
    pytest.importorskip("sqlalchemy", reason=NEEDS)
    monkeypatch.setitem(sys.modules, "pymysql", None)
    driverless = "mysql+pymysql://anna:se/cret@database.example/runs?password=secret"
    assert main(["log", str(run_file), "--to", "mlflow", "--folder", driverless]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("speedscore: MLflow at mysql+pymysql://database.example/runs: ")
    assert "cret" not in line
    (tmp_path / "mlflow.db").write_text("no database" * 500)
    assert main(["log", str(run_file), "--to", "mlflow", "--folder", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "file is not a database" in line


def test_where_a_run_is_is_said_without_a_password(run: LoggedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow", reason=NEEDS)
    log_to = importlib.import_module("speedscore.trackers.mlflow").log

    class Server:
        """One that has every run."""

        def __init__(self, *, tracking_uri: str) -> None:
            assert tracking_uri == "http://anna:secret@tracking.example"

        def get_experiment_by_name(self, _: str) -> SimpleNamespace:
            return SimpleNamespace(experiment_id="1")

        def search_runs(self, *_: object, **__: object) -> list[str]:
            return ["a run"]

    monkeypatch.setattr(mlflow, "MlflowClient", Server)
    assert log_to(run, "http://anna:secret@tracking.example").place == "http://tracking.example"


@pytest.mark.parametrize("name", ["databricks-runs", "databricks.local"])
def test_a_folder_whose_name_begins_like_a_service_is_a_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = importlib.import_module("speedscore.trackers.mlflow")._store
    assert store(name)[0] == f"sqlite:///{tmp_path / name / 'mlflow.db'}"
    assert store("databricks") == ("databricks", None)


# ------------------------------------------------------------------------------------------------- Weights & Biases


def records(path: Path) -> Iterator[Any]:
    """What stands in a .wandb file, as wandb's own messages.

    Since it writes with a program of its own, wandb has no reader in Python. The file is LevelDB's log: blocks of 32
    KiB of pieces with checksum, length and kind, behind seven bytes.
    """
    messages: Any = importlib.import_module("wandb.proto.wandb_internal_pb2")
    content, place, whole = path.read_bytes(), 7, b""
    while place + 7 <= len(content):
        if (room := 32768 - place % 32768) < 7:
            place += room
            continue
        _, length, kind = struct.unpack_from("<IHB", content, place)
        whole += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            yield messages.Record.FromString(whole)
            whole = b""


LOG = """
import sys, psutil
from speedscore.__main__ import main

for place in sys.argv[2:]:
    tracker, _, folder = place.partition(":")
    for _ in range(2):
        assert main(["log", sys.argv[1], "--to", tracker, "--folder", folder]) == 0
assert psutil.Process().children(recursive=True) == []
"""


def listener() -> socket.socket:
    """What stands for the whole network: whoever calls somebody over HTTP calls here."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0)
    return listening


def test_wandb_is_read_back_and_no_tracker_calls_anybody_writes_at_home_or_leaves_a_process(
    run_file: Path, run: LoggedRun, tmp_path: Path
) -> None:
    for module in ("mlflow", "tensorboard", "wandb"):
        pytest.importorskip(module, reason=NEEDS)
    home, folder = tmp_path / "home", tmp_path / "logged"
    home.mkdir()
    with listener() as network:
        address = f"http://127.0.0.1:{network.getsockname()[1]}"
        # Nothing of the test's own environment: under pytest and in CI, MLflow keeps quiet by itself.
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "HTTP_PROXY": address,
            "HTTPS_PROXY": address,
            "NO_PROXY": "",
            "WANDB_BASE_URL": address,
            "MLFLOW_ALLOW_FILE_STORE": "true",
            "SPEEDSCORE_TEST_MARK": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        }
        places = [f"wandb:{folder}", f"tensorboard:{folder}/runs", f"mlflow:{(folder / 'store').as_uri()}"]
        done = subprocess.run(
            [sys.executable, "-P", "-c", LOG, str(run_file), *places],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert (done.returncode, done.stderr) == (0, "")
        with pytest.raises(BlockingIOError):
            network.accept()
        with socket.create_connection(network.getsockname()):
            network.accept()[0].close()
    assert [line.partition(": ")[2].split()[0] for line in done.stdout.splitlines()] == ["logged", "there"] * 3
    assert list(home.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "logged", "run.json"]
    wait_until(
        lambda: not any(is_marked(process, str(tmp_path)) for process in psutil.process_iter()),
        "a tracker has left a process",
    )

    (offline,) = (folder / "wandb").iterdir()
    found = list(records(next(offline.glob("*.wandb"))))
    config = {
        item.key: json.loads(item.value_json)
        for record in found
        for item in record.run.config.update
        if item.key != "_wandb"
    }
    assert config == run.texts
    steps: dict[str, list[tuple[int, float]]] = {}
    for record in found:
        items = {item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
        for name in items.keys() & run.series.keys():
            steps.setdefault(name, []).append((items["_step"], items[name]))
    assert steps == {name: list(enumerate(values)) for name, values in run.series.items()}
    summary = {
        (item.key or item.nested_key[0]): json.loads(item.value_json)
        for record in found
        for item in record.summary.update
    }
    assert {name: summary.get(name) for name in run.numbers} == run.numbers
    assert (offline / "files" / "run.json").read_bytes() == run_file.read_bytes()
    assert not (offline / "files" / "requirements.txt").exists(), "the packages here are not those that were measured"


def is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get("SPEEDSCORE_TEST_MARK") == mark
    except psutil.Error:
        return False


# ------------------------------------------------------------------------------------------------- what goes wrong


def test_what_was_logged_before_an_error_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [save(tmp_path / f"{day}.json", a_run(timed([0.1]), day=float(day))) for day in range(2)]

    def log(run: LoggedRun, _: str | None) -> Outcome:
        if run.file == paths[1]:
            raise TrackerError("the tracker is full")
        return Outcome("there", is_new=True)

    monkeypatch.setattr("speedscore.trackers.tensorboard.log", log)
    assert main(["log", *map(str, paths), "--to", "tensorboard"]) == 2
    captured = capsys.readouterr()
    assert captured.out == f"{paths[0]}: logged to there\n"
    assert captured.err == "speedscore: the tracker is full\n"


def test_what_cannot_be_logged_is_a_line(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    for tracker in ("mlflow", "tensorboard", "wandb"):
        pytest.importorskip(tracker, reason=NEEDS)
        assert main(["log", str(run_file), "--to", tracker, "--folder", str(occupied)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "not written" in line
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert main(["log", str(run_file), "--to", "wandb", "--folder", str(tmp_path / "new")]) == 2
    assert "nothing would be logged" in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # noqa: ARG005
    for tracker in ("mlflow", "tensorboard", "wandb"):
        assert main(["log", str(run_file), "--to", tracker, "--folder", str(tmp_path / "new")]) == 2
        assert 'python -m pip install "speedscore[trackers]"' in capsys.readouterr().err
