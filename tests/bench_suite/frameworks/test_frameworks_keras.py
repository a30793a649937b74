"""The Keras programs run on the backend of their line alone, and step as they must, on each of the three.

The checks stand in ``checks/keras_checks.py`` and run in one fresh process a backend; Keras is never imported here.
"""

from __future__ import annotations

from itertools import product

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import libraries
from tests.bench_suite.frameworks.checks.running import names_of_checks, run_checks

BACKENDS = ("jax", "tensorflow", "torch")


@pytest.mark.parametrize(("backend", "check"), list(product(BACKENDS, names_of_checks("keras_checks"))))
def test_in_keras(backend: str, check: str) -> None:
    if missing := FRAMEWORKS[f"keras-{backend}"].missing_packages():
        pytest.skip(f"not installed: {', '.join(missing)}; {FRAMEWORKS[f'keras-{backend}'].remedy}")
    run_checks("keras_checks", variables=(("KERAS_BACKEND", backend),)).facts(check)


@pytest.mark.bare
def test_a_line_needs_its_own_backend_and_no_other() -> None:
    needed = {backend: set(FRAMEWORKS[f"keras-{backend}"].packages) for backend in BACKENDS}
    for backend, packages in needed.items():
        assert {"keras", backend} <= packages
        assert not packages & (set(BACKENDS) - {backend})
        assert FRAMEWORKS[f"keras-{backend}"].remedy == f'python -m pip install "speedscore[keras,{backend}]"'


@pytest.mark.bare
def test_no_probe_asks_keras_in_the_place_of_a_framework() -> None:
    assert not [line.id for line in libraries() if "keras" in line.packages]
