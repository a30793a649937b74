"""What this process starts does not outlive it, however it ends: a second process waits for that, and tidies up.

``PR_SET_PDEATHSIG`` alone would not do: it ends a child and leaves the child's own children, some of them frozen for
ever. Elsewhere than on Linux a process that is killed leaves what it started.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
from pathlib import Path

from speedscore.host import reaper_script

_SCRIPT = Path(reaper_script.__file__)
_END_SECONDS = 5.0
_started: dict[int, subprocess.Popen[bytes]] = {}
"""By the number of the process that started it: a fork has its parent's memory and not its parent's children."""


def mark() -> dict[str, str]:
    """The environment variable for what this process starts; from now on it is ended when this process has gone."""
    if not sys.platform.startswith("linux"):
        return {}
    this = os.getpid()
    if this not in _started:
        _started[this] = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SCRIPT), reaper_script.identity(this)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Neither a signal for our group nor another's reaper may end it first.
            start_new_session=True,
            cwd="/",
            env={name: value for name, value in os.environ.items() if name != reaper_script.MARK}
            | {reaper_script.REAPER: "1"},
        )
        atexit.register(_end, this)
    return {reaper_script.MARK: reaper_script.identity(this)}


def end_leftovers() -> int:
    """Kill what processes that have gone left behind, as where the reaper was killed too. Returns how many."""
    if not sys.platform.startswith("linux"):
        return 0
    dead = {of_process for of_process in reaper_script.marked().values() if not is_alive(of_process)}
    for of_process in dead:
        reaper_script.end_marked(of_process)
    return len(dead)


def is_alive(identity: str) -> bool:
    """Whether the process of that identity is still there, as far as can be seen from here."""
    pid, _, rest = identity.partition("-")
    is_elsewhere = rest.partition("-")[2] != reaper_script.place()
    return pid.isdecimal() and (is_elsewhere or reaper_script.identity(int(pid)) == identity)


def _end(pid: int) -> None:
    """Let the reaper end, which finds nothing left to do."""
    if pid != os.getpid():
        return
    reaper = _started.pop(pid)
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        reaper.communicate(timeout=_END_SECONDS)
