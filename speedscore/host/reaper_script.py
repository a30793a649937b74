"""Ends what a process of ours has started and left behind when it was killed. Run as a script, by ``reaper``.

What is started carries a mark in its environment, and so does what it starts itself, in whatever session: it is found
by that, and what was given an environment of its own by its parents or its session. Linux only, for it reads /proc. It
imports nothing of ours, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

MARK = "SPEEDSCORE_STARTED_BY_PROCESS"
"""The environment variable that says who started a process: an identity."""
REAPER = "SPEEDSCORE_REAPER"
"""Stands in the environment of a process that runs this script, which ends by itself."""
_TRIES, _PAUSE_SECONDS = 20, 0.05


def identity(pid: int) -> str:
    """Names a process for ever, though its number will be used again: with the moment of its start, in clock ticks,
    and where such numbers count.

    Empty where there is no such process.
    """
    fields = _stat(pid)
    # A zombie has ended, and only waits to be asked for.
    return f"{pid}-{fields[19]}-{place()}" if fields and fields[0] not in ("Z", "X") else ""


def place() -> str:
    """The boot and the namespace in which processes have their numbers: containers may share a folder, or see each
    other's processes under other numbers (man 7 pid_namespaces)."""
    known = []
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id") as boot:  # noqa: PTH123
        known.append(boot.read().strip().partition("-")[0])
    with contextlib.suppress(OSError):
        known.append("".join(filter(str.isdigit, os.readlink("/proc/self/ns/pid"))))  # noqa: PTH115
    return ".".join(known)


def marked() -> dict[int, str]:
    """Process → its mark, of all those that carry one and may be read."""
    found = {}
    for pid in _pids():
        for name, value in _environment(pid):
            if name == MARK:
                found[pid] = value
    return found


def end_marked(mark: str) -> None:
    """Kill every process that carries the mark, and what it has started, also those that were started meanwhile."""
    for _ in range(_TRIES):
        those = {pid for pid, found in marked().items() if found == mark}
        left = [pid for pid in family(those) if pid != os.getpid() and identity(pid)]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)


def family(pids: set[int]) -> set[int]:
    """The processes, those of sessions that they lead, and whatever any of them has started."""
    relatives: dict[int, set[int]] = {}
    for pid in _pids():
        # Fields: state, parent, group, session (man 5 proc, /proc/pid/stat).
        if fields := _stat(pid):
            for elder in (int(fields[1]), int(fields[3])):
                relatives.setdefault(elder, set()).add(pid)
    found, new = set(), set(pids)
    while new:
        found |= new
        younger = {relative for pid in new for relative in relatives.get(pid, ())} - found
        # Another one's reaper has work to do when that one is ended.
        new = {pid for pid in younger if REAPER not in dict(_environment(pid))}
    return found


def main() -> None:
    """Wait until the process of that identity has gone, or lets us go, and then end what carries its mark."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    starter = sys.argv[1]
    waiting = select.poll()
    waiting.register(sys.stdin.fileno(), select.POLLIN)
    # What it forked may hold its end of the pipe open.
    with contextlib.suppress(OSError, AttributeError):
        waiting.register(os.pidfd_open(int(starter.partition("-")[0])), select.POLLIN)
    if identity(int(starter.partition("-")[0])) == starter:
        waiting.poll()
    end_marked(starter)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208


def _stat(pid: int) -> list[str]:
    """The fields after the name; none where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - pathlib takes long to import
            return stat.read().rpartition(b")")[2].decode().split()
    except OSError:
        return []


def _environment(pid: int) -> list[tuple[str, str]]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: PTH123
            variables = environ.read().split(b"\0")
    except OSError:
        return []
    parts = (variable.decode(errors="replace").partition("=") for variable in variables)
    return [(name, value) for name, _, value in parts]


if __name__ == "__main__":
    main()
