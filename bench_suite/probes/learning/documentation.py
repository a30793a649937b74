"""Documentation that runs: examples in the docstrings of the installed package, taken as a reader would take them.

Which modules, and which docstrings where there are many, is stated in ``fixtures/learning/documentation.toml``.
Each module has a process of its own; an example that hangs or ends it costs itself alone.
"""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.learning.docstring_process import OTHER_OUTPUT, RAISED, RAN, UNDEFINED
from speedscore.bench_suite.probes.learning.files import learning_folder
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.process import Lost, ProbeProcess, Raised
from speedscore.bench_suite.probes.tools import Tools

TIMED_OUT, CRASHED, NOT_REACHED = "timed out", "crashed", "not reached"
RESULTS = (RAN, OTHER_OUTPUT, UNDEFINED, RAISED, TIMED_OUT, CRASHED, NOT_REACHED)
"""What a docstring's examples may come to. Not reached: the time of its module was over before it was its turn."""
_PROCESS = "speedscore.bench_suite.probes.learning.docstring_process"
_DOCSTRING_SECONDS = 10.0
_MODULE_SECONDS = 40.0
"""After importing it."""


class Documented(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of one framework."""

    imports: str
    modules: tuple[str, ...]


class DocumentationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``fixtures/learning/documentation.toml``."""

    most: int
    """Docstrings that are run of one module."""
    frameworks: dict[str, Documented]


class ModuleCounts(msgspec.Struct, frozen=True):
    """What one module came to."""

    objects: int
    documented: int
    with_example: int
    results: Mapping[str, str]
    """Name → one of ``RESULTS``, of those that were run."""
    reasons: Mapping[str, str]


def load_documentation() -> DocumentationFile:
    """Raises msgspec.ValidationError for a key that there is not."""
    text = (learning_folder() / "documentation.toml").read_text()
    return msgspec.convert(tomllib.loads(text), DocumentationFile)


def list_cases() -> Sequence[ProbeCase]:
    """One a framework of the file."""
    asked = load_documentation().frameworks
    return [ProbeCase("documentation", framework=line.id) for line in probed_frameworks() if line.id in asked]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Run the sample; ``seconds`` are what running took, without importing."""
    asked = load_documentation()
    of_framework = asked.frameworks[case.framework]
    process = tools.start()
    versions = process.versions(*FRAMEWORKS[case.framework].distributions)
    process.close()
    counts = {}
    seconds = 0.0
    for module in of_framework.modules:
        counts[module], of_module = ask_module(module, imports=of_framework.imports, most=asked.most, tools=tools)
        seconds += of_module
    return Answer("counted", (seconds,), versions, **summarise(counts))  # type: ignore[arg-type]


def summarise(counts: Mapping[str, ModuleCounts]) -> dict[str, Mapping[str, object]]:
    """``observations`` and ``measurements`` of an answer."""
    results = Counter(result for module in counts.values() for result in module.results.values())
    return {
        "observations": {
            "modules": ", ".join(counts),
            **{
                f"{module}.{name}": f"{found.results[name]}: {reason}"
                for module, found in counts.items()
                for name, reason in found.reasons.items()
            },
        },
        "measurements": {
            "public_objects": [sum(module.objects for module in counts.values())],
            "documented_objects": [sum(module.documented for module in counts.values())],
            "objects_with_example": [sum(module.with_example for module in counts.values())],
            **{metric_of(result): [results[result]] for result in RESULTS},
        },
    }


def metric_of(result: str) -> str:
    """The metric that counts docstrings of a result."""
    return f"docstrings_{result.replace(' ', '_')}"


def ask_module(module: str, *, imports: str, most: int, tools: Tools) -> tuple[ModuleCounts, float]:
    """What its docstrings came to, and the seconds of running them."""

    def opened() -> tuple[ProbeProcess, Any]:
        process = tools.start()
        return process, process.call(f"{_PROCESS}:open_module", module=module, imports=imports, most=most)

    process, found = opened()
    results: dict[str, str] = {}
    reasons: dict[str, str] = {}
    began = time.perf_counter()
    for name in found["names"]:
        if time.perf_counter() - began > _MODULE_SECONDS:
            results[name] = NOT_REACHED
            continue
        try:
            answer = process.call(f"{_PROCESS}:run_docstring", name=name, limit_seconds=_DOCSTRING_SECONDS)
        except Raised as error:  # what is no Exception for doctest: it reports those itself
            answer = {"result": RAISED, "reason": str(error).partition("\n")[0]}
        except Lost as error:
            answer = {"result": TIMED_OUT if error.hung else CRASHED, "reason": str(error).partition("\n")[0]}
            process.close()
            lost_at = time.perf_counter()
            process, _ = opened()
            began += time.perf_counter() - lost_at  # importing once more is no part of running examples
        results[name] = answer["result"]
        if answer["reason"]:
            reasons[name] = answer["reason"]
    process.close()
    counts = ModuleCounts(found["objects"], found["documented"], found["with_example"], results, reasons)
    return counts, time.perf_counter() - began
