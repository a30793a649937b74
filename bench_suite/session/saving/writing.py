"""Puts a text into a file whole or not at all, and never over what somebody else has written meanwhile.

The text goes into a neighbouring temporary file first, is looked at there, and gets its name last. Which files a run
goes to, and what is done when one of them does not take it, is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from speedscore.record.run_file import RunFileError

Check = Callable[[Path], None]
"""Reads the finished file before it gets its name. Raises RunFileError for what is not as it should be."""
Identity = tuple[int, ...] | None
"""Which file has a name, and in which state; None where there is none."""

_LOCK_SECONDS = 2.0
_MOST_LINKS = 40
"""As many as Linux follows."""
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)
"""What systems of files that have no hard links say."""


def identity(path: Path) -> Identity:
    """What stands under a name now, links followed."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def is_device(path: Path) -> bool:
    """Whether a path is no file on a disk: a terminal, a pipe, or a name of an open file such as ``/dev/stdout``."""
    if _descriptor(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def write_to_device(path: Path, text: str) -> None:
    """Write to what is no file; it is never read, emptied or removed. Raises RunFileError where it does not take it."""
    with _as_run_file_error(path):
        number = _descriptor(path)
        if number is not None:
            # Opened anew, a file would be written from another place on, and what is printed later goes over it.
            handle = os.dup(number)
        else:
            # Without waiting: a pipe that nobody reads would be waited for without end.
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            os.set_blocking(handle, True)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)


def _descriptor(path: Path) -> int | None:
    """The number of this process's open file that a path stands for, as ``/dev/stdout`` does for 1; None for others."""
    place = path.absolute()
    for _ in range(_MOST_LINKS):
        if os.path.realpath(place.parent) == f"/proc/{os.getpid()}/fd" and place.name.isdecimal():
            return int(place.name)
        try:
            place = place.parent / place.readlink()
        except OSError:
            break
    return None


def write_numbered(folder: Path, name: str, text: str, *, check: Check) -> Path:
    """Write ``NNNN_name.json`` with the next number that nobody has, and say which it was.

    Raises RunFileError where the folder does not take it.
    """
    with _as_run_file_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _finished(folder / f"{name}.json", text, check=check) as temporary:
            number = max((int(path.name[:4]) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.json")), default=0) + 1
            while True:
                path = folder / f"{number:04}_{name}.json"
                try:
                    _take_name(temporary, path)
                except FileExistsError:
                    number += 1
                else:
                    return path


def write_over(path: Path, text: str, *, before: Identity, check: Check) -> None:
    """Write a file that had the state ``before`` when the session began; a link is followed and stays.

    Raises RunFileError where it cannot be written, and where another session has written it since.
    """
    with _as_run_file_error(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder, and a file was expected")
        place = _behind_links(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        with _finished(place, text, check=check) as temporary, _locked(place.parent):
            if identity(place) != before:
                raise _written_meanwhile(path)
            if before is None:
                try:
                    _take_name(temporary, place)
                except FileExistsError:
                    raise _written_meanwhile(path) from None
            else:
                with contextlib.suppress(OSError):
                    temporary.chmod(stat.S_IMODE(place.stat().st_mode))
                temporary.replace(place)


def _behind_links(path: Path) -> Path:
    """The file itself, there or not. Raises OSError for a loop of links."""
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        return Path(os.path.realpath(path))


def _written_meanwhile(path: Path) -> RunFileError:
    return RunFileError(f"{path}: another session has written it since this one began; give each a file of its own")


@contextmanager
def _as_run_file_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunFileError(f"{path}: not written ({error.strerror or error})") from error


@contextmanager
def _finished(path: Path, text: str, *, check: Check) -> Iterator[Path]:
    """A temporary file beside ``path`` that holds the text, on the disk and checked; afterwards it is gone."""
    temporary = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "w", encoding="utf-8"
        ) as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        check(temporary)
        yield temporary
        _sync_folder(path.parent)
    finally:
        # Once it has its name there may be nothing left to remove.
        with contextlib.suppress(OSError):
            temporary.unlink()


def _take_name(temporary: Path, path: Path) -> None:
    """Give a finished file its name. Raises FileExistsError where somebody has it."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    """A new name is safe from a loss of power only when its folder is on the disk too."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Between sessions that write into one folder. One that is stopped there must not stop the others for good."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while time.monotonic() < deadline:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:  # a system of files that knows no locks
                break
        yield
    finally:
        os.close(handle)
