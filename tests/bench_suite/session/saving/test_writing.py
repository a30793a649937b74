"""A file has all of its text or is not there, has a name that nobody else had, and is never written over unseen."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from speedscore.bench_suite.session.saving import writing
from speedscore.bench_suite.session.saving.writing import (
    identity,
    is_device,
    write_numbered,
    write_over,
    write_to_device,
)
from speedscore.record.run_file import RunFileError


def no_check(path: Path) -> None:
    """Whatever was written is what was wanted."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the function of ``os`` fails as the system says it does."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fail)


def test_numbers_go_on_from_the_highest(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert write_numbered(folder, "x", "one", check=no_check) == folder / "0001_x.json"
    (folder / "0007_other.json").touch()
    path = write_numbered(folder, "x", "two", check=no_check)
    assert path == folder / "0008_x.json"
    assert path.read_text() == "two"
    assert names(folder) == ["0001_x.json", "0007_other.json", "0008_x.json"]


@pytest.mark.parametrize("has_links", [True, False])
def test_many_at_once_each_get_a_name_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_links: bool
) -> None:
    if not has_links:
        failing("link", errno.EPERM, monkeypatch)
    together = threading.Barrier(6)

    def wait_for_all(_: Path) -> None:
        together.wait(120)

    def write(number: int) -> None:
        write_numbered(tmp_path, "x", str(number), check=wait_for_all)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(tmp_path) == [f"000{number}_x.json" for number in range(1, 7)]
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == list("012345")


@pytest.mark.parametrize("name", ["open", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
def test_what_the_disk_does_not_take_leaves_nothing_and_an_older_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    older = tmp_path / "run.json"
    older.write_text("older")
    before = identity(older)
    writers: list[Callable[[], object]] = [
        lambda: write_numbered(tmp_path, "x", "new", check=no_check),
        lambda: write_over(older, "new", before=before, check=no_check),
    ]
    with monkeypatch.context() as patched:
        failing(name, number, patched)
        for write in writers:
            with pytest.raises(RunFileError, match=os.strerror(number)):
                write()
    assert names(tmp_path) == ["run.json"]
    assert older.read_text() == "older"


def test_what_is_not_read_back_as_it_was_written_gets_no_name(tmp_path: Path) -> None:
    def damaged(path: Path) -> None:
        assert path.read_text() == "new"
        raise RunFileError("damaged")

    older = tmp_path / "run.json"
    older.write_text("older")
    with pytest.raises(RunFileError, match="damaged"):
        write_numbered(tmp_path, "x", "new", check=damaged)
    with pytest.raises(RunFileError, match="damaged"):
        write_over(older, "new", before=identity(older), check=damaged)
    assert names(tmp_path) == ["run.json"]
    assert older.read_text() == "older"


def test_a_file_is_replaced_with_its_permissions_and_a_missing_one_made_with_its_folder(tmp_path: Path) -> None:
    older, new = tmp_path / "older.json", tmp_path / "a" / "new.json"
    older.write_text("older")
    older.chmod(0o640)
    write_over(older, "text", before=identity(older), check=no_check)
    write_over(new, "text", before=identity(new), check=no_check)
    assert (older.read_text(), new.read_text()) == ("text", "text")
    assert stat.S_IMODE(older.stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "run.json", tmp_path / "link.json"
    link.symlink_to(target)
    for text in ("one", "two"):  # to nothing, and to a file
        write_over(link, text, before=identity(link), check=no_check)
        assert link.is_symlink()
        assert target.read_text() == text
    assert names(tmp_path / "there") == ["run.json"]


@pytest.mark.parametrize("is_there", [True, False])
def test_what_another_session_has_written_since_is_not_written_over(tmp_path: Path, *, is_there: bool) -> None:
    path = tmp_path / "run.json"
    if is_there:
        path.write_text("older")
    before = identity(path)
    write_over(path, "the first", before=before, check=no_check)
    with pytest.raises(RunFileError) as caught:
        write_over(path, "the second", before=before, check=no_check)
    assert str(caught.value) == (
        f"{path}: another session has written it since this one began; give each a file of its own"
    )
    assert path.read_text() == "the first"
    assert names(tmp_path) == ["run.json"]


@pytest.mark.parametrize("kind", ["folder", "loop", "below a file", "too long"])
def test_what_can_be_no_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "run.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "below a file":
        path.write_text("")
        path = path / "run.json"
    else:
        path = tmp_path / f"{'x' * 300}.json"
    with pytest.raises(RunFileError) as caught:
        write_over(path, "text", before=identity(path), check=no_check)
    assert str(caught.value).startswith(f"{path}: not written (")
    assert "\n" not in str(caught.value)
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


def test_a_device_is_told_from_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    devices = [Path("/dev/null"), Path("/dev/full"), Path("/dev/stdout"), tmp_path / "pipe", tmp_path / "link"]
    assert all(map(is_device, devices))
    assert not any(map(is_device, [tmp_path, tmp_path / "missing", Path(__file__)]))


def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_to_device(link, "text")
        assert os.read(reader, 100) == b"text"
    finally:
        os.close(reader)
    assert link.is_symlink()
    with pytest.raises(RunFileError, match=os.strerror(errno.ENXIO)):
        write_to_device(pipe, "nobody reads it any more, and that is not waited for")
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "a link"])
def test_a_stream_that_is_a_file_is_written_where_it_stands(tmp_path: Path, name: str) -> None:
    if name == "a link":
        name = str(tmp_path / "link")
        Path(name).symlink_to("/dev/stdout")
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from speedscore.bench_suite.session.saving.writing import is_device, write_to_device\n"
        "print('before', flush=True)\npath = Path(sys.argv[1])\nassert is_device(path)\n"
        "write_to_device(path, 'the run\\n')\nprint('after')\n"
    )
    printed = tmp_path / "printed"
    with printed.open("w") as stream:
        subprocess.run([sys.executable, "-c", script, name], stdout=stream, check=True)
    assert printed.read_text() == "before\nthe run\nafter\n"


def test_a_device_that_is_full_says_so() -> None:
    with pytest.raises(RunFileError) as caught:
        write_to_device(Path("/dev/full"), "text" * 10_000)
    assert str(caught.value) == f"/dev/full: not written ({os.strerror(errno.ENOSPC)})"


def test_a_session_that_was_stopped_with_the_folder_in_its_hands_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_LOCK_SECONDS", 0.05)
    with writing._locked(tmp_path):
        write_over(tmp_path / "run.json", "text", before=None, check=no_check)
    assert names(tmp_path) == ["run.json"]
