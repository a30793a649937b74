"""``base_setup``: what makes the files of a base that git does not keep, such as generated code and data.

It is run in the checkout that the gate has made and will remove, never in a folder of the user's. Nothing is measured.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from speedscore.gate.errors import GateError
from speedscore.host.reaper import mark

_SHOWN_LINES = 20


def set_up_base(command: str, *, folder: Path, python: str, most_seconds: float | None) -> None:
    """Run a command of the shell in ``folder``, with the programs beside ``python`` first.

    Raises GateError with its last lines where it fails, and where its time is spent.
    """
    # Folders of head on the import path are nothing of the base.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # An interpreter may be given by its name alone, whose folder would be the checkout.
    found = shutil.which(python) or python
    path = os.pathsep.join([str(Path(found).absolute().parent), os.environ.get("PATH", os.defpath)])
    # A file, because what it leaves running would hold a pipe open.
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            ["sh", "-c", command],
            cwd=folder,
            env={**variables, **mark(), "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(most_seconds)
        except subprocess.TimeoutExpired:
            raise GateError(f"base_setup: the time budget was spent in `{command}`") from None
        finally:
            # Also what it left running, and where Ctrl-C ended the wait.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if code:
            printed.seek(0)
            last = printed.read().decode(errors="replace").splitlines()[-_SHOWN_LINES:]
            quoted = "".join(f"\n  | {line}" for line in last)
            raise GateError(f"base_setup: `{command}` ended with exit code {code} in base{':' if last else ''}{quoted}")
