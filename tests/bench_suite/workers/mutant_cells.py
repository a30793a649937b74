"""Certifies the mutants of frameworks in processes of their own, and says which cells there are and what catches them.

The mutants of a framework run in one process, which imports it once; as many processes at a time as there are
processors.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workloads.table import MODELS
from tests.bench_suite.workers.mutants import is_compiled_anew, is_honest_only, mutations_of
from tests.places import ROOT

SCRIPT = Path(__file__).with_name("mutants.py")

ON_THE_HOST = [framework for framework in FRAMEWORKS.values() if "cpu" not in framework.declined]
ONE_A_MODULE = {
    (
        implementation(framework, model),
        framework.packages,
        framework.variant if is_compiled_anew(framework) else "",
    ): (framework, model.id)
    # What stands last stands for all: there PyTorch is as it is installed, NNX idiomatic, and Keras on PyTorch eager.
    for framework in sorted(
        ON_THE_HOST, key=lambda framework: (framework.style == "idiomatic", framework.variant == "torch")
    )
    for model in MODELS.values()
    if implementation(framework, model) and model.id not in framework.declined_models
}
"""Variants of one folder share the modules of their models, so one of them stands for all that need the same; PyTorch's
compiler makes other programs of them and stands for itself."""
CELLS = list(ONE_A_MODULE.values())
EXPECTED = {
    "default-decay": "parameters after five steps",
    "momentum": "state after five steps",
}
"""Where a mutant is caught; all others are caught by their outputs."""

Caught = dict[str, tuple[str, float]]
"""Mutation → quantity that failed first, and the largest error over its tolerance."""
Cell = tuple[Framework, str]
Mutants = dict[tuple[str, str], Future[dict[str, Caught]]]
"""By framework and model."""


@contextmanager
def certified_mutants(cells: Sequence[Cell], *, caches: Path) -> Iterator[Mutants]:
    """The mutants of each cell, as soon as the process that makes them has ended; ``caches`` is an empty folder."""
    # Mutants of the weights are the honest program again, and several JAX libraries compile to the same ones.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        futures: dict[tuple[str, str], Future[dict[str, Caught]]] = {}
        for framework in dict.fromkeys(framework.id for framework, _ in cells):
            line = FRAMEWORKS[framework]
            models = [model for wanted, model in cells if wanted is line and not line.missing_packages()]
            # PyTorch's compiler gives up on what was compiled anew too often in a process: there, a process a model.
            for shared in [[model] for model in models] if is_compiled_anew(line) else [models]:
                future = pool.submit(certify_mutants, framework, *shared, caches=caches)
                futures |= {(framework, model): future for model in shared}
        yield futures
        for future in futures.values():
            future.cancel()


def certify_mutants(framework: str, *models: str, caches: Path) -> dict[str, Caught]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), framework, *models],
        cwd=ROOT,
        # What is wrong with a mutant is not in the machine code, so the compiler need not work hard.
        env=os.environ
        | {"JAX_PLATFORMS": "cpu", "PJRT_NPROC": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        | {"XLA_FLAGS": "--xla_backend_optimization_level=0", "CUDA_VISIBLE_DEVICES": ""}
        | {"JAX_COMPILATION_CACHE_DIR": str(caches), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        | {"JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1", "TORCHINDUCTOR_CACHE_DIR": str(caches / "inductor")},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    caught: dict[str, Caught] = {model: {} for model in models}
    for line in done.stdout.splitlines():
        if line.startswith("["):
            model, name, quantity, worst = json.loads(line)
            caught[model][name] = quantity, worst
    return caught


def check_mutants(mutants: Mutants, framework: Framework, model: str) -> None:
    """Every mutant of the cell is caught where it should be, by far, and the honest model passes in every role."""
    if missing := framework.missing_packages():
        pytest.skip(f"not installed: {', '.join(missing)}; {framework.remedy}")
    results = mutants[framework.id, model].result()[model]
    honest = {name: result for name, result in results.items() if name.startswith("none")}
    caught = {name: result for name, result in results.items() if name not in honest}
    assert results.keys() == mutations_of(framework, model).keys()
    # Limits stand as far above the honest errors as below the mistakes.
    assert all(quantity == "" and worst < 1 / 3 for quantity, worst in honest.values()), honest
    assert bool(caught) is not is_honest_only(framework)
    assert {name: quantity for name, (quantity, _) in caught.items()} == {
        name: EXPECTED.get(name, "forward outputs") for name in caught
    }
    # A mutant that is caught by a hair today is not caught tomorrow.
    assert all(worst > 2 for _, worst in caught.values()), caught
