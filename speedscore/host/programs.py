"""Programs that are run to their end: installers, build backends, the command that sets up a base.

They find what is installed beside an interpreter, and nothing on this process's import path. However they end, they
leave no process. What they are for is their caller's affair.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from speedscore.host.reaper import mark
from speedscore.text.cleaning import without_colours

_SHOWN_LINES = 20
_TIDY_SECONDS = 2.0
"""For what is asked to end to remove its own temporary files."""


class ProgramTooSlowError(Exception):
    """It had not ended when its time was over."""


class ProgramFailedError(Exception):
    """It ended with another exit code than 0."""

    def __init__(self, code: int, printed: str) -> None:
        super().__init__(f"exit code {code}")
        self.code = code
        self.last_lines = "".join(f"\n  | {line}" for line in printed.splitlines()[-_SHOWN_LINES:])
        """Of what it printed, quoted, each after the end of a line; empty where it printed nothing."""


def run_program(
    command: Sequence[str],
    *,
    python: str,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    most_seconds: float | None,
) -> str:
    """What it has printed, both streams together. Other programs that it calls are looked for beside ``python`` first.

    ``variables`` come before those of this process. Raises ProgramFailedError, ProgramTooSlowError where
    ``most_seconds`` were not enough, and OSError where there is no such program.
    """
    # Folders of ours and of the user's on the import path are nothing of what is installed, or of a base.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # An interpreter may be given by its name alone, whose folder would be the working one.
    beside = Path(shutil.which(python) or python).absolute().parent
    path = os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)])
    # A file, because what it leaves running would hold a pipe open.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**inherited, "PATH": path, **(variables or {}), **mark()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(most_seconds)
        except BaseException as error:
            _signal(process, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_TIDY_SECONDS)
            if isinstance(error, subprocess.TimeoutExpired):
                raise ProgramTooSlowError from None
            raise
        finally:
            _signal(process, signal.SIGKILL)  # also what it left running
            process.wait()
        output.seek(0)
        printed = without_colours(output.read().decode(errors="replace"))
    if code:
        raise ProgramFailedError(code, printed)
    return printed


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To it and all that it has started in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
