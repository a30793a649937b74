"""What a history of a million rounds in ten thousand runs costs; runs only with ``--selfbench``.

It prints figures and judges none: what is read here belongs to the machine it ran on. The processor's seconds say more
than the clock's where a machine has other work.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tabulate import tabulate

from speedscore.host.fields import Scalar
from tests.places import ROOT
from tests.sample_runs import MACHINE, a_run, save, timed

RUNS = (1_000, 10_000)
ROUNDS_EACH = 6
"""With sixteen cases of two processes' rounds 96 a run, and with ten thousand runs a million."""
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
FIELDS: dict[str, Scalar] = {f"package.number-{number}": "1.2.3" for number in range(60)}


@pytest.mark.parametrize("runs", RUNS)
def test_seconds_and_memory_of_a_long_history(runs: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved, history = tmp_path / "saved", tmp_path / "history"
    for number in range(runs):
        _save(saved / f"{number // 1000}" / f"{number:05}.json", number)
    rows = [
        ("add them all", *_costs("history", "add", saved, "--to", history)),
        ("add one more", *_costs("history", "add", _save(tmp_path / "one.json", runs), "--to", history)),
        *((name, *_costs("sql", question, history)) for name, question in QUESTIONS.items()),
        ("history show", *_costs("history", "show", "jax-gpt", "--from", history)),
        ("history changes", *_costs("history", "changes", history)),
        ("compare with it", *_costs(*_compared(tmp_path, runs), "--history", history)),
        ("export all rounds", *_costs("history", "export", "--table", "rounds", *_exported(tmp_path, history))),
        ("nothing (--help)", *_costs("sql", "--help")),
    ]
    size = sum(path.stat().st_size for path in history.rglob("*.parquet"))
    with capsys.disabled():
        rounds = runs * ROUNDS_EACH * len(MODELS) * len(FRAMEWORKS)
        print(f"\n{rounds:,} rounds in {runs:,} runs, {size / 1e6:.0f} MB:")
        print(tabulate(rows, headers=("what", "processor s", "clock s", "peak MB"), floatfmt=".2f"))


def _save(path: Path, number: int) -> Path:
    """A run whose figures scatter by 1 %, with a new level for some cases."""
    chance = random.Random(number)
    cases = [
        timed(_seconds(number, framework, chance), framework=framework, model=model)
        for model in MODELS
        for framework in FRAMEWORKS
    ]
    machine: dict[str, Scalar] = {"cpu.model": f"processor {number % 3}", "git.commit": f"{number:040x}"}
    return save(path, a_run(*cases, day=number / 24, environment=MACHINE | machine | FIELDS))


def _seconds(number: int, framework: str, chance: random.Random) -> list[float]:
    level = 1e-3 * math.exp(chance.gauss(0, 0.01))
    level *= 1.05 if framework == "jax" and number >= 600 else 0.95 if framework == "torch" and number >= 5_000 else 1
    return [level * math.exp(chance.gauss(0, 0.003)) for _ in range(ROUNDS_EACH)]


def _compared(folder: Path, number: int) -> tuple[str | Path, ...]:
    return ("compare", *(_save(folder / f"{each}.json", number + 3 * each) for each in (1, 2)))


def _exported(folder: Path, history: Path) -> tuple[str | Path, ...]:
    return ("--from", history, "--to", folder / "rounds.parquet")


def _costs(*words: str | Path) -> tuple[float, float, float]:
    """Seconds of the processor and of the clock, and the most megabytes, of a command."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "speedscore", *map(str, words)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024
