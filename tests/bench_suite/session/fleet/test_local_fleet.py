"""The real thing once: a Ray cluster on this machine measures what a session on this machine would."""

from __future__ import annotations

import shutil

import pytest

from speedscore.record.run_file import load_run
from tests.bench_suite.sample_session import Matrix
from tests.places import HELPERS

pytest.importorskip("ray", reason="a fleet needs Ray: pip install 'speedscore[fleet]'")


def test_a_local_cluster_measures_what_a_session_does_and_names_its_machine(matrix: Matrix) -> None:
    matrix.make("training", first="healthy", second="raise")
    # The checkout travels, and the framework of the session has to be in it.
    shutil.copytree(HELPERS / "sample_framework", matrix.folder / "sample_framework")
    result = matrix.run("-k", "not tpu", "--fleet=local", "--benchmark-json=run.json")
    result.assert_outcomes(passed=1, failed=1, skipped=2, deselected=2)
    run = load_run(matrix.folder / "run.json")
    (measured,) = [case for case in run.cases if case.status == "measured"]
    (name,) = run.machines
    assert measured.machine == name
    assert run.machines[name]["cpu.model"] == run.environment["cpu.model"]
    result.stdout.fnmatch_lines(
        [f"*{name}: begins mlp cpu: first, second*", f"*second-mlp-cpu on {name}: ValueError: *"]
    )
