"""Whole sessions for the tests: a folder with the matrix's benchmarks in it, and the sample framework in the table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from speedscore import bench_suite

HERE = Path(__file__).parent
SOURCES = Path(bench_suite.__file__).parent

QUICK = """
import sys
sys.path.insert(0, {here!r})
from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.workloads.presets import PRESETS, Gauging, Preset, WarmUp
from speedscore.bench_suite.workloads.table import MODELS, Model

PRESETS["smoke"] = Preset(
    "smoke",
    rounds_seconds=0.3,
    round_seconds=0.001,
    limit_seconds=60.0,
    warm_up=WarmUp(limit_seconds=0.1, chunk_seconds=0.001),
    gauging=Gauging(gemm_size=64, gemm_seconds=0.001, call_samples=3, call_sample_seconds=0.0001),
    busy_look_seconds=0.01,
)
pytest_plugins = ["speedscore.bench_suite.plugin"]
"""

ALONE = """
FRAMEWORKS.clear()
for name, variant in {variants!r}.items():
    FRAMEWORKS[name] = Framework(
        name, builder="sample_framework.program:build", ecosystem="sample", extra="sample", packages=(), variant=variant
    )
for model in ("resnet50", "gpt", "bert"):
    MODELS.pop(model, None)
"""


class Matrix:
    """A small matrix, and the sessions that measure it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path

    def make(self, *phases: str, conftest: str = "", **variants: str) -> None:
        """The benchmarks of ``phases`` for frameworks that are the sample under other names, with the perceptron alone.

        Without any, the matrix keeps the frameworks and models that it has.
        """
        alone = ALONE.format(variants=variants) if variants else ""
        self.pytester.makeconftest(QUICK.format(here=str(HERE)) + alone + conftest)
        for phase in phases:
            shutil.copy(SOURCES / f"test_{phase}.py", self.folder)

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(
            "--benchmark-only", "--benchmark-quiet", "-p", "no:speedscore.scoring.plugin", *arguments
        )
