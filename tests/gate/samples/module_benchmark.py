"""A benchmark that writes down which modules its process has loaded."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from made_up_clock import counted, work
from pytest_benchmark.fixture import BenchmarkFixture


@counted
def test_modules(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["speedscore_counts"] = {"queries": 7}
    benchmark(work, 100)
    Path(tempfile.gettempdir(), f"modules-{os.getpid()}").write_text(json.dumps([sys.prefix, *sys.modules]))
