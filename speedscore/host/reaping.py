"""Ends what a process of ours has started and left behind when it was killed. Run as a script, by ``reaper``.

What is started carries a mark in its environment, and so does all that it starts itself, in whatever session: it is
found by that alone. Linux only, for it reads /proc. It imports nothing of ours, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

MARK = "SPEEDSCORE_STARTED_BY"
"""The environment variable that says who started a process: ``pid-start``, see ``identity``."""
_TRIES, _PAUSE_SECONDS = 20, 0.05


def identity(pid: int) -> str:
    """Names a process for ever, though its number will be used again: with the moment of its start, in clock ticks.

    Empty where there is no such process (man 5 proc, /proc/pid/stat).
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - pathlib takes long to import
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return ""
    # A zombie has ended, and only waits to be asked for.
    return "" if fields[0] in (b"Z", b"X") else f"{pid}-{fields[19].decode()}"


def marked() -> dict[int, str]:
    """Process → its mark, of all those that carry one and may be read."""
    found = {}
    prefix = f"{MARK}=".encode()
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdecimal():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as environ:  # noqa: PTH123
            for variable in environ.read().split(b"\0"):
                if variable.startswith(prefix):
                    found[int(name)] = variable[len(prefix) :].decode(errors="replace")
    return found


def end_marked(mark: str) -> None:
    """Kill every process that carries the mark, also those that were started meanwhile."""
    for _ in range(_TRIES):
        left = [pid for pid, of_process in marked().items() if of_process == mark and identity(pid)]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)


def main() -> None:
    """Wait until standard input ends, which its writer's death does, and then end what carries the mark."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_marked(sys.argv[1])


if __name__ == "__main__":
    main()
