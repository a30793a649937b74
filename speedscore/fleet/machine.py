"""Stands on a machine of the cluster while a fleet has it: starts a process for each piece, and passes on its signs.

It lives in a process of the cluster's own. When that one is killed, whatever a piece has started ends with it. It
imports no cluster: ``cluster`` makes an actor of it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tarfile
import time
from pathlib import Path

import speedscore
from speedscore.fleet.parents import end_with_parent
from speedscore.fleet.travelling import ARCHIVE, Commit, read_commit
from speedscore.fleet.wire import Beat, Broke, Do, Done, Log, Raised, Sign, decode_sign, encode
from speedscore.host.kept_logs import collected
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.host.reaper_script import end_marked, identity
from speedscore.host.scratch import make_scratch, remove_leftovers
from speedscore.host.variables import CHECKOUT, KEPT_LOGS
from speedscore.text.cleaning import one_line

LOOK_SECONDS = 20.0
"""So long a question stays open where there is nothing to tell; the driver knows by it that the machine lives."""
HUNG_SECONDS = 300.0
"""Without a sign of life. Generous, for a machine that swaps or compiles is slow, and not dead."""
_INHERITED = Path("/proc/self/environ")
_CHECKOUT, _PACKAGES = "checkout", "packages"
"""Folders of a machine's own: what has travelled."""
_LOGS = "logs"
"""Another one."""
_PIECE_LOG = f"{0:020}-piece-.log"
"""The first of the logs of a piece."""
_MOST_LOG_BYTES = 4 << 20


class Machine:
    """Does one piece at a time."""

    def __init__(self, niceness: int, travelled: str = "", *, ends_with_parent: bool = False) -> None:
        """``niceness`` is what pieces are to run at, and ``travelled`` the folder with what the driver sent; by default
        where this process was started. ``ends_with_parent`` is for a process that the cluster has started."""
        if ends_with_parent:
            end_with_parent()
        # Nobody removes it when this process is killed, but for the next machine that stands here.
        remove_leftovers()
        self._folder = make_scratch("machine")
        self._commit = _take_home(Path(travelled or Path.cwd()), self._folder)
        self._process: PipedProcess | None = None
        self._piece = ""
        """The identity of its process."""
        self._logs: Path | None = None
        """The folder of what its processes print, where that is to be told."""
        self._sign_at = 0.0
        # Only root may lower it; elsewhere the machine says at which it measures.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, niceness)

    def begin(self, entry: str, request: bytes, *, keeps_log: bool = False) -> None:
        """Start a fresh process for the piece; ``keeps_log`` asks for what is printed, to be told at its end."""
        self.stop()
        self._logs = _logs_of_a_piece(self._folder) if keeps_log else None
        environment = _environment(self._folder, self._commit)
        if self._logs is not None:
            environment[KEPT_LOGS] = str(self._logs)
        self._process = PipedProcess(
            [sys.executable, "-m", "speedscore.fleet.serve"],
            log_path=(self._logs or self._folder) / _PIECE_LOG,
            env=environment,
            cwd=self._folder / _CHECKOUT,
        )
        self._piece = identity(self._process.pid)
        self._sign_at = time.monotonic()
        self._process.send(encode(Do(entry, request)))

    def next_signs(self, _begun: None = None) -> list[bytes]:
        """What the piece has told since it was last asked: waits for the first of it, and for a while at most.

        Given what ``begin`` returned, it fails as that failed.
        """
        if self._process is None:
            return [encode(Broke("nothing is being done here"))]
        signs: list[bytes] = []
        try:
            while self._process.has_line(within_seconds=0.0 if signs else LOOK_SECONDS):
                line = self._process.read_line(limit_seconds=LOOK_SECONDS)
                self._sign_at = time.monotonic()
                sign: Sign = decode_sign(line)
                if isinstance(sign, Done | Raised):
                    self.stop()
                    signs += [*self._log(), line]
                    break
                if not isinstance(sign, Beat):
                    signs.append(line)
                if isinstance(sign, Beat):
                    break
            silent_seconds = time.monotonic() - self._sign_at
            if self._process is not None and silent_seconds > HUNG_SECONDS:
                raise ProcessLostError(f"gave no sign of life for {silent_seconds:.0f} s\n{self._process.last_lines()}")
        except ProcessLostError as error:
            self.stop()
            signs += [*self._log(), encode(Broke(one_line(f"its process {error}".replace("\n", "; "))))]
        return signs

    def _log(self) -> list[bytes]:
        """What was printed, where it was asked for, once nothing writes to it any more."""
        if self._logs is None:
            return []
        return [encode(Log(collected(self._logs, most_bytes=_MOST_LOG_BYTES)))]

    def stop(self) -> None:
        """End the piece and all that it started."""
        if self._process is not None:
            self._process.close()
            self._process = None
            if sys.platform.startswith("linux"):
                # What it started in a session of its own before it ended has no parent any more, and its mark.
                end_marked(self._piece)


def _take_home(travelled: Path, folder: Path) -> Commit:
    """Put what has travelled into a folder of our own, for Ray removes its copy when it sees no use for it, as where
    another node of the same host goes. Returns what git says of it."""
    with tarfile.open(travelled / ARCHIVE) as archive:
        archive.extractall(folder / _CHECKOUT, filter="tar")
    package = Path(speedscore.__file__).parent.name
    shutil.copytree(travelled / package, folder / _PACKAGES / package)
    return read_commit(travelled)


def _logs_of_a_piece(folder: Path) -> Path | None:
    """An empty folder; None where there is no room for one, which costs no piece."""
    logs = folder / _LOGS
    shutil.rmtree(logs, ignore_errors=True)
    try:
        logs.mkdir()
    except OSError:
        return None
    return logs


def _environment(folder: Path, commit: Commit) -> dict[str, str]:
    """Of this process, with the checkout's code first, and without what Ray has put there for its own workers."""
    environment = dict(os.environ)
    if "OMP_NUM_THREADS" in environment and b"OMP_NUM_THREADS=" not in _inherited():
        # Ray sets it to the processors that it has lent; what is measured here is the machine as it stands.
        del environment["OMP_NUM_THREADS"]
    checkout = folder / _CHECKOUT
    paths = (str(checkout), str(folder / _PACKAGES), environment.get("PYTHONPATH", ""))
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    if commit.commit:
        environment[CHECKOUT] = f"{commit.commit} {commit.dirty:d} {checkout}"
    return environment


def _inherited() -> bytes:
    try:
        return b"\0" + _INHERITED.read_bytes()
    except OSError:
        return b""
