"""What this package brings, for speedscore's hooks: one framework, its facts, one model, one criterion.

pytest imports this module at every start, so it names modules as text and imports none of what is measured.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.workloads.table import Model
from speedscore.scoring.rubric.answer_rule import AnswerRule, Measure
from speedscore.scoring.rubric.criterion import Criterion

_NO_ACCELERATOR = "NumPy computes on the processor alone"


# Optional, so that pytest still starts where speedscore's own plugins are switched off.
@pytest.hookimpl(optionalhook=True)
def pytest_speedscore_frameworks() -> list[Framework]:
    return [
        Framework(
            "sample-numpy",
            builder="speedscore_sample.numpy_framework.program:build",
            ecosystem="numpy",
            extra="",
            packages=("numpy", "scipy"),
            declined={"gpu": _NO_ACCELERATOR, "tpu": _NO_ACCELERATOR},
        )
    ]


@pytest.hookimpl(optionalhook=True)
def pytest_speedscore_models() -> list[Model]:
    return [
        Model(
            "samplelinear",
            workload="speedscore_sample.linear.workload",
            implementations={
                "sample-numpy": "speedscore_sample.linear.in_numpy",
                "jax": "speedscore_sample.linear.in_jax",
                "torch": "speedscore_sample.linear.in_torch",
            },
        )
    ]


@pytest.hookimpl(optionalhook=True)
def pytest_speedscore_criteria() -> list[Criterion]:
    return [
        Criterion(
            id="sample_batch_speed",
            dimension="performance",
            name="Batch inference",
            question="How fast is a forward pass of the training batch, compared with the fastest other framework?",
            weight=1,
            reason="Whoever serves batches cares as much for this as for the latency of one answer.",
            answers=(
                AnswerRule(
                    measure=Measure(phase="throughput"),
                    unit="× best other",
                    scale="log",
                    points=((0.1, 0), (0.25, 3), (0.5, 5), (0.8, 7), (1, 8), (1.25, 9.25), (1.5, 9.75), (2, 10)),
                    reason="The scale of inference latency: a tie with the best is good, half the speed is the middle.",
                    example=(1, 8.0),
                ),
            ),
            strength="Passes batches faster than the others compared",
            weakness="Passes batches slower than the others compared",
        )
    ]


@pytest.hookimpl(optionalhook=True)
def pytest_speedscore_facts() -> list[Path]:
    return [Path(__file__).parent / "facts"]
