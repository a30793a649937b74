"""Files read and written whole. A pipe or a device in the place of one that is read is refused: it could be waited for
without end; and what is written stands there complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

_OPEN = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
"""Where names of what is open lie."""


def read_file(path: Path) -> bytes:
    """Everything in it. Raises OSError where it cannot be read or is no regular file."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "a folder, a pipe or a device, and no file")
    return path.read_bytes()


def is_stream(path: Path) -> bool:
    """Whether that is a pipe, a device, or the name of something that is open, be it a file."""
    try:
        return path.exists() and (path.parent in _OPEN or not (path.is_file() or path.is_dir()))
    except OSError:
        return False  # in a folder that may not be looked into, or of a name that is too long


def write_file(path: Path, content: str | bytes) -> None:
    """Put ``content`` there, text in UTF-8, whole or not at all: into a temporary file beside it, then renamed.

    What is open already, as a pipe, a device or /dev/stdout, is added to and not replaced. Raises OSError when the disk
    is full or the folder cannot be written; an older file then stands as it was.
    """
    whole = content.encode() if isinstance(content, str) else content
    if is_stream(path):
        with path.open("ab") as stream:
            stream.write(whole)
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as handle:
            handle.write(whole)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        # Also after an interrupt; once renamed there is nothing left to remove.
        with contextlib.suppress(OSError):
            temporary.unlink()
