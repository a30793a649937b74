"""Hosts of their own on this machine, for what passes between machines: namespaces of Linux, joined by a bridge.

Each has a network, a host name, processes, ``/tmp`` and ``/dev/shm`` of its own, and shares the other files. All of it
ends with this process. It needs root, and changes nothing outside its namespaces.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from speedscore.host.reaper import mark
from tests.places import ROOT
from tests.waiting import wait_until

_NETWORK = "198.51.100"
"""For examples and tests (RFC 5737)."""
_REAPS = "trap : TERM; while :; do sleep 1000 & wait; done"
"""The first process of a host, which takes in what others leave behind."""


def missing() -> str:
    """Why there can be no hosts here; empty where there can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "makes hosts out of namespaces, as root on Linux"
    lacking = [tool for tool in ("ip", "unshare", "nsenter") if shutil.which(tool) is None]
    return f"makes hosts with {', '.join(lacking)}, not installed (iproute2, util-linux)" if lacking else ""


class Hosts:
    """Made one by one."""

    def __init__(self) -> None:
        self._holders: list[subprocess.Popen[bytes]] = []
        self._pids: dict[str, int] = {}
        self._bridge = self._hold("--net", script=_REAPS)
        self._ip(self._bridge, "link add bridge type bridge")
        self._ip(self._bridge, "link set bridge up")

    def add(self, name: str) -> str:
        """Returns its address."""
        address = f"{_NETWORK}.{len(self._pids) + 1}"
        script = f"hostname {name}; mount -t tmpfs tmpfs /tmp; mount -t tmpfs tmpfs /dev/shm; {_REAPS}"
        pid = self._hold("--net", "--uts", "--ipc", "--mount", "--pid", "--mount-proc", script=script)
        wait_until(lambda: self._said(name, pid), f"the name of {name}")
        self._pids[name] = pid
        _call(f"ip link add {name} netns {self._bridge} type veth peer name eth0 netns {pid}")
        self._ip(self._bridge, f"link set {name} master bridge up")
        self._ip(pid, f"addr add {address}/24 dev eth0")
        self._ip(pid, "link set eth0 up")
        self._ip(pid, "link set lo up")
        return address

    def start(self, name: str, *command: str) -> subprocess.Popen[str]:
        """A process there, whose output is to be read."""
        variables = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
        return subprocess.Popen(
            ["nsenter", f"--target={self._pids[name]}", "--mount", "--uts", "--ipc", "--net", "--pid", *command],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables, **mark(), "PYTHONPATH": str(ROOT)},
        )

    def pull_cable(self, name: str) -> None:
        self._ip(self._bridge, f"link set {name} down")

    def close(self) -> None:
        for holder in reversed(self._holders):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(holder.pid, signal.SIGKILL)
            holder.wait()

    def _hold(self, *namespaces: str, script: str) -> int:
        """The first process in new namespaces."""
        holder = subprocess.Popen(
            ["unshare", *namespaces, "--fork", "--kill-child", "sh", "-c", script],
            env={**os.environ, **mark()},
            start_new_session=True,
        )
        self._holders.append(holder)
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        wait_until(lambda: bool(children.read_text().split()), "a host's first process")
        return int(children.read_text().split()[0])

    def _said(self, name: str, pid: int) -> bool:
        said = subprocess.run(["nsenter", f"--target={pid}", "--uts", "hostname"], capture_output=True, text=True)
        return said.stdout.strip() == name

    def _ip(self, pid: int, order: str) -> None:
        _call(f"nsenter --target={pid} --net ip {order}")


@contextlib.contextmanager
def some_hosts() -> Iterator[Hosts]:
    hosts = Hosts()
    try:
        yield hosts
    finally:
        hosts.close()


def _call(order: str) -> None:
    subprocess.run(order.split(), check=True, stdout=subprocess.DEVNULL)
