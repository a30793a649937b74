"""Reading what ought to be a file. A pipe or a device in its place is refused: it could be waited for without end."""

from __future__ import annotations

import errno
from pathlib import Path


def read_file(path: Path) -> bytes:
    """Everything in it. Raises OSError where it cannot be read or is no regular file."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "a folder, a pipe or a device, and no file")
    return path.read_bytes()
