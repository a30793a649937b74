"""The page about other tools: every command and question of it is given, as it stands, to the sample run."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from speedscore.__main__ import main
from speedscore.record.run_file import load_run
from tests.code_blocks import code_blocks
from tests.places import ROOT

PAGE = ROOT / "docs" / "other-tools.md"
(RUN,) = (ROOT / "fixtures" / "runs").glob("*-cpu-smoke.json")
NEEDS = {"sql": ("duckdb", "pyarrow"), "tensorboard": ("tensorboard",)}
OTHERS = ("python -m pip install", "tensorboard --logdir", "mlflow ui", "wandb sync")
"""What installs, serves or sends, by the program of somebody else."""
TESTED_ELSEWHERE = ("speedscore log RUN --to wandb", "speedscore log RUN --to mlflow")
"""In tests/trackers: the one in a process of its own, the other because its new database takes seconds to make."""


def commands(program: str) -> list[str]:
    """The lines of the page that call the program, without their comments."""
    lines = [line for block in code_blocks(PAGE) if block.language == "sh" for line in block.lines]
    known = ("speedscore", "pytest-benchmark", *OTHERS)
    assert all(line.startswith(known) for line in lines)
    return [re.sub(r"\s+#.*", "", line) for line in lines if line.startswith(program)]


def test_every_command_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for command in commands("speedscore"):
        _, *words = shlex.split(command)
        asked = next((name for name in NEEDS if name in words), "sql")
        if command.startswith(TESTED_ELSEWHERE) or not all(map(importlib.util.find_spec, NEEDS[asked])):
            continue
        assert main([str(RUN) if word in ("RUN", "RUN.json") else word for word in words]) == 0, command
        assert capsys.readouterr().out, command


def test_every_question_of_the_page_is_answered() -> None:
    for module in NEEDS["sql"]:
        pytest.importorskip(module, reason="needs speedscore[sql]")
    from speedscore.history.asking.database import ask, open_database
    from speedscore.history.figures.arrow import tables_of_runs

    connection = open_database(tables_of_runs([load_run(RUN)]))
    questions = [each for block in code_blocks(PAGE) if block.language == "sql" for each in block.text.split("\n\n")]
    assert len(questions) >= 3
    for question in questions:
        answer = ask(connection, question)
        assert answer.rows, question
        assert all(any(value is not None for value in column) for column in zip(*answer.rows, strict=True)), question


def test_the_commands_of_pytest_benchmark_work_on_a_run_of_ours(tmp_path: Path) -> None:
    command = next(line for line in commands("pytest-benchmark") if "compare" in line)
    words = [str(RUN) if word == "RUN.json" else word for word in shlex.split(command)[1:]]
    if importlib.util.find_spec("pygal") is None:
        words = words[: words.index("--histogram")]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest_benchmark", *words, "--csv", "rounds.csv"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "rounds.csv").open(encoding="utf-8") as file:
        medians = {row["name"]: float(row["median"]) for row in csv.DictReader(file)}
    cases = [case for case in load_run(RUN).cases if case.status == "measured"]
    assert len(cases) > 100
    for case in cases:
        assert medians[case.nodeid] == pytest.approx(median(case.rounds_seconds), rel=1e-6)
    if "--histogram" in words:
        drawn = (tmp_path / "rounds-training_gpt_cpu.svg").read_text(encoding="utf-8")
        assert "test_training[jax-gpt-cpu]" in drawn
