"""How a process connects to a cluster, and starts one of this machine. It is given Ray, and does not import it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from speedscore.fleet.work import LOCAL
from speedscore.host.scratch import make_scratch

_MOST_FOLDER_CHARACTERS = 12
_MOST_CONNECTIONS = 3
_LOCAL_STORE_BYTES = 128 << 20


@contextlib.contextmanager
def settings_of_a_driver() -> Iterator[None]:
    """What Ray reads as it is imported."""
    # Its workers would run at 15, which only root could take back.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "RAY_OVERRIDE_JOB_RUNTIME_ENV": "1"}
    # Once Ray Client had lost its cluster, the next question would start another one on this machine. What is measured
    # may rely on it, so that it does not stay.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    yield
    del os.environ["RAY_ENABLE_AUTO_CONNECT"]


def connect(ray: Any, address: str, travelling: str) -> Callable[[], None]:
    """Connect, or start a cluster of this machine. Returns what ends it."""
    settings: dict[str, Any] = {
        "address": address,
        "runtime_env": {"working_dir": travelling},
        "log_to_driver": False,
        "namespace": f"speedscore-{os.getpid()}",
    }
    folder = ""
    if address == LOCAL:
        folder = _short_folder()
        settings |= {
            "include_dashboard": False,
            "object_store_memory": _LOCAL_STORE_BYTES,
            "_temp_dir": folder,
        }
    init_ray(ray, settings)

    def end() -> None:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    return end


def init_ray(ray: Any, settings: dict[str, Any]) -> None:
    """Connect, with another try where the connection is aborted.

    Ray Client has a process of its own on the head for each of its clients. One of eleven died there as it was forked
    (Ray 2.60, gRPC 1.85), of which the client hears no more than that; the next one is another process.
    """
    for _ in range(_MOST_CONNECTIONS - 1):
        with contextlib.suppress(ConnectionAbortedError):
            ray.init(**settings)
            return
    ray.init(**settings)


def _short_folder() -> str:
    """For Ray's sockets, whose names have 107 characters at most; if it can be, one that the next run removes."""
    if len(tempfile.gettempdir()) <= _MOST_FOLDER_CHARACTERS:
        return str(make_scratch("r"))
    return tempfile.mkdtemp(prefix="ss-", dir="/tmp")
