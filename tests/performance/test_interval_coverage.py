"""How often the interval of a measured score holds the score of the true medians; runs only with ``--selfbench``.

Rounds and processes are simulated, so the truth is known. Prints a table and judges one thing: where a case's processes
are alike, 95 % must not be less than 90 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from tabulate import tabulate

from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.scores.uncertainty import uncertainties
from tests.scoring.sample_facts import RUBRIC, make_evidence
from tests.scoring.sample_runs import make_run, measured_case

TRIALS = 300
MODELS = ("mlp", "resnet50", "gpt")
ROUNDS = 20
ROUND_SPREAD = 0.05
CONDITIONS = [(1, 0.0), (2, 0.0), (5, 0.0), (1, 0.02), (2, 0.02), (5, 0.02)]
"""Processes a case, and how far they differ from each other."""

FINE = msgspec.structs.replace(
    RUBRIC, policy=msgspec.structs.replace(RUBRIC.policy, round_to=1e-3, breakpoint_shift=0.0)
)
"""Without the rounding to half points and the doubt about breakpoints, which would hide most misses."""


def simulated(seed: int, *, processes: int, spread: float) -> Iterable[CaseResult]:
    rng = np.random.default_rng(seed)
    for framework, truth in (("alpha", 1.0), ("beta", 1.2)):
        for model in MODELS:
            own = rng.normal(0.0, spread, processes)
            logs = np.repeat(own, ROUNDS) + rng.normal(0.0, ROUND_SPREAD, processes * ROUNDS)
            case = measured_case(framework, (truth * np.exp(logs)).tolist(), model=model)
            rounds = tuple(
                msgspec.structs.replace(round_, process=index // ROUNDS) for index, round_ in enumerate(case.rounds)
            )
            yield msgspec.structs.replace(case, rounds=rounds)


def holds(seed: int, *, processes: int, spread: float) -> bool:
    record = make_run(*simulated(seed, processes=processes, spread=spread))
    evidence = make_evidence(runs=(NamedRun(name="simulated", record=record),))
    findings = judge(FINE, evidence, frameworks=["alpha"], device="cpu")["alpha"]
    (speed,) = (finding for finding in findings if finding.criterion.id == "training_speed")
    interval = uncertainties(FINE, evidence, {"alpha": [speed]}, device="cpu", seed=seed)["alpha"].dimensions[
        DIMENSIONS[-1]
    ]
    assert speed.rule is not None
    return interval.low <= speed.rule.score(1.2) <= interval.high


def test_how_often_an_interval_holds_the_truth(capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for processes, spread in CONDITIONS:
        share = sum(holds(seed, processes=processes, spread=spread) for seed in range(TRIALS)) / TRIALS
        rows.append((processes, f"{100 * spread:g} %", f"{100 * share:.0f} %"))
        if not spread:
            assert share > 0.90 - 3 * math.sqrt(0.9 * 0.1 / TRIALS)
    with capsys.disabled():
        print()
        print(tabulate(rows, headers=("processes a case", "between processes", "intervals that hold the truth")))
