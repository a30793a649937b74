"""What several probes of a session need alike, as a model that was converted once: made by the first that asks for it.

Each thing is a folder under a key. What went wrong in making it is raised for everybody who asks.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from speedscore.host.scratch import make_scratch


class Kept:
    """Made for one session, and closed after it. Any thread may ask it."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        """Made with the first thing: where it cannot be, that costs those who ask for things and nobody else."""
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, ...], threading.Lock] = {}
        self._failures: dict[tuple[str, ...], Exception] = {}

    def folder(self, *key: str, make: Callable[[Path], None]) -> Path:
        """The folder of that key, which ``make`` fills where nobody has yet. It is to be read, and not written to.

        Raises what ``make`` raised, now or before.
        """
        with self._lock:
            if self._folder is None:
                self._folder = make_scratch("probes")
            everything = self._folder
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key in self._failures:
                raise self._failures[key]
            folder = everything / hashlib.sha256("\n".join(key).encode()).hexdigest()[:16]
            if not folder.exists():
                folder.mkdir()
                try:
                    make(folder)
                except Exception as error:
                    self._failures[key] = error
                    shutil.rmtree(folder, ignore_errors=True)
                    raise
            return folder

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
