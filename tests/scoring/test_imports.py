"""Scoring runs without a framework, without pytest, and knows of the measuring half only its record."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bench_suite
import scoring

FRAMEWORKS = {"jax", "jaxlib", "flax", "haiku", "optax", "equinox", "torch", "tensorflow", "keras"}

LIST_MODULES = """
import importlib, json, pkgutil, sys
import scoring
for module in pkgutil.walk_packages(scoring.__path__, "scoring."):
    if module.name not in ("scoring.hooks", "scoring.plugin"):
        importlib.import_module(module.name)
print(json.dumps([scoring.__file__, sorted(sys.modules)]))
"""


def unwanted_modules(root: Path, *, beside: Path | None = None) -> set[str]:
    """What importing all of scoring from ``root``, less its pytest plugin and hooks, brings in and must not."""
    roots = [root, Path(bench_suite.__file__).parents[1], *([beside] if beside else [])]
    ended = subprocess.run(
        [sys.executable, "-P", "-c", LIST_MODULES],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, roots))},
    )
    where, modules = json.loads(ended.stdout)
    assert Path(where).parents[1] == root
    return {
        module
        for module in modules
        if module.partition(".")[0] in FRAMEWORKS | {"pytest", "_pytest"}
        or (module.startswith("bench_suite.") and module != "bench_suite.record")
    }


def test_scoring_imports_no_framework_and_no_pytest() -> None:
    assert unwanted_modules(Path(scoring.__file__).parents[1]) == set()


@pytest.mark.parametrize("planted", ["pytest", "jax", "bench_suite.presets"])
def test_a_planted_import_is_caught(tmp_path: Path, planted: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(Path(scoring.__file__).parent, copy / "scoring", ignore=shutil.ignore_patterns("__pycache__"))
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "jax.py").touch()
    source = copy / "scoring" / "scales.py"
    source.write_text(f"{source.read_text(encoding='utf-8')}\nimport {planted}\n", encoding="utf-8")
    assert planted in unwanted_modules(copy, beside=fake)
