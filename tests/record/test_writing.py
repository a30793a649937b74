"""A file is written whole or not at all: whatever happens, the older one is left alone."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speedscore.record.run_file import RunFileError, write_json
from tests.places import ROOT


def test_missing_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "run.json"
    write_json(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(path.parent.iterdir()) == [path]


@pytest.fixture
def older_file(tmp_path: Path) -> Path:
    path = tmp_path / "runs" / "run.json"
    path.parent.mkdir()
    path.write_bytes(b'{"older": "run"}\n')
    return path


def assert_untouched(older_file: Path) -> None:
    assert older_file.read_bytes() == b'{"older": "run"}\n'
    assert list(older_file.parent.iterdir()) == [older_file]


def test_a_full_disk_leaves_the_older_file_as_it_was(older_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RunFileError, match=r"run\.json: not saved \(No space left on device\)"):
        write_json(older_file, {"newer": "run"})
    assert_untouched(older_file)


def test_the_file_is_made_beside_the_older_one_so_that_renaming_is_atomic(
    older_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[list[Path]] = []
    monkeypatch.setattr(os, "fsync", lambda _: beside.append(sorted(older_file.parent.iterdir())))
    write_json(older_file, {"newer": "run"})
    assert len(beside) == 1
    assert older_file in beside[0]
    assert len(beside[0]) == 2
    # A half-written file must not be taken for a saved run.
    assert [path.suffix for path in beside[0] if path != older_file] == [".tmp"]
    assert json.loads(older_file.read_bytes()) == {"newer": "run"}


LIMITED_WRITE = """
import resource, sys
from pathlib import Path
from speedscore.record.run_file import RunFileError, write_json

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_json(Path(sys.argv[1]), {"newer": "run" * 10_000})
except RunFileError as error:
    sys.exit(f"refused: {error}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file sizes are limited through POSIX's setrlimit")
def test_a_write_that_the_system_cuts_short_leaves_the_older_file_as_it_was(older_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED_WRITE, str(older_file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"refused: {older_file}: not saved (")
    assert_untouched(older_file)


def test_a_folder_that_cannot_be_made_is_refused_by_name(older_file: Path) -> None:
    path = older_file / "run.json"
    with pytest.raises(RunFileError) as caught:
        write_json(path, {})
    assert str(caught.value).startswith(f"{path}: not saved (")
    assert_untouched(older_file)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(math.nan, id="not a number"),
        pytest.param(math.inf, id="infinite"),
        pytest.param(object(), id="no plain value"),
    ],
)
def test_a_value_that_json_cannot_hold_is_refused_and_leaves_nothing_behind(older_file: Path, value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        write_json(older_file, {"loss": value})
    assert_untouched(older_file)


def test_an_interrupt_while_writing_leaves_nothing_behind(older_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt(descriptor)

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_json(older_file, {"newer": "run"})
    assert_untouched(older_file)
