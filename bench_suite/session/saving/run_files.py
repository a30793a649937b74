"""Makes sure that a session's run is saved whole, also when no option asks for it and when every case was skipped.

It takes the place of pytest-benchmark's own saving, under the same options and names: a name is never taken twice, a
file that cannot be written costs no run, for there is a second place and a third, and nothing is called saved before it
has been read back. What the document holds is made in ``document``, how a file is written in ``writing``.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.session.saving.document import Document, make_document
from speedscore.bench_suite.session.saving.writing import (
    identity,
    is_device,
    write_numbered,
    write_over,
    write_to_device,
)
from speedscore.record.run_file import RunFileError, load_run
from speedscore.record.run_record import RunRecord

BENCHMARK_SESSION = "pytest-benchmark"
"""The name under which pytest-benchmark registers its session with pytest."""
OWN_NAME = "speedscore"
"""The file's name where nobody asked for the run to be saved."""
_SHOWN_CHARACTERS = 200


class Saved(msgspec.Struct, frozen=True):
    """What became of a run."""

    path: Path | None
    """A file that holds it and was read back; None where no place took it."""
    problems: tuple[str, ...]
    """Why it is not saved in some place where it was asked to be."""
    lines: tuple[str, ...]
    """What the terminal says about it."""


class RunFiles:
    """Where the run of one session goes. Made as the session begins: what changes from then on, others have written."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        asked: Path | None = config.getoption("benchmark_json", None)
        self._json_path = Path(asked) if asked else None
        self._json_before = identity(self._json_path) if self._json_path is not None else None
        self._storage_problem = _move_storage(config)

    def folder(self) -> Path | None:
        """Where pytest-benchmark keeps the runs of this machine; None where it is no folder, or is switched off."""
        session = self._benchmark_session()
        path = getattr(getattr(session, "storage", None), "path", None)
        return Path(path) / session.machine_id if path is not None else None

    def leave_alone(self) -> None:
        """Let pytest-benchmark's ``finish`` save nothing itself, and go on with its table."""
        session = self._benchmark_session()
        if session is not None:
            session.handle_saving = _nothing_to_save

    def save(self, run: RunRecord) -> Saved:
        """Save the run where it was asked for and, where that fails, somewhere else.

        Raises nothing for a full disk, nor for a run that no file can hold.
        """
        session = self._benchmark_session()
        try:
            saving = _Saving(run)
            document = make_document(self._config, session, run, include_data=True)
        except UnicodeEncodeError as error:
            self.leave_alone()
            return _not_saved(f"it holds text that no file can hold: {ascii(error.object)[:_SHOWN_CHARACTERS]}")
        name = (session.save or session.autosave) if session is not None else None
        if self._storage_problem:
            saving.problems.append(self._storage_problem)
        if self._json_path is not None:
            self._save_as_asked(saving, self._json_path, document)
        folder = self.folder()
        if folder is not None and (name or not saving.paths):
            slim = self._json_path is None and name and not session.save_data
            stored = make_document(self._config, session, run, include_data=False) if slim else document
            saving.to(lambda: write_numbered(folder, name or OWN_NAME, stored.text, check=saving.check))
        elif folder is None and name:
            saving.send(lambda: session.storage.save(document.content, name))
        if not saving.paths:
            saving.to(lambda: _write_temporary(document.text, check=saving.check))
        self.leave_alone()
        return saving.result(document.lines)

    def _save_as_asked(self, saving: _Saving, path: Path, document: Document) -> None:
        if is_device(path):
            saving.send(lambda: write_to_device(path, document.text))
            return

        def write() -> Path:
            write_over(path, document.text, before=self._json_before, check=saving.check)
            return path

        saving.to(write)

    def _benchmark_session(self) -> Any:
        return self._config.pluginmanager.get_plugin(BENCHMARK_SESSION)


class _Saving:
    """One run on its way to its places."""

    def __init__(self, run: RunRecord) -> None:
        # As it is read back: what JSON cannot hold, a number that is not finite, is null there.
        self._run = run
        with contextlib.suppress(msgspec.DecodeError):  # what no reader takes is told by the check of each place
            self._run = msgspec.json.decode(msgspec.json.encode(run), type=RunRecord)
        self.paths: list[Path] = []
        self.problems: list[str] = []

    def check(self, path: Path) -> None:
        """Read the finished file as everybody will. Raises RunFileError where it is not this run."""
        if load_run(path) != self._run:
            raise RunFileError(f"{path}: holds another run than was written; the disk or its memory may be damaged")

    def to(self, write: Callable[[], Path]) -> None:
        try:
            self.paths.append(write())
        except RunFileError as error:
            self.problems.append(str(error))

    def send(self, send: Callable[[], object]) -> None:
        """Send the run to a place that cannot be read back, and so must not hold the only copy."""
        try:
            send()
        except Exception as error:  # noqa: BLE001 - a database's client raises its own
            self.problems.append(str(error))

    def result(self, lines: tuple[str, ...]) -> Saved:
        why = "; ".join(self.problems)
        path = self.paths[0] if self.paths else None
        if path is None:
            return _not_saved(*self.problems, lines=lines)
        own = [f"the run is saved in {path}{f', because {why}' if why else ''}"]
        own += [f"the run is saved in {other} too" for other in self.paths[1:]]
        return Saved(path, tuple(self.problems), _said(*lines, *own))


def _not_saved(*problems: str, lines: tuple[str, ...] = ()) -> Saved:
    return Saved(None, problems, _said(*lines, f"the run was not saved: {'; '.join(problems)}"))


def _said(*lines: str) -> tuple[str, ...]:
    return tuple(f"speedscore: {line}" for line in lines)


def _move_storage(config: pytest.Config) -> str:
    """Before pytest-benchmark looks at it: a storage that is a loop of links would end the session in a traceback.

    Returns why it was moved to the temporary folder; empty where it was not.
    """
    asked: str = config.getoption("benchmark_storage", None) or ""
    path = asked.removeprefix("file://")
    if not path or "://" in path:
        return ""
    try:
        os.path.realpath(path, strict=True)
    except FileNotFoundError:
        return ""
    except OSError as error:
        config.option.benchmark_storage = f"file://{Path(tempfile.gettempdir()) / 'speedscore-benchmarks'}"
        remedy = "remove it, or name another folder with --benchmark-storage"
        return f"{Path(path)}: cannot be used ({error.strerror}); {remedy}"
    return ""


def _write_temporary(text: str, *, check: Callable[[Path], None]) -> Path:
    """The last place. Raises RunFileError where that does not take it either."""
    try:
        handle, name = tempfile.mkstemp(prefix="speedscore-run-", suffix=".json")
    except OSError as error:
        raise RunFileError(f"the temporary folder: not written ({error.strerror})") from error
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        check(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise RunFileError(f"{path}: not written ({error.strerror})") from error
        raise
    return path


def _nothing_to_save() -> None:
    """Stands in for pytest-benchmark's own saving."""
