"""A served artefact: every answer is held against the framework's, and what fails is counted and costs the pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from speedscore.bench_suite.probes.export.targets import TARGETS
from speedscore.bench_suite.probes.export.way import Stopped, ask_at_once
from speedscore.bench_suite.probes.process import Raised
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors
from tests.bench_suite.probes.export import made_up_artefact
from tests.waiting import wait_until

pytest.importorskip("litserve", reason="needs litserve: python -m pip install 'speedscore[probes]'")

from speedscore.bench_suite.probes.export.serving import clients, runtime

WEIGHTS = np.arange(6, dtype=np.float32).reshape(3, 2)
EXAMPLE = np.array([[1.0, 0.5, 2.0]], dtype=np.float32)
LOAD = f"{runtime.__name__}:load"
RUN = f"{clients.__name__}:run"


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=120.0)
    yield opened
    opened.close()


def test_every_answer_is_compared_and_every_failure_counted(tools: Tools, tmp_path: Path) -> None:
    pytest.importorskip("litserve")
    process = tools.start()
    right, other, refused = (tmp_path / name for name in ("right", "other", "refused"))
    made_up_artefact.write(right, weights=WEIGHTS, examples=EXAMPLE)
    # What the framework would say of other weights than those that are served.
    made_up_artefact.write(other, weights=WEIGHTS[::-1], examples=EXAMPLE)
    made_up_artefact.write(refused, weights=WEIGHTS, examples=-EXAMPLE)
    process.call(LOAD, folder=str(right), artefact="model.npy", opener=made_up_artefact.LOAD)

    served = process.call(RUN, folder=str(right), seconds=1.0)
    assert served["latency_seconds"]
    assert not served["failures"]
    assert served["largest_relative_error"] < 1e-6
    assert process.call(RUN, folder=str(other), seconds=1.0)["largest_relative_error"] > 0.1
    failed = process.call(RUN, folder=str(refused), seconds=1.0)
    assert not failed["latency_seconds"]
    assert failed["failures"][0].startswith("RuntimeError: HTTP 500")
    assert failed["largest_relative_error"] is None

    with pytest.raises(Raised, match=r"ended with exit code|not healthy"):
        process.call(LOAD, folder=str(right), artefact="missing.npy", opener=made_up_artefact.LOAD)
    process.close()
    wait_until(lambda: not _servers(right), "a server outlived its probe")


def _servers(folder: Path) -> list[int]:
    return [
        process.pid for process in psutil.process_iter(["cmdline"]) if str(folder) in (process.info["cmdline"] or ())
    ]


class _Answers:
    """Stands for the runtime's process."""

    def __init__(self, **served: Any) -> None:
        self._served = {"latency_seconds": [], "failures": [], "seconds": 2.0, "largest_relative_error": 0.0} | served

    def call(self, function: str, **arguments: Any) -> Any:
        del function, arguments
        return self._served


def test_a_failed_request_costs_the_pass_and_all_are_counted() -> None:
    measurements: dict[str, list[float]] = {}
    served = _Answers(latency_seconds=[0.1, 0.2], failures=["HTTP 500: no"])
    with pytest.raises(Stopped, match="1 of 3 requests failed, the first so: HTTP 500: no"):
        ask_at_once(TARGETS["http"], served, folder=Path(), measurements=measurements)  # type: ignore[arg-type]
    assert measurements == {
        "served_requests": [2.0],
        "failed_requests": [1.0],
        "serving_seconds": [2.0],
        "request_latency_seconds": [0.1, 0.2],
    }


def test_an_answer_without_numbers_is_infinitely_wrong() -> None:
    served = _Answers(latency_seconds=[0.1], largest_relative_error=None)
    assert ask_at_once(TARGETS["http"], served, folder=Path(), measurements={}) == float("inf")  # type: ignore[arg-type]
