"""Where a history lies: a folder, or a place in an object store that fsspec knows, as whole files with names.

List, read, write a file whole, remove it: no more is asked, for no more is common to folders and object stores. Nothing
is renamed, appended to or locked, and what the files mean is known elsewhere. Whatever goes wrong is an OSError.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from speedscore.history.errors import HistoryError, as_os_error, said
from speedscore.host.extras import install_command

if TYPE_CHECKING:
    from speedscore.history.store.arrow_files import Reads

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Place(Protocol):
    """Names are relative and have slashes."""

    text: str
    """As it was written."""

    def names(self, under: str = "") -> list[str]:
        """Every file, or those below a folder; none where there is no such folder. What is written or removed
        meanwhile may be among them or not."""

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        """Name → content, of those that are there."""

    def write(self, name: str, content: bytes) -> None:
        """Whole or not at all."""

    def writing(self, name: str) -> Any:
        """A context with a file to write into, which stands there when the context ends without an error.

        After an error half of it may stand there, which whoever wrote it removes."""

    def remove(self, names: Iterable[str]) -> None:
        """What is not there need not be removed."""

    def arrow(self) -> tuple[Any, str]:
        """What pyarrow reads through, and what it is to write before a name. See ``datasets.reading``."""

    def end_reads(self) -> OSError | None:
        """Let pyarrow read no more by what ``arrow`` gave so far, wait until it does not, and say what failed first."""


def is_url(text: str) -> bool:
    return _URL.match(text) is not None


def is_of_this_process(text: str) -> bool:
    """Whether no other process sees what lies there."""
    return text.lower().startswith("memory://")


def place_of(text: str) -> Place:
    """The folder or the place in a store that an argument means. Raises HistoryError where no package knows the URL."""
    if not is_url(text):
        return Folder(Path(text), text)
    try:
        import fsspec
    except ModuleNotFoundError:
        raise HistoryError(f"{text}: needs fsspec; {install_command('sql')}") from None
    _listen_to_no_log()
    try:
        store, root = fsspec.core.url_to_fs(text)
    except (ImportError, ValueError) as error:
        # fsspec says which package it lacks, or that it does not know the protocol.
        raise HistoryError(f"{text}: cannot be reached ({error})") from None
    except Exception as error:  # noqa: BLE001  The package of a store raises its own.
        raise HistoryError(f"{text}: cannot be reached ({said(error)})") from None
    if "file" in _protocols(store):
        return Folder(Path(root), text)
    if not root.strip("/"):
        raise HistoryError(f"{text}: expected a place in a store, as in s3://bucket/history, found none")
    return ObjectStore(store, root.rstrip("/"), text)


def _listen_to_no_log() -> None:
    """Whatever the package of a store logs on its way to an error, of which a line is said: where nobody listens,
    Python prints it, with the tracebacks of connections that were tried again.

    Not undone, for such packages end their connections when the process ends. Who set up a log has it.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def _protocols(store: Any) -> Sequence[str]:
    return (store.protocol,) if isinstance(store.protocol, str) else store.protocol


def _unless_gone(error: OSError) -> None:
    """A folder that cannot be read is not an empty one."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


class Folder:
    """A folder on a disk of this machine, or one that it mounts."""

    def __init__(self, root: Path, text: str) -> None:
        self.text = text
        self._root = root

    def names(self, under: str = "") -> list[str]:
        found = []
        for folder, _, files in os.walk(self._root / under, onerror=_unless_gone):
            above = Path(folder).relative_to(self._root)
            found += [(above / name).as_posix() for name in files]
        return found

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        contents = {}
        for name in names:
            with suppress(FileNotFoundError, NotADirectoryError):
                contents[name] = (self._root / name).read_bytes()
        return contents

    def write(self, name: str, content: bytes) -> None:
        with self.writing(name) as handle:
            handle.write(content)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Hidden and with a name of its own: nobody takes it for the file, and no other writer writes into it.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("wb") as handle:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()

    def remove(self, names: Iterable[str]) -> None:
        folders = set()
        for name in names:
            (self._root / name).unlink(missing_ok=True)
            folders.add((self._root / name).parent)
        for folder in folders:
            # Those that still hold something stay.
            with suppress(OSError):
                folder.rmdir()

    def arrow(self) -> tuple[Any, str]:
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem(), f"{self._root.absolute().as_posix()}/"

    def end_reads(self) -> OSError | None:
        """pyarrow says it itself."""
        return None


class ObjectStore:
    """A place in a store that fsspec knows, as ``s3://bucket/history``."""

    def __init__(self, store: Any, root: str, text: str) -> None:
        self.text = text
        self._store = store
        self._root = root
        self._reads: list[Reads] = []

    def names(self, under: str = "") -> list[str]:
        with as_os_error():
            # A listing that fsspec kept would not show what others wrote since.
            self._store.invalidate_cache()
            try:
                found = self._store.find(self._path(under))
            except FileNotFoundError:
                return []
            # Some put a slash before the bucket, and some do not.
            beginning = len(self._root.strip("/")) + 1
            return [path.strip("/")[beginning:] for path in found]

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        if not names:
            return {}
        contents = {}
        with as_os_error():
            # Not cat, which looks first whether they are there, and takes any error for a no.
            found = self._store.cat_ranges([self._path(name) for name in names], None, None, on_error="return")
            for name, content in zip(names, found, strict=True):
                if isinstance(content, bytes):
                    contents[name] = content
                elif not isinstance(content, FileNotFoundError):
                    raise content
        return contents

    def write(self, name: str, content: bytes) -> None:
        with as_os_error():
            self._store.pipe_file(self._path(name), content)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        with as_os_error():
            handle = self._store.open(self._path(name), "wb")
            try:
                yield handle
            except BaseException:
                # To close it sends what was written, and a store that is out of reach has an error of its own.
                with suppress(Exception):
                    handle.close()
                raise
            handle.close()

    def remove(self, names: Iterable[str]) -> None:
        with as_os_error():
            paths = [self._path(name) for name in names]
            if not paths:
                return
            try:
                # Many stores remove a thousand at once.
                self._store.rm(paths)
            except FileNotFoundError:
                for path in paths:
                    with suppress(FileNotFoundError):
                        self._store.rm_file(path)

    def arrow(self) -> tuple[Any, str]:
        from pyarrow.fs import PyFileSystem

        from speedscore.history.store.arrow_files import OpenedOnly, Reads

        reads = Reads()
        self._reads.append(reads)
        return PyFileSystem(OpenedOnly(self._store, reads)), f"{self._root}/"

    def end_reads(self) -> OSError | None:
        ended = [reads.end() for reads in self._reads]
        self._reads.clear()
        return next(filter(None, ended), None)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root
