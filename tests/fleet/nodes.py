"""A Ray cluster of several nodes on this machine, as tests change it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import psutil

from speedscore.host.reaper import mark
from tests.places import ROOT


class Nodes:
    """The cluster, as a test changes it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fleet.ray_nodes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={**os.environ, **mark(), "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
        assert self._process.stdout is not None
        addresses = self._process.stdout.readline().split()
        assert addresses, "no cluster has started"
        self.address, self.client_address = addresses

    def add(self, name: str, **resources: object) -> None:
        self._ask(f"add {name} {json.dumps(resources)}")

    def kill(self, name: str) -> None:
        self._ask(f"kill {name}")

    def kill_client_servers(self) -> None:
        """What Ray Client has on the head for each of its clients."""
        for process in psutil.Process(self._process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "--mode=specific-server" in process.cmdline():
                    process.kill()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _ask(self, line: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"


@contextlib.contextmanager
def a_cluster() -> Iterator[Nodes]:
    """Without a node that works."""
    nodes = Nodes()
    try:
        yield nodes
    finally:
        nodes.close()
