"""The same seed twice: are the trained weights, or the random numbers, the same to the bit?

Twice in one process, and in a second process. The suite's programs have no dropout and take their weights and batch
from the workload, so training asks about kernels and compilers alone, on one thread; ``random`` asks about the
framework's own random numbers. ``seconds`` is the second run in the first process.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from speedscore.bench_suite.frameworks.digests import first_difference
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.production.programs import probing_module, start_program, take_steps
from speedscore.bench_suite.probes.tools import Tools

MODELS = ("mlp", "gpt")
STEPS = 20
RANDOM = "random"
SEED = 2026
_OWN_RANDOM = ("jax", "flax-nnx", "haiku", "torch", "tensorflow")
"""Who has random numbers of its own; Linen's and Equinox's users call JAX's."""
_PROGRAMS = "speedscore.bench_suite.probes.production.programs"

Digests = Mapping[str, str]


def list_cases() -> Sequence[ProbeCase]:
    """Two models for every framework, and random numbers where it has its own."""
    trained = [
        ProbeCase("reproducible", framework=line.id, subject=model) for line in probed_frameworks() for model in MODELS
    ]
    return [
        *trained,
        *(
            ProbeCase("reproducible", framework=line.id, subject=RANDOM)
            for line in probed_frameworks()
            if line.id in _OWN_RANDOM
        ),
    ]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Run twice in one process and once in another."""
    run = _draw if case.subject == RANDOM else _train
    (first, again), seconds, versions = run(case, tools, runs=2)
    (elsewhere,), *_ = run(case, tools, runs=1)
    return compare(first, again, elsewhere, seconds=seconds, versions=versions)


def compare(first: Digests, again: Digests, elsewhere: Digests, *, seconds: float, versions: dict[str, str]) -> Answer:
    """Digests by name of a run, of its repetition in the same process, and of one in another process."""
    in_process, across = first_difference(first, again), first_difference(first, elsewhere)
    outcome = "differs in one process" if in_process else "differs across processes" if across else "equal"
    observations = {
        "arrays": len(first),
        "first_difference": in_process or across or None,
        "different_in_one_process": _count(first, again),
        "different_across_processes": _count(first, elsewhere),
    }
    return Answer(outcome, (seconds,), versions, observations=observations)


def _count(one: Digests, other: Digests) -> int:
    return sum(one.get(name) != other.get(name) for name in one.keys() | other.keys())


def _train(case: ProbeCase, tools: Tools, *, runs: int) -> tuple[list[Digests], float, dict[str, str]]:
    process = start_program(tools, framework=case.framework, model=case.subject)
    digests = []
    seconds = 0.0
    for _ in range(runs):
        process.call(f"{_PROGRAMS}:reload_program")
        began = time.perf_counter()
        take_steps(process, STEPS)
        seconds = time.perf_counter() - began
        digests.append(process.call(f"{_PROGRAMS}:digest_weights"))
    versions = process.versions(*FRAMEWORKS[case.framework].distributions)
    process.close()
    return digests, seconds, versions


def _draw(case: ProbeCase, tools: Tools, *, runs: int) -> tuple[list[Digests], float, dict[str, str]]:
    draw = f"{probing_module(case.framework, 'random_numbers')}:draw"
    process = tools.start()
    digests = []
    seconds = 0.0
    for _ in range(runs):
        began = time.perf_counter()
        digests.append(process.call(draw, seed=SEED))
        seconds = time.perf_counter() - began
    versions = process.versions(*FRAMEWORKS[case.framework].distributions)
    process.close()
    return digests, seconds, versions
