"""Warnings of deprecation that the suite's own models raise under the installed release: what will break one day.

Every model of a framework is imported, built and trained by one step with all such warnings recorded. A kind of warning
is its category, its text and the line that it is laid at; Python lays it at whoever called what is deprecated. One at a
line of the suite's own is the models' to answer for, one inside an installed package is the framework's. ``seconds`` is
all models together.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from speedscore.bench_suite import frameworks
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.production.programs import build_program, step_program
from speedscore.bench_suite.probes.tools import Tools
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.text.cleaning import one_line

CATEGORIES = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
_SHOWN = 3
_QUICK_XLA = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
"""XLA's code is run once, so it need not be quick; to compile it takes half the time. Warnings come from Python."""
_THIS = "speedscore.bench_suite.probes.production.deprecations"
_SUITE = str(Path(frameworks.__file__).resolve().parents[1])


def list_cases() -> Sequence[ProbeCase]:
    """One a framework."""
    return [ProbeCase("deprecations", framework=line.id) for line in probed_frameworks()]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Train every model that the framework has by one step, in one process."""
    line = FRAMEWORKS[case.framework]
    models = [model for model in MODELS if line.has_model(model)]
    process = tools.start(variables={"XLA_FLAGS": _QUICK_XLA})
    seen = process.call(f"{_THIS}:train", framework=case.framework, models=models, preset=tools.preset)
    versions = process.versions(*line.distributions)
    return judge(seen["warnings"], models=models, seconds=seen["seconds"], versions=versions)


def judge(
    seen: Sequence[Mapping[str, Any]], *, models: Sequence[str], seconds: float, versions: dict[str, str]
) -> Answer:
    """Warnings with category, message, file and line, as often as they were raised."""
    kinds = {(each["category"], shape(each["message"]), each["file"], each["line"]): each for each in seen}
    ours = [each for each in kinds.values() if Path(each["file"]).is_relative_to(_SUITE)]
    others = [each for each in kinds.values() if each not in ours]
    shown = "; ".join(map(_show, (*ours, *others)[:_SHOWN]))
    return Answer(
        "in the models" if ours else "inside the framework" if others else "none",
        (seconds,),
        versions,
        reason=shown,
        observations={"models": ", ".join(models), "raised": len(seen)},
        measurements={"deprecations_in_models": [len(ours)], "deprecations_in_framework": [len(others)]},
    )


def shape(message: str) -> str:
    """A message without its numbers: two that differ in a size or an address are one kind."""
    return re.sub(r"0x[0-9a-f]+|\d+", "#", message)


def _show(warning: Mapping[str, Any]) -> str:
    parts = Path(warning["file"]).parts
    place = "/".join(parts[parts.index("site-packages") + 1 :] if "site-packages" in parts else parts[-3:])
    return f"{warning['category']} at {place}:{warning['line']}: {one_line(warning['message'])}"


def train(memory: dict[str, Any], *, framework: str, models: Sequence[str], preset: str) -> dict[str, Any]:
    """Runs in the framework's process, which has not imported it yet: what importing says is said once, and counts."""
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        for category in CATEGORIES:
            warnings.simplefilter("always", category)
        for model in models:
            build_program(memory, framework=framework, model=model, preset=preset)
            step_program(memory, steps=1)
    return {
        "seconds": time.perf_counter() - began,
        "warnings": [
            {
                "category": each.category.__name__,
                "message": str(each.message),
                "file": str(Path(each.filename).resolve()),
                "line": each.lineno,
            }
            for each in caught
        ],
    }
