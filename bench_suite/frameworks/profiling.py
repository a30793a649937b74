"""What a program answers whose framework has a profiler: optional, beside the verbs of ``program``.

A profile is asked for by name (``--profile``) and taken after the last round; nothing here times or imports anything.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

TRACE: Final = "trace.json.gz"
"""Chrome's trace events, which Perfetto and chrome://tracing open."""
XPLANE: Final = "xplane.pb"
"""XLA's own form, which xprof and TensorBoard open."""


class MarkStep(Protocol):
    """Names what runs inside as the step of that number, so that the files tell where one begins."""

    def __call__(self, *, step_num: int) -> AbstractContextManager[object]: ...


@runtime_checkable
class Profiling(Protocol):
    """A program that can be profiled."""

    def profiling(self, folder: Path) -> AbstractContextManager[MarkStep]:
        """Inside it, the framework's own profiler records; at its end the files of the profile lie in ``folder``.

        The folder is empty before. Each file is named for its form, ``TRACE``, ``XPLANE`` or another. Raises
        DeviceUnavailable where the framework has a profiler, but none for the program's device.
        """
        ...
