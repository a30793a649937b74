"""Starts the server of an artefact and speaks to it, one request after the other, as one client would."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import psutil

from speedscore.bench_suite.probes.export.serving import server
from speedscore.bench_suite.probes.ports import LOOPBACK, free_port

START_SECONDS = 90.0
"""How long a server may take until it is healthy."""
REQUEST_SECONDS = 30.0
_LOOK_SECONDS = 0.02


def load(memory: dict[str, Any], *, folder: str, artefact: str, opener: str) -> None:
    """Answers ``Target.load``; a server of an earlier artefact is ended.

    Raises ChildProcessError when the server ends before it is healthy, TimeoutError when it does not become so.
    """
    if "server" in memory:
        end_server(memory.pop("server"))
    port = free_port()
    arguments = [folder, artefact, opener, str(port)]
    memory["server"] = subprocess.Popen(
        [sys.executable, "-m", server.__name__, *arguments], stdin=subprocess.DEVNULL, stdout=sys.stderr
    )
    memory["port"] = port
    _wait_until_healthy(memory["server"], port)
    connection = connect(port)

    def call(batch: Any) -> Any:
        return read_logits(post(connection, make_body(batch)))

    memory["call"] = call


def end_server(process: subprocess.Popen[bytes]) -> None:
    """End the server and the processes that it started."""
    for child in psutil.Process(process.pid).children(recursive=True):
        child.kill()
    process.kill()
    process.wait()


def connect(port: int) -> http.client.HTTPConnection:
    """A connection that stays open from one request to the next."""
    return http.client.HTTPConnection(LOOPBACK, port, timeout=REQUEST_SECONDS)


def make_body(batch: Any) -> bytes:
    """The request for one batch."""
    return json.dumps({"inputs": batch.tolist(), "dtype": str(batch.dtype)}).encode()


def post(connection: http.client.HTTPConnection, body: bytes) -> bytes:
    """The answer's body. Raises OSError or HTTPException where there is none, RuntimeError where it is an error's."""
    connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"HTTP {response.status}: {answer[:200].decode(errors='replace')}")
    return answer


def read_logits(answer: bytes) -> Any:
    """The logits of an answer, as an array of float32."""
    return np.array(json.loads(answer)["logits"], dtype=np.float32)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> None:
    """It answers 200 when its worker has opened the artefact."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildProcessError(f"the server ended with exit code {process.returncode} before it was healthy")
        connection = connect(port)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(_LOOK_SECONDS)
    raise TimeoutError(f"the server was not healthy within {START_SECONDS:.0f} s")
