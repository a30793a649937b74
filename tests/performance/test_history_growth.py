"""How long SQL takes over a history of a million rounds; runs only with ``--selfbench``.

It prints figures and judges none: what is read here belongs to the machine it ran on.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from tabulate import tabulate

from tests.comparing.sample_runs import MACHINE, a_run, timed

ROUNDS = 1_000_000
RUNS = (600, 2_400)
"""Sessions as long as this suite's smoke run, and shorter ones."""
MODELS = ("mlp", "resnet50", "gpt", "bert")
FRAMEWORKS = ("jax", "flax-nnx", "torch", "tensorflow")
QUESTIONS = {
    "median by machine and framework": "select machine_id, framework, median(seconds) from rounds group by all",
    "one case over months": (
        "select month, median(seconds) from rounds where framework = 'jax' and model = 'gpt' group by all order by all"
    ),
    "newest runs of a case, by commit": (
        "select created_utc, git_commit, median(seconds) from rounds join runs using (machine_id, month, run_id) "
        "where nodeid like '%jax-gpt]' group by all order by 1 desc limit 20"
    ),
    "rounds of one run": "select count(*) from rounds where run_id = (select min(run_id) from runs)",
}


@pytest.mark.parametrize("runs", RUNS)
def test_seconds_of_sql_over_a_million_rounds(runs: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from speedscore.history.arrow import tables_of_runs
    from speedscore.history.database import ask, open_database
    from speedscore.history.store import add_run

    rounds_each = ROUNDS // runs // (len(FRAMEWORKS) * len(MODELS))
    started = time.perf_counter()
    for number in range(runs):
        seconds = [1e-3 * (1 + number / 1000 + index / 1e5) for index in range(rounds_each)]
        cases = [timed(seconds, framework=framework, model=model) for model in MODELS for framework in FRAMEWORKS]
        environment = MACHINE | {"cpu.model": f"processor {number % 3}", "git.commit": f"{number:040x}"}
        add_run(tmp_path, a_run(*cases, day=number / 24, environment=environment))
    add_seconds = (time.perf_counter() - started) / runs
    files = sum(path.stat().st_size for path in tmp_path.rglob("*.parquet"))
    answers = []
    for name, question in QUESTIONS.items():
        started = time.perf_counter()
        # As the command does: everything is opened for each question.
        answer = ask(open_database(tables_of_runs([]), history=tmp_path), question)
        answers.append((name, time.perf_counter() - started, answer.rows_count))
    shutil.rmtree(tmp_path)
    with capsys.disabled():
        counted = rounds_each * len(FRAMEWORKS) * len(MODELS) * runs
        print(f"\n{counted:,} rounds in {runs:,} runs: {add_seconds:.4f} s to add one, {files / 1e6:.0f} MB")
        print(tabulate(answers, headers=("question", "seconds", "rows"), floatfmt=".3f"))
