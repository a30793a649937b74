"""How the time to score grows with the number of saved cases; runs only with ``--selfbench``.

It prints figures and judges none: what is read here belongs to the machine it ran on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from tabulate import tabulate

from speedscore.record.run_file import load_run
from speedscore.record.run_record import RunRecord
from speedscore.scoring.cards import FORMATS
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.scores.score_report import build_report
from tests.sample_runs import save
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped
from tests.scoring.sample_runs import make_run, measured_case

SIZES = (10, 100, 1_000, 10_000)
REPEATS = 3
ROUNDS = 30
"""In each case; about what a session saves."""

T = TypeVar("T")


def best_seconds(work: Callable[[], T]) -> tuple[float, T]:
    """The least time of a few: what else the machine did can only add to it."""
    least = float("inf")
    for _ in range(REPEATS):
        started = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - started)
    return least, result


def saved_cases(count: int) -> RunRecord:
    """Two frameworks that alternate over as many models as it takes."""
    return make_run(
        *(
            measured_case(
                ("jax", "torch")[place % 2],
                [1e-3 * (1 + round_ / 100) for round_ in range(ROUNDS)],
                ecosystem=("jax", "pytorch")[place % 2],
                model=f"model{place // 2}",
            )
            for place in range(count)
        )
    )


def test_scoring_time_over_saved_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshots = shipped()
    rows = []
    for count in SIZES:
        path = save(tmp_path / f"{count}.json", saved_cases(count))
        read_seconds, record = best_seconds(lambda path=path: load_run(path))  # type: ignore[misc]
        runs = (NamedRun(name=path.name, record=record),)
        score_seconds, report = best_seconds(
            lambda runs=runs: build_report(  # type: ignore[misc]
                RUBRIC, make_evidence(*snapshots, runs=runs), frameworks=["jax", "pytorch"]
            )
        )
        assert len(report.cells) == count // 2
        print_seconds, _ = best_seconds(lambda report=report: FORMATS["text"](report, width=80))  # type: ignore[misc]
        rows.append((count, read_seconds, score_seconds, score_seconds / count * 1e6, print_seconds))
    with capsys.disabled():
        print()
        print(
            tabulate(
                rows,
                headers=("saved cases", "read s", "score s", "score µs/case", "print s"),
                floatfmt=("", ".4f", ".4f", ".1f", ".4f"),
            )
        )
