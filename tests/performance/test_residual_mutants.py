"""The mutants of the residual network at the preset that takes minutes; runs only with ``--selfbench``."""

from __future__ import annotations

from tests.bench_suite.workers.test_residual_mutants import check_residual_mutants


def test_every_mutant_of_the_residual_network_is_caught_at_small() -> None:
    check_residual_mutants("small")
