"""What is written stands there whole, and takes the place of files alone."""

from __future__ import annotations

import os
from pathlib import Path

from speedscore.host.files import write_file


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "made" / "report.json"
    for text in ("a longer one", "short"):
        write_file(path, text)
    assert path.read_text() == "short"
    assert [*path.parent.iterdir()] == [path]


def test_a_device_and_a_pipe_are_written_to_and_stay(tmp_path: Path) -> None:
    device = tmp_path / "device"
    device.symlink_to(os.devnull)
    write_file(device, "nothing")
    assert device.readlink() == Path(os.devnull)
    os.mkfifo(pipe := tmp_path / "pipe")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert {*tmp_path.iterdir()} == {device, pipe}


def test_a_file_that_is_open_is_added_to_where_it_is_named_as_such(tmp_path: Path) -> None:
    """As /dev/stdout names it where the output of a program goes into a file."""
    path = tmp_path / "log"
    with path.open("wb") as log:
        log.write(b"before ")
        log.flush()
        write_file(Path(f"/dev/fd/{log.fileno()}"), "after")
    assert path.read_text() == "before after"
