"""A history of thirty nights in which one commit made a case slower, and the gate that saw it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from speedscore.comparing.saved_figures import figures_of
from speedscore.comparing.saved_run import SavedRun
from speedscore.gate.reporting.report import GateReport, SideReport
from speedscore.record.run_record import RunRecord
from speedscore.verdicts.verdict import Verdict
from tests.sample_runs import MACHINE, a_run, measured, timed

RUNS = 30
STEP = 18
CASE = "bench_suite/test_training.py::test_training[jax-mlp]"


def records(
    *, ratio: float = 1.08, processor: str = "a processor", better: str = "lower", seed: int = 8
) -> list[RunRecord]:
    """Nightly runs, one commit each, that are slower from the run ``STEP`` on, where JAX was updated too."""
    source = np.random.default_rng(seed)
    runs = []
    for day in range(RUNS):
        level = 0.1 * (ratio if day >= STEP else 1.0)
        seconds = [float(each) for each in level * np.exp(0.01 * source.standard_normal(2))]
        rate = measured("graph_breaks", "count", 3.0 if day < 5 else 4.0, better=better)
        environment = MACHINE | {
            "cpu.model": processor,
            "git.commit": f"{day:02}" * 20,
            "git.dirty": False,
            "package.jax": "0.10.1" if day < STEP else "0.10.2",
        }
        runs.append(a_run(timed(seconds, extra=[rate]), day=day, environment=environment))
    return runs


def in_memory(runs: list[RunRecord]) -> list[SavedRun]:
    return [figures_of(run, path=f"{place}.json") for place, run in enumerate(runs)]


MINOR = (
    Verdict(case=CASE, metric="time", outcome="unchanged", ratio=1.008, low=1.005, high=1.011),
    Verdict(case=CASE, metric="memory", outcome="unchanged", ratio=1.0, low=0.99, high=1.01),
)
"""Of a gate whose times have an interval that excludes 1, as a file says it that has no flag for that."""


def a_gate(path: Path, **fields: Any) -> Path:
    """The file of a gate that compared the commit of ``STEP`` with the one before."""
    verdicts = (
        Verdict(case=CASE, metric="time", outcome="regressed", ratio=1.08, low=1.07, high=1.09),
        Verdict(case=CASE, metric="memory", outcome="unchanged", ratio=1.0, low=0.99, high=1.01),
    )
    known: dict[str, Any] = {
        "schema_version": 1,
        "created": "2026-12-19T11:00:00+00:00",
        "base": SideReport("main", commit="17" * 20),
        "head": SideReport("head", commit="18" * 20),
        "seconds": 60.0,
        "exit_code": 10,
        "headline": "regressed: time of 1 case",
        "verdicts": verdicts,
    }
    path.write_bytes(msgspec.json.encode(GateReport(**known | fields)))
    return path
