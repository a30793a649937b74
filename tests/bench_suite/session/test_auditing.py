"""A whole session certifies rounds when they are over, and refuses a case whose steps are no steps."""

from __future__ import annotations

from msgspec.structs import replace

from tests.bench_suite.sample_session import QUICK, Matrix


def test_a_program_that_is_idle_under_the_clock_fails_alone(matrix: Matrix) -> None:
    matrix.make("training", preset=replace(QUICK, audited=True), good="healthy", lazy="idle")
    result = matrix.run("-k", "cpu")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*lazy-mlp-cpu: the loss of a step is * no step was done in it*"])
