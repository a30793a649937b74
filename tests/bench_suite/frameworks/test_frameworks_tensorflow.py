"""The TensorFlow programs step as they must, and the guards around them see what they must.

The checks stand in ``checks/tensorflow_checks.py`` and run in one fresh process; TensorFlow is never imported here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.workers.isolation import process_variables
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["tensorflow"])


@pytest.mark.parametrize("check", names_of_checks("tensorflow_checks"))
def test_in_tensorflow(check: str) -> None:
    run_checks("tensorflow_checks").facts(check)


def test_a_second_process_finds_what_the_first_one_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = "a_program_tells_whether_it_was_found_among_those_that_were_kept"
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    assert run_checks("tensorflow_checks", check, variables=(("PROCESS", "none"),)).facts(check) is None
    flags = process_variables(processors=1, caches=tmp_path / "with a blank", device="cpu")["TF_XLA_FLAGS"]
    told = [
        run_checks("tensorflow_checks", check, variables=(("TF_XLA_FLAGS", flags), ("PROCESS", process))).facts(check)
        for process in ("first", "second")
    ]
    assert told == [False, True]


def test_it_uses_two_threads_where_it_is_given_two() -> None:
    # TensorFlow takes the number once a process.
    check = "every_program_of_a_process_uses_the_threads_that_it_is_given"
    run_checks("tensorflow_checks", check, threads=2).facts(check)
