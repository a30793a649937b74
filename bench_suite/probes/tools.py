"""What a probe is given to ask with: fresh processes, a folder that goes away, environments beside this one.

One ``Tools`` serves one probe. Whatever it started is gone when it is closed, however the probe ended.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import speedscore
from speedscore.bench_suite.probes.environments import find_environment
from speedscore.bench_suite.probes.process import Lost, ProbeProcess
from speedscore.bench_suite.workers.handle import source_path
from speedscore.bench_suite.workers.isolation import process_variables
from speedscore.host.scratch import make_scratch
from speedscore.record.phases import DeviceName


class Tools:
    """Made for one probe, and closed after it."""

    def __init__(self, *, preset: str, processors: tuple[int, ...], limit_seconds: float) -> None:
        """``processors`` are those that every process of the probe shares."""
        self.preset = preset
        """Whose sizes models have."""
        self.processors = processors
        self.scratch = make_scratch("probe")
        """A folder for what the probe writes; it goes with the probe."""
        self.deadline = time.monotonic() + limit_seconds
        """The moment of ``time.monotonic`` when the probe's time is over."""
        self._lock = threading.Lock()
        self._processes: list[ProbeProcess] = []
        self._killed = False

    def start(
        self,
        *,
        python: Path | None = None,
        device: DeviceName = "cpu",
        variables: Mapping[str, str] | None = None,
        single_thread: bool = True,
    ) -> ProbeProcess:
        """A fresh process, isolated as a worker is; it ends with the probe, or when it is closed.

        ``python`` is the interpreter of another environment, which finds our own modules and none of our packages;
        None for this one. ``variables`` come on top of those that every process has.
        """
        with self._lock:
            if self._killed:
                raise Lost("the session is over", hung=False)
            folder = self.scratch / f"process{len(self._processes)}"
            folder.mkdir()
            (caches := folder / "caches").mkdir()
            threads = 1 if single_thread else len(self.processors)
            process = ProbeProcess(
                python or Path(sys.executable),
                folder=folder,
                import_path=source_path() if python is None else str(self._import_root()),
                variables={
                    **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))},
                    **process_variables(processors=threads, caches=caches, device=device),
                    # Whatever a converter leaves behind, it leaves here.
                    "TMPDIR": str(folder),
                    "PYTHONHASHSEED": "0",
                    **(variables or {}),
                },
                processors=self.processors,
                deadline=self.deadline,
            )
            self._processes.append(process)
        return process

    def environment(self, name: str) -> Path:
        """The interpreter of another environment, which is made where there is none yet.

        Raises ProbeUnavailable where it cannot be made. The time that this takes is no part of the probe's own.
        """
        began = time.monotonic()
        python = find_environment(name)
        self.deadline += time.monotonic() - began
        return python

    def kill(self) -> None:
        """End every process from another thread, and start no more."""
        with self._lock:
            self._killed = True
            for process in self._processes:
                process.kill()

    def close(self) -> None:
        for process in self._processes:
            process.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _import_root(self) -> Path:
        """A folder from which our package can be imported, and nothing else of where it is installed."""
        root = self.scratch / "import"
        if not root.exists():
            root.mkdir()
            (root / "speedscore").symlink_to(Path(speedscore.__file__).parent)
        return root
