"""Several clients at once ask a served model for the same example, and every answer is held against the framework's.

It starts no server: ``runtime.load`` did. Answers are judged when all have come, for judging takes the server's time.
"""

from __future__ import annotations

import http.client
import math
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from speedscore.bench_suite.probes.export import native, parity
from speedscore.bench_suite.probes.export.serving.runtime import connect, make_body, post, read_logits

CLIENTS = 4
SECONDS = 2.0
"""After this no client asks again."""


def run(memory: dict[str, Any], *, folder: str, seconds: float = SECONDS) -> dict[str, Any]:
    """Answers ``Target.load_test``: the fields of ``way.LoadTest``.

    ``folder`` holds the example as the artefact takes it and the framework's own logits, see ``native``.
    """
    size = native.BATCHES[0]
    body = make_body(np.load(Path(folder) / f"examples-{size}.npy"))
    answers = Counter[bytes]()
    latency_seconds: list[float] = []
    failures: list[str] = []
    began = time.perf_counter()

    def ask() -> None:
        connection = connect(memory["port"])
        while time.perf_counter() - began < seconds:
            asked = time.perf_counter()
            try:
                answer = post(connection, body)
            except (OSError, RuntimeError, http.client.HTTPException) as error:
                failures.append(f"{type(error).__name__}: {error}")
                connection.close()  # it is opened again by the next request
            else:
                latency_seconds.append(time.perf_counter() - asked)
                answers[answer] += 1
        connection.close()

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    lasted = time.perf_counter() - began
    expected = np.load(Path(folder) / f"native-{size}.npy")
    error = max((_error(answer, expected) for answer in answers), default=math.inf)
    return {
        "latency_seconds": latency_seconds,
        "failures": failures,
        "seconds": lasted,
        "largest_relative_error": error if math.isfinite(error) else None,
    }


def _error(answer: bytes, expected: Any) -> float:
    try:
        return parity.relative_error(read_logits(answer), expected)
    except (ValueError, TypeError, KeyError):  # no logits at all
        return math.inf
