"""A cluster of several nodes on this machine, in a process of its own: what Ray's native code does, pytest survives.

Prints the cluster's address and that of its Ray Client, and then obeys a line at a time: ``add NAME JSON`` starts a
node (with ``processor``, one that runs on that processor alone), ``kill NAME`` ends it as a power cut would. It says
``done`` after each, and ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main() -> None:
    folder = tempfile.mkdtemp(prefix="ss-", dir="/tmp")
    # Ray notes its newest cluster below this folder, and does not make the folder "ray" for that.
    Path(folder, "ray").mkdir()
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "RAY_TMPDIR": folder}
    from ray.cluster_utils import Cluster

    # The head does no work, as most heads do not.
    cluster: Any = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "include_dashboard": False,
            "temp_dir": folder,
            "object_store_memory": 90 << 20,
            "ray_client_server_port": (client_port := _free_port()),
        },
    )
    nodes: dict[str, Any] = {}
    print(cluster.address, f"ray://{cluster.address.split(':')[0]}:{client_port}", flush=True)
    try:
        for line in sys.stdin:
            verb, name, *rest = line.split(maxsplit=2)
            if verb == "add":
                settings = json.loads(rest[0])
                with _on_processor(settings.pop("processor", None)):
                    nodes[name] = cluster.add_node(object_store_memory=90 << 20, wait=True, **settings)
            else:
                # What it runs dies with the raylet, and nobody is told.
                for info in nodes[name].all_processes["raylet"]:
                    info.process.send_signal(signal.SIGKILL)
            print("done", flush=True)
    finally:
        with contextlib.suppress(Exception):
            cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _on_processor(number: int | None) -> Iterator[None]:
    """What is started within runs on that processor alone, on Linux; None is no limit."""
    if number is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _free_port() -> int:
    with socket.socket() as anywhere:
        anywhere.bind(("", 0))
        port: int = anywhere.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
