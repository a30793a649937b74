"""How far NumPy's users get: a stated list of functions and idioms, run unchanged under a framework's namespace.

The namespace is the one that the framework offers for that: ``jax.numpy``; ``tensorflow.experimental.numpy`` with the
behaviour that its guide switches on; ``torch`` itself, which offers no other to be written against (its package of
NumPy's names is private, and what ``torch.compile`` does with NumPy code runs NumPy where it is not compiled).
Libraries on JAX have no NumPy of their own, and so no case.
"""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.learning.files import learning_folder
from speedscore.bench_suite.probes.learning.idiom_process import KINDS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.probes.process import Lost, ProbeProcess
from speedscore.bench_suite.probes.tools import Tools

CRASHED = "crashed"
_PROCESS = "speedscore.bench_suite.probes.learning.idiom_process"
_LIMIT_SECONDS = 10.0


class Namespace(msgspec.Struct, frozen=True):
    """What stands for ``np`` in one framework."""

    module: str
    before: str = ""
    """A function of it that its documentation has users call first."""


NAMESPACES = {
    "jax": Namespace("jax.numpy"),
    "torch": Namespace("torch"),
    "tensorflow": Namespace("tensorflow.experimental.numpy", before="experimental_enable_numpy_behavior"),
}


class Idioms(msgspec.Struct, frozen=True):
    """``fixtures/learning/numpy_idioms.toml``."""

    setup: str
    codes: dict[str, str]
    """By ``section.name``."""

    @classmethod
    def load(cls, path: Path) -> Idioms:
        """Raises ValueError where a section holds something else than code."""
        sections = tomllib.loads(path.read_text())
        setup = sections.pop("setup")
        codes = {f"{section}.{name}": code for section, names in sections.items() for name, code in names.items()}
        if wrong := [name for name, code in codes.items() if not isinstance(code, str)]:
            raise ValueError(f"{path}: expected code, a text, at {', '.join(wrong)}")
        return cls(setup, codes)


def list_cases() -> Sequence[ProbeCase]:
    """One for each framework that has such a namespace."""
    return [ProbeCase("idioms", framework=name, is_quick=True) for name in NAMESPACES if name in FRAMEWORKS]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Run the list; ``seconds`` are what all of it took, without importing."""
    namespace = NAMESPACES[case.framework]
    distributions = FRAMEWORKS[case.framework].distributions
    return ask_idioms(namespace, distributions, tools, learning_folder() / "numpy_idioms.toml")


def ask_idioms(namespace: Namespace, distributions: Sequence[str], tools: Tools, path: Path) -> Answer:
    """An idiom that ends or hangs the process costs itself alone: the others go on in another one."""
    idioms = Idioms.load(path)
    process = _open(namespace, tools)
    versions = process.versions(*distributions, "numpy")
    kinds: dict[str, str] = {}
    reasons: dict[str, str] = {}
    began = time.perf_counter()
    for name, code in idioms.codes.items():
        try:
            found = process.call(f"{_PROCESS}:compare", setup=idioms.setup, code=code, limit_seconds=_LIMIT_SECONDS)
        except Lost as error:
            found = {"kind": CRASHED, "reason": str(error).partition("\n")[0]}
            process.close()
            lost_at = time.perf_counter()
            process = _open(namespace, tools)
            began += time.perf_counter() - lost_at  # importing once more is no part of running idioms
        kinds[name] = found["kind"]
        if found["kind"] != "same":
            reasons[name] = f"{found['kind']}: {found['reason']}"
    seconds = time.perf_counter() - began
    counts = Counter(kinds.values())
    return Answer(
        "counted",
        (seconds,),
        versions,
        observations={"namespace": namespace.module, **reasons},
        measurements={
            "idioms": [len(kinds)],
            **{metric_of(kind): [counts[kind]] for kind in (*KINDS, CRASHED)},
        },
    )


def metric_of(kind: str) -> str:
    """The metric that counts the idioms of a kind."""
    return f"idioms_{kind.replace(' ', '_')}"


def _open(namespace: Namespace, tools: Tools) -> ProbeProcess:
    process = tools.start()
    process.call(f"{_PROCESS}:open_namespace", namespace=namespace.module, before=namespace.before)
    return process
