"""Scoring runs without a framework, without pytest, and knows of the measuring half only its record."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

FRAMEWORKS = {"jax", "jaxlib", "flax", "haiku", "optax", "equinox", "torch", "tensorflow", "keras"}

LIST_MODULES = """
import importlib, json, pkgutil, sys
from speedscore import scoring
for module in pkgutil.walk_packages(scoring.__path__, "speedscore.scoring."):
    if module.name not in ("speedscore.scoring.rubric.hooks", "speedscore.scoring.plugin"):
        importlib.import_module(module.name)
print(json.dumps([scoring.__file__, sorted(sys.modules)]))
"""


def unwanted_modules(root: Path, *, beside: Path | None = None) -> set[str]:
    """What importing all of scoring from ``root``, less its pytest plugin and hooks, brings in and must not."""
    roots = [root, *([beside] if beside else [])]
    ended = subprocess.run(
        [sys.executable, "-P", "-c", LIST_MODULES],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, roots))},
    )
    where, modules = json.loads(ended.stdout)
    assert Path(where).parents[2] == root
    return {
        module
        for module in modules
        if module.partition(".")[0] in FRAMEWORKS | {"pytest", "_pytest"}
        or module.startswith("speedscore.bench_suite.")
    }


def test_scoring_imports_no_framework_and_no_pytest() -> None:
    assert unwanted_modules(ROOT) == set()


@pytest.mark.parametrize("planted", ["pytest", "jax", "speedscore.bench_suite.workloads.presets"])
def test_a_planted_import_is_caught(tmp_path: Path, planted: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "speedscore", copy / "speedscore", ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "jax.py").touch()
    source = copy / "speedscore" / "scoring" / "rubric" / "scales.py"
    source.write_text(f"{source.read_text(encoding='utf-8')}\nimport {planted}\n", encoding="utf-8")
    assert planted in unwanted_modules(copy, beside=fake)
