"""What a session has measured so far, on the disk as soon as it is measured: a session that is killed loses little.

A journal is a file of JSON lines beside the saved runs: the session first, then a case or a probe a line, and machines
of a fleet before their first case; of two lines about one of them the later one counts. It is made with the first
figure and removed when the whole run has been saved. Its session holds a lock on it, so that everybody can tell whether
that still lives. A journal that cannot be written costs no session; it never measures and decides nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import msgspec

from speedscore.bench_suite.session.shielding import shielded
from speedscore.host.fields import Scalar
from speedscore.host.files import read_file
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import CaseResult, RunRecord

SUFFIX = ".jsonl"
_PREFIX = "speedscore-unfinished-"


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One journal line; exactly one field is set."""

    session: RunRecord | None = None
    """The session without its cases and probes."""
    case: CaseResult | None = None
    probe: ProbeResult | None = None
    machines: dict[str, dict[str, Scalar]] = {}
    """Machine of a fleet → its environment; machines may join while the session runs."""


MakeSession = Callable[[], RunRecord]
"""Makes the session with all that an earlier one left to it. It has every case of that one, and is asked for once."""
Machines = Mapping[str, dict[str, Scalar]]
"""Machine of a fleet → its environment."""
NO_MACHINES: Machines = MappingProxyType({})


class Keeper(Protocol):
    """Stores each result as soon as it is measured."""

    def keep(self, cases: Sequence[CaseResult], *, session: MakeSession, machines: Machines = NO_MACHINES) -> None: ...

    def keep_probe(self, probe: ProbeResult, *, session: MakeSession) -> None: ...


class Journal:
    """The journal of the running session. Nothing is written before there is something to keep."""

    def __init__(self, folder: Path | None) -> None:
        """``folder`` is where runs are saved; the temporary folder is the second place."""
        self._folders = _folders(folder)
        self._handle: int | None = None
        self._path: Path | None = None
        self._torn = False
        self._described: set[str] = set()
        self.problem = ""
        """Why something is missing in it; empty while nothing is."""

    @property
    def path(self) -> Path | None:
        """None while nothing has been written."""
        return self._path

    def keep(self, cases: Sequence[CaseResult], *, session: MakeSession, machines: Machines = NO_MACHINES) -> None:
        """Have these cases on the disk when this returns, and the ``machines`` of a fleet that measured them."""
        self._keep([_Line(case=case) for case in cases], session=session, machines=machines)

    def keep_probe(self, probe: ProbeResult, *, session: MakeSession) -> None:
        """Have a probe on the disk when this returns."""
        self._keep([_Line(probe=probe)], session=session, machines=NO_MACHINES)

    def _keep(self, lines: Sequence[_Line], *, session: MakeSession, machines: Machines) -> None:
        if not lines:
            return
        with shielded() as signals_came:
            try:
                if self._handle is None:
                    self._begin(session())
                self._describe(machines)
                self._append(lines)
            except OSError as error:
                self.problem = f"{self._path or self._folders[0]}: {error.strerror}"
        for number in signals_came[:1]:
            signal.raise_signal(number)

    def remove(self) -> None:
        """The whole run has been saved, and this is not needed any more."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            # The folder may be there for it alone, where --benchmark-json names another place.
            with contextlib.suppress(OSError):
                self._path.parent.rmdir()
        self.close()

    def close(self) -> None:
        """Give up the file and its lock; what is in it stays."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            self._path = None

    def _begin(self, session: RunRecord) -> None:
        self._open(session)
        self._append([_Line(session=msgspec.structs.replace(session, cases=(), ratios=(), probes=(), machines={}))])
        self._describe(session.machines)
        self._append(_Line(case=case) for case in session.cases)
        self._append(_Line(probe=probe) for probe in session.probes)

    def _describe(self, machines: Machines) -> None:
        """Those that have not been described yet."""
        if joined := {name: known for name, known in machines.items() if name not in self._described}:
            self._append([_Line(machines=joined)])
            self._described |= joined.keys()

    def _open(self, session: RunRecord) -> None:
        started = "".join(sign for sign in session.created if sign.isalnum())[:15]
        name = f"{_PREFIX}{started}-{os.getpid()}{SUFFIX}"
        failure: OSError | None = None
        for folder in self._folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
            except OSError as error:
                failure = failure or error
            else:
                self._path = folder / name
                with contextlib.suppress(OSError):  # a system of files that knows no locks
                    fcntl.flock(self._handle, fcntl.LOCK_EX)
                return
        raise failure or OSError("no folder for it")

    def _append(self, lines: Iterable[_Line]) -> None:
        assert self._handle is not None
        for line in lines:
            text = b"\n" * self._torn + msgspec.json.encode(line) + b"\n"
            # What a full disk has cut off ends before the next line begins.
            self._torn = True
            while text:
                text = text[os.write(self._handle, text) :]
            self._torn = False
        os.fsync(self._handle)


def is_journal(path: Path) -> bool:
    """Whether the file's name is a journal's."""
    return path.suffix == SUFFIX


def load_journal(path: Path) -> RunRecord:
    """What a session that was cut off had measured: the cases and probes alone, without ratios.

    A line that was cut off is left out. Raises RunFileError where the file is no journal, or its session still runs.
    """
    try:
        lines = read_file(path).splitlines()
        if _is_locked(path):
            raise RunFileError(f"{path}: the session that writes it is still running; wait for its end")
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read ({error.strerror}); name a saved run or a journal") from error
    session: RunRecord | None = None
    cases: dict[str, CaseResult] = {}
    probes: dict[str, ProbeResult] = {}
    machines: dict[str, dict[str, Scalar]] = {}
    for text in lines:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            line = msgspec.json.decode(text, type=_Line)
            session = line.session or session
            machines |= line.machines
            if line.case is not None:
                cases[line.case.nodeid] = line.case
            if line.probe is not None:
                probes[line.probe.nodeid] = line.probe
    if session is None:
        raise RunFileError(f"{path}: holds no session of this release; measure again")
    return msgspec.structs.replace(
        session, cases=tuple(cases.values()), probes=tuple(probes.values()), machines=machines
    )


def left_over(folder: Path | None) -> list[Path]:
    """Journals of sessions that ended without saving their run, the newest last. ``folder`` as a Journal has it."""
    found: list[Path] = []
    for place in _folders(folder):
        with contextlib.suppress(OSError):
            journals = place.glob(f"{_PREFIX}*{SUFFIX}")
            # The temporary folder is everybody's.
            found += [path for path in journals if path.stat().st_uid == os.geteuid() and not _is_locked(path)]
    return sorted(found, key=lambda path: path.name)


def _folders(folder: Path | None) -> tuple[Path, ...]:
    return (*([folder] if folder is not None else []), Path(tempfile.gettempdir()))


def _is_locked(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False
