"""An object store that fails in the middle of a question or an addition is said in a line, by every command."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from speedscore.__main__ import main
from tests.history.sample_history import a_full_run
from tests.places import ROOT
from tests.sample_runs import save

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

from fsspec.implementations.memory import MemoryFileSystem

from speedscore.history.store.datasets import dataset_of, reading
from speedscore.history.store.parts import contents_of
from speedscore.history.store.storage import place_of
from speedscore.history.store.writing import add_runs


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("history", "show", "*", "--from", "PLACE"), "see that it can be reached"),
        (("history", "changes", "PLACE"), "see that it can be reached"),
        (("history", "export", "--from", "PLACE", "--to", "a.csv"), "what stood there before is untouched"),
        (("compare", "run.json", "run.json", "--history", "PLACE"), "see that it can be reached"),
        (("sql", "select * from rounds", "PLACE"), "see that it can be reached"),
        (
            ("history", "add", "run.json", "--to", "PLACE"),
            "see that it is there and may be written, and add",
        ),
    ],
    ids=lambda words: " ".join(words[:2]) if isinstance(words, tuple) else "",
)
def test_a_table_that_cannot_be_read_or_written_is_said_in_a_line(
    words: tuple[str, ...],
    remedy: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("run.json"), a_full_run())
    place = f"memory://{secrets.token_hex(8)}"
    add_runs(place_of(place), [a_full_run(day=1)])

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the network is down")

    # Marks are read and written in one piece, and not opened.
    monkeypatch.setattr(MemoryFileSystem, "open", fails)
    assert main([word.replace("PLACE", place) for word in words]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert "RuntimeError: the network is down" in line
    assert remedy in line
    assert "Traceback" not in line
    assert captured.out == ""
    assert [path.name for path in Path().iterdir()] == ["run.json"]


_LOGS = """
import logging, sys
import fsspec
from fsspec.implementations.memory import MemoryFileSystem
from speedscore.__main__ import main

class Lost(MemoryFileSystem):
    protocol = "lost"

    def cat_ranges(self, *_, **__):
        try:
            raise ConnectionError("no route")
        except ConnectionError:
            logging.getLogger("a store's package").exception("_request out of retries")
            logging.getLogger("asyncio").error("Task exception was never retrieved")
            raise

fsspec.register_implementation("lost", Lost)
code = main(["history", "changes", "lost://bucket/history"])
logging.getLogger("a store's package").error("Unclosed connection")
sys.exit(code)
"""
"""A store of any scheme, whose package logs what it raises: by Python's last resort that is printed."""


def test_what_a_stores_package_logs_is_not_printed_beside_the_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOGS], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("speedscore: lost://bucket/history: speedscore-history.json cannot be read (no route); ")
    assert (done.returncode, done.stdout) == (2, b"")


def test_rows_that_pyarrow_read_over_a_failure_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_of(f"memory://{secrets.token_hex(8)}")
    add_runs(place, [a_full_run()])
    with reading(place):
        dataset_of(place, contents_of(place), "runs").to_table()
    monkeypatch.setattr(MemoryFileSystem, "open", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("no network")))
    with pytest.raises(OSError, match="RuntimeError: no network"), reading(place):
        place.arrow()[0].open_input_file("anything").close()
