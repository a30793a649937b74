"""The same in JAX and its libraries: a file of its own, so that both can be tested at the same time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from speedscore.bench_suite.frameworks.table import Framework
from tests.bench_suite.workers.mutant_cells import CELLS, Mutants, certified_mutants, check_mutants

CELLS_HERE = [cell for cell in CELLS if cell[0].ecosystem == "jax"]


@pytest.fixture(scope="module")
def mutants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mutants]:
    with certified_mutants(CELLS_HERE, caches=tmp_path_factory.mktemp("compiled")) as certified:
        yield certified


@pytest.mark.parametrize(
    ("framework", "model"), [pytest.param(*cell, id=f"{cell[0].id} {cell[1]}") for cell in CELLS_HERE]
)
def test_every_mutant_is_caught_and_the_honest_model_is_not(mutants: Mutants, framework: Framework, model: str) -> None:
    check_mutants(mutants, framework, model)
