"""What a probe is given to ask with: fresh processes, a folder that goes away, environments beside this one.

One ``Tools`` serves one probe. Whatever it started is gone when it is closed, however the probe ended.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import speedscore
from speedscore.bench_suite.probes.environments import find_environment
from speedscore.bench_suite.probes.kept import Kept
from speedscore.bench_suite.probes.making import MakingStopped
from speedscore.bench_suite.probes.process import Lost, ProbeProcess
from speedscore.bench_suite.workers.isolation import process_variables
from speedscore.host.import_path import import_path
from speedscore.host.scratch import make_scratch
from speedscore.record.phases import DeviceName

Found = TypeVar("Found")


class SharedProcesses:
    """Processes that probes of one block take over from each other. Whoever made it closes it."""

    def __init__(self) -> None:
        self.folder = make_scratch("block")
        self.by_name: dict[str, ProbeProcess] = {}

    def close(self) -> None:
        for process in self.by_name.values():
            process.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Tools:
    """Made for one probe, and closed after it."""

    def __init__(
        self,
        *,
        preset: str,
        processors: tuple[int, ...],
        limit_seconds: float,
        kept: Kept | None = None,
        shared: SharedProcesses | None = None,
    ) -> None:
        """``processors`` are those that every process of the probe shares.

        ``kept`` is the session's and ``shared`` the block's, where there is one; they are closed by whoever made them.
        """
        self.preset = preset
        """Whose sizes models have."""
        self.processors = processors
        self.scratch = make_scratch("probe")
        """A folder for what the probe writes; it goes with the probe."""
        self.deadline = time.monotonic() + limit_seconds
        """The moment of ``time.monotonic`` when the probe's time is over."""
        self.kept = kept or Kept()
        """What the probes of the session have made for each other."""
        self._owns_kept = kept is None
        self._shared = shared or SharedProcesses()
        self._owns_shared = shared is None
        self._lock = threading.Lock()
        self._processes: list[ProbeProcess] = []
        self._killed = threading.Event()

    def start(
        self,
        *,
        python: Path | None = None,
        device: DeviceName = "cpu",
        variables: Mapping[str, str] | None = None,
    ) -> ProbeProcess:
        """A fresh process, isolated as a worker is; it ends with the probe, or when it is closed.

        ``python`` is the interpreter of another environment, which finds our own modules and none of our packages;
        None for this one. ``variables`` come on top of those that every process has.
        """
        with self._lock:
            folder = self.scratch / f"process{len(self._processes)}"
            process = self._start(folder, python=python, device=device, variables=variables or {})
            self._processes.append(process)
        return process

    def start_shared(
        self,
        name: str,
        *,
        python: Path | None = None,
        device: DeviceName = "cpu",
        variables: Mapping[str, str] | None = None,
    ) -> tuple[ProbeProcess, bool]:
        """The process of that name that a probe of this block has left, or a fresh one, and whether it is fresh.

        It lives on when this probe ends, with all that was left in its memory; one that was lost is not handed on. The
        rest is as for ``start``, and counts only where it is fresh.
        """
        with self._lock:
            found = self._shared.by_name.get(name)
            if found is not None and not found.is_lost:
                found.deadline = self.deadline
                return found, False
            if found is not None:
                found.close()
            folder = Path(tempfile.mkdtemp(dir=self._shared.folder))
            process = self._start(folder, python=python, device=device, variables=variables or {})
            self._shared.by_name[name] = process
        return process, True

    def _start(
        self,
        folder: Path,
        *,
        python: Path | None,
        device: DeviceName,
        variables: Mapping[str, str],
    ) -> ProbeProcess:
        if self._killed.is_set():
            raise Lost("the session is over", hung=False)
        (caches := folder / "caches").mkdir(parents=True)
        return ProbeProcess(
            python or Path(sys.executable),
            folder=folder,
            import_path=import_path() if python is None else str(_import_root(self._shared.folder)),
            variables={
                **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))},
                **process_variables(processors=1, caches=caches, device=device),
                # Whatever a converter leaves behind, it leaves here.
                "TMPDIR": str(folder),
                "PYTHONHASHSEED": "0",
                **variables,
            },
            # What drives accelerators, and is timed, has the whole host.
            processors=self.processors if device == "cpu" else (),
            deadline=self.deadline,
        )

    def environment(self, name: str) -> Path:
        """The interpreter of another environment, which is made where there is none yet.

        As ``wait_for``; raises ProbeUnavailable where it cannot be made.
        """
        return self.wait_for(lambda stopped: find_environment(name, stopped=stopped))

    def wait_for(self, find: Callable[[threading.Event], Found]) -> Found:
        """What ``find`` finds, or makes; it is given an event that is set when the session is over.

        To be asked for before the first process is started: the probe's time does not run meanwhile. Raises whatever
        ``find`` raises, but Lost for MakingStopped.
        """
        began = time.monotonic()
        try:
            return find(self._killed)
        except MakingStopped:
            raise Lost("the session is over", hung=False) from None
        finally:
            self.deadline += time.monotonic() - began

    def kill(self) -> None:
        """End every process from another thread, and start no more."""
        with self._lock:
            self._killed.set()
            for process in (*self._processes, *self._shared.by_name.values()):
                process.kill()

    def close(self) -> None:
        for process in self._processes:
            process.close()
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self._owns_kept:
            self.kept.close()
        if self._owns_shared:
            self._shared.close()


def _import_root(folder: Path) -> Path:
    """A folder from which our package can be imported, and nothing else of where it is installed."""
    root = folder / "import"
    if not root.exists():
        root.mkdir()
        (root / "speedscore").symlink_to(Path(speedscore.__file__).parent)
    return root
