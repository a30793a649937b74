"""A test that starts processes, within its session and apart from it, and waits for one of them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from made_up_clock import counted
from pytest_benchmark.fixture import BenchmarkFixture


@counted
def test_others(benchmark: BenchmarkFixture) -> None:
    for apart in (False, True):
        subprocess.Popen(["sleep", "600"], start_new_session=apart)
    Path(tempfile.gettempdir(), f"others-{os.getpid()}").touch()
    benchmark.pedantic(subprocess.run, args=(["sleep", "600"],))
