"""What processes print, kept where whoever started all of them asked for it: a file for each, until it is collected.

A process's own folder goes with it, and its log with that. A log is worth no measurement: where there is no room for
one it is lost, and nobody fails.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from speedscore.host.variables import KEPT_LOGS
from speedscore.text.cleaning import file_name

_MOST_EACH_BYTES = 256 << 10
_FEWEST_EACH_BYTES = 4 << 10
_FIRST_SHARE = 4
"""A fourth of what is kept is the beginning, where frameworks say what they found; the rest is the end, where an error
stands."""
_NOTE_BYTES = 100


def kept_log(title: str) -> Path | None:
    """A new file for what a process prints; None where nobody asked for it, or there is no room."""
    folder = os.environ.get(KEPT_LOGS)
    if not folder:
        return None
    try:
        # By their names, files are in the order in which they were made.
        handle, path = tempfile.mkstemp(prefix=f"{time.time_ns():020}-{file_name(title)}-", suffix=".log", dir=folder)
    except OSError:
        return None
    os.close(handle)
    return Path(path)


def append(log: Path | None, printed: bytes) -> None:
    if log is not None:
        with contextlib.suppress(OSError), log.open("ab") as stream:
            stream.write(printed)


def shorten(log: Path) -> None:
    """Keep the beginning and the end of a file that nobody writes to any more, and whose neighbours need room too."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > _MOST_EACH_BYTES:
            log.write_bytes(_read(log, _MOST_EACH_BYTES))


def collected(folder: Path, *, most_bytes: int) -> bytes:
    """All logs in one text, each under a line with its title; of each, and of the whole, no more than fits."""
    logs = sorted(folder.glob("*.log"))
    each_bytes = max(_FEWEST_EACH_BYTES, min(_MOST_EACH_BYTES, most_bytes // max(1, len(logs))))
    text = b"".join(
        _section(log, f"{number} of {len(logs)}", most_bytes=each_bytes) for number, log in enumerate(logs, start=1)
    )
    return _ends(io.BytesIO(text), len(text), most_bytes=most_bytes)


def _section(log: Path, number: str, *, most_bytes: int) -> bytes:
    title = log.name.partition("-")[2].rpartition("-")[0]
    try:
        printed = _read(log, most_bytes)
    except OSError as error:
        printed = f"its log cannot be read: {error.strerror}".encode()
    end = b"" if not printed or printed.endswith(b"\n") else b"\n"
    return f"===== {title} ({number}){'' if printed else ' printed nothing'} =====\n".encode() + printed + end


def _read(log: Path, most_bytes: int) -> bytes:
    with log.open("rb") as stream:
        return _ends(stream, os.fstat(stream.fileno()).st_size, most_bytes=most_bytes)


def _ends(stream: BinaryIO, size_bytes: int, *, most_bytes: int) -> bytes:
    """As it is, or its beginning and its end with a line between that says what is missing."""
    if size_bytes <= most_bytes:
        return stream.read(size_bytes)
    first_bytes = most_bytes // _FIRST_SHARE
    last_bytes = most_bytes - first_bytes - _NOTE_BYTES
    # At least: what was shortened before lacks more.
    left_out = f"\n[speedscore: at least {size_bytes - first_bytes - last_bytes:,} bytes are left out here]\n"
    first = stream.read(first_bytes)
    stream.seek(size_bytes - last_bytes)
    return first + left_out.encode() + stream.read(last_bytes)
