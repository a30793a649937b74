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
import stat
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import msgspec

from speedscore.bench_suite.session.saving.shielding import shielded
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


class Journalled(msgspec.Struct, frozen=True):
    """What a journal holds."""

    run: RunRecord
    """The cases and probes of its session alone, without ratios."""
    left_out: dict[str, str] = {}
    """Node id of a case that is not in the run → why."""


class Journal:
    """The journal of the running session. Nothing is written before there is something to keep."""

    def __init__(self, folder: Path | None) -> None:
        """``folder`` is where runs are saved; the temporary folder is the second place."""
        self._folders = _folders(folder)
        self._handle: int | None = None
        self._path: Path | None = None
        self._torn = False
        self._session: RunRecord | None = None
        self._described: set[str] = set()
        self._waiting: deque[bytes] = deque()
        """Lines that are not on the disk, in their order: what a full disk did not take is written with the next."""
        self._unwritable = ""
        self._failure = ""

    @property
    def path(self) -> Path | None:
        """None while there is no file."""
        return self._path

    @property
    def problem(self) -> str:
        """Why something is missing in it; empty while nothing is."""
        return self._unwritable or self._failure

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
            if self._session is None:
                self._begin(session())
            self._describe(machines)
            self._add(lines)
            self._write()
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
            self._session = None
            self._described.clear()
            self._waiting.clear()

    def _begin(self, session: RunRecord) -> None:
        self._session = msgspec.structs.replace(session, cases=(), ratios=(), probes=(), machines={})
        self._add([_Line(session=self._session)])
        self._describe(session.machines)
        self._add(_Line(case=case) for case in session.cases)
        self._add(_Line(probe=probe) for probe in session.probes)

    def _describe(self, machines: Machines) -> None:
        """Those that have not been described yet."""
        if joined := {name: known for name, known in machines.items() if name not in self._described}:
            self._add([_Line(machines=joined)])
            self._described |= joined.keys()

    def _add(self, lines: Iterable[_Line]) -> None:
        for line in lines:
            try:
                self._waiting.append(msgspec.json.encode(line))
            except UnicodeEncodeError as error:  # half of a surrogate pair in a text that somebody else made
                self._unwritable = f"a result holds text that no file can hold ({error})"

    def _write(self) -> None:
        """Have what waits on the disk; what does not get there waits on."""
        try:
            if self._handle is None:
                self._open()
            self._append()
            self._failure = ""
        except OSError as error:
            self._failure = f"{self._path or self._folders[0]}: {error.strerror}"

    def _open(self) -> None:
        assert self._session is not None
        started = "".join(sign for sign in self._session.created if sign.isalnum())[:15]
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

    def _append(self) -> None:
        assert self._handle is not None
        written = []
        try:
            while self._waiting:
                text = b"\n" * self._torn + self._waiting[0] + b"\n"
                # What a full disk has cut off ends before the next line begins.
                self._torn = True
                while text:
                    text = text[os.write(self._handle, text) :]
                self._torn = False
                written.append(self._waiting.popleft())
            os.fsync(self._handle)
        except OSError:
            # Some systems of files say only now that the disk is full. Of two lines about one case the later counts.
            self._waiting.extendleft(reversed(written))
            raise


def is_journal(path: Path) -> bool:
    """Whether the file's name is a journal's."""
    return path.suffix == SUFFIX


def load_journal(path: Path) -> Journalled:
    """What a session that was cut off had measured.

    A line that was cut off is left out, and so is a case whose machine no other line describes. Raises RunFileError
    where the file is no journal, or its session still runs.
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
    left_out = {
        nodeid: f"no whole line of {path} describes {case.machine}, the machine that it was measured on"
        for nodeid, case in cases.items()
        if case.machine and case.machine not in machines
    }
    standing = tuple(case for nodeid, case in cases.items() if nodeid not in left_out)
    try:
        run = msgspec.structs.replace(session, cases=standing, probes=tuple(probes.values()), machines=machines)
    except ValueError as error:
        raise RunFileError(f"{path}: no journal of one session ({error}); measure again") from None
    return Journalled(run, left_out)


def left_over(folder: Path | None) -> list[Path]:
    """Journals of sessions that ended without saving their run, the newest last. ``folder`` as a Journal has it."""
    found: list[Path] = []
    for place in _folders(folder):
        with contextlib.suppress(OSError):
            found += [path for path in place.glob(f"{_PREFIX}*{SUFFIX}") if _is_left_over(path)]
    return sorted(found, key=lambda path: path.name)


def _is_left_over(path: Path) -> bool:
    # The temporary folder is everybody's: what bears such a name in it may be another's, or a link to nowhere.
    try:
        known = path.lstat()
        return stat.S_ISREG(known.st_mode) and known.st_uid == os.geteuid() and not _is_locked(path)
    except OSError:
        return False


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
