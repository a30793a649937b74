"""A history in a real object store, where somebody names one: it answers as a folder does, and loses no run.

Everything lies below a name of its own there, and is removed at the end.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from speedscore.__main__ import main
from tests.history.sample_history import a_full_run
from tests.places import ROOT
from tests.sample_runs import save

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

from speedscore.history.store.storage import Place, place_of
from tests.history.stored_rows import COUNTED, rows

BUCKET = os.environ.get("SPEEDSCORE_BUCKET", "").rstrip("/")
pytestmark = pytest.mark.skipif(
    not BUCKET,
    reason="needs a place in an object store to write to, and the package and credentials for it: "
    "SPEEDSCORE_BUCKET=s3://bucket/folder",
)
_ADD = (
    "import sys; from speedscore.history.store import writing; writing.MERGED_AT_ONCE = 2; "
    "from speedscore.__main__ import main; "
    "sys.exit(max(main(['history', 'add', path, '--to', sys.argv[1]]) for path in sys.argv[2:]))"
)
"""Merges with every second run."""


@pytest.fixture(name="bucket")
def _bucket() -> Iterator[Place]:
    place = place_of(f"{BUCKET}/{secrets.token_hex(8)}")
    yield place
    place.remove(place.names())


@pytest.fixture(name="saved")
def _saved(tmp_path: Path) -> list[str]:
    return [str(save(tmp_path / "runs" / f"{day}.json", a_full_run(day=day))) for day in range(8)]


def test_every_command_says_what_it_says_of_a_folder(
    bucket: Place, saved: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for place in (bucket.text, str(tmp_path / "history")):
        exported = tmp_path / "rounds.csv"
        for words in (
            ("history", "add", *saved[:6], "--to", place),
            ("history", "add", *saved, "--to", place),
            ("history", "show", "*", "--runs", "--from", place),
            ("history", "changes", place),
            ("history", "export", "--from", place, "--table", "rounds", "--to", str(exported)),
            ("compare", saved[0], saved[7], "--history", place),
            ("sql", "select * from rounds order by all", place),
        ):
            assert main(list(words)) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        answers.append((captured.out.replace(place, "PLACE"), sorted(exported.read_text().splitlines())))
    assert answers[0] == answers[1]
    assert "runs added: 2, there already: 6" in answers[0][0]


def test_no_run_is_lost_while_processes_add_and_merge_and_are_killed(bucket: Place, saved: list[str]) -> None:
    # Each run by two of three, and the third is killed after every run that it adds, and begins again.
    shares = [[path for number, path in enumerate(saved) if number % 3 != left] for left in range(3)]
    commands = [[sys.executable, "-c", _ADD, bucket.text, *share] for share in shares]
    writers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for command in commands[:2]]
    try:
        seen = 0
        for _ in shares[2]:
            with subprocess.Popen(commands[2], cwd=ROOT, stdout=subprocess.PIPE) as killed:
                assert killed.stdout is not None
                killed.stdout.readline()
                ((counted, different),) = rows(COUNTED, history=bucket)
                assert counted == different >= seen
                seen = counted
                killed.kill()
        assert [writer.wait() for writer in writers] == [0, 0]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert subprocess.run(commands[2], cwd=ROOT, stdout=subprocess.DEVNULL, check=True).returncode == 0
    assert rows(COUNTED, history=bucket) == [(8, 8)]
    assert rows("select count(*) from rounds", history=bucket) == [(40,)]


def test_a_bucket_that_is_not_there_is_said_in_a_line(saved: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    place = f"{BUCKET.partition('://')[0]}://speedscore-{secrets.token_hex(8)}/history"
    for words in (("history", "add", saved[0], "--to", place), ("history", "changes", place)):
        assert main(list(words)) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        assert line.startswith(f"speedscore: {place}: ")
