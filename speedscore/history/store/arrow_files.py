"""Files of an object store as pyarrow opens them. It needs the extra ``sql``, and writes nothing.

What goes wrong there is kept for whoever asked pyarrow. An error that Python raises in a thread of pyarrow's can block
the process for good, DuckDB's included (pyarrow 26: to say it, the thread waits for the interpreter, which waits for
the thread). So pyarrow sees no table instead, which it says by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow.fs import FSSpecHandler

from speedscore.history.errors import as_os_error

Result = TypeVar("Result")


class Reads:
    """What threads of pyarrow's do in Python at the moment, and what went wrong there first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._failure: OSError | None = None
        self._is_over = False

    def do(self, read: Callable[[], Result], *, instead: Result) -> Result:
        """``instead`` after an error, and without another request from then on."""
        with self._changed:
            if self._is_over:
                return instead
            self._running += 1
        failure = None
        try:
            with as_os_error():
                return read()
        except OSError as error:
            failure = error
            return instead
        finally:
            with self._changed:
                self._running -= 1
                if failure is not None:
                    self._failure = self._failure or failure
                    self._is_over = True
                self._changed.notify_all()

    def end(self) -> OSError | None:
        """What went wrong. A thread that was still in Python as the process ends would abort it."""
        with self._changed:
            self._is_over = True
            self._changed.wait_for(lambda: not self._running)
            return self._failure


class OpenedOnly(FSSpecHandler):  # type: ignore[misc]
    """pyarrow's own looks first whether a file is there: one more request, which takes any error for a no."""

    def __init__(self, store: Any, reads: Reads) -> None:
        super().__init__(store)
        self._reads = reads

    def open_input_file(self, path: str) -> pa.NativeFile:
        handle = self._reads.do(lambda: self.fs.open(path, mode="rb"), instead=None)
        return pa.BufferReader(b"") if handle is None else pa.PythonFile(_File(handle, self._reads), mode="r")


class _File:
    """What pyarrow asks of a file."""

    def __init__(self, handle: Any, reads: Reads) -> None:
        self._handle = handle
        self._reads = reads

    def read(self, size: int) -> bytes:
        # As many as were asked for, for pyarrow does not count them everywhere.
        return self._reads.do(lambda: self._handle.read(size), instead=bytes(size))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)
