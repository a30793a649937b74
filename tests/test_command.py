"""The command ``speedscore``: one table, each subcommand loaded when it is named, and what it says to a wrong word.

What the subcommands do is tested with their packages.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speedscore.__main__ import COMMANDS, main
from speedscore.comparing import baseline_command
from speedscore.gate.gate_command import add_arguments, pytest_words
from speedscore.text.arguments import Parser
from tests.places import ROOT
from tests.sample_runs import save
from tests.scoring.sample_runs import two_frameworks

HEAVY = frozenset({"numpy", "scipy", "psutil", "msgspec", "pytest"})


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that a refusal prints."""
    try:
        code: object = main(list(words))
    except SystemExit as ended:
        code = ended.code
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    (line,) = captured.err.splitlines()
    return line


# ------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("name", COMMANDS)
def test_each_has_a_help_text_with_an_example_of_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    said = capsys.readouterr().out
    assert said.startswith(f"usage: speedscore {name} ")
    assert f"\n  speedscore {name} " in said.partition("\nexample")[2]


def parsers_of(name: str) -> list[argparse.ArgumentParser]:
    """Its own and those of its actions."""
    command = importlib.import_module(COMMANDS[name].module)
    parser = Parser(prog=f"speedscore {name}", description=command.__doc__, epilog=command.EXAMPLES)
    command.add_arguments(parser)
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [parser, *(below for action in actions for below in action.choices.values())]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_no_wider_than_the_terminal_but_for_examples_to_copy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for parser in parsers_of(name):
        own, _, copied = parser.format_help().partition("\nexample")
        assert max(map(len, own.splitlines())) <= 80, parser.prog
        assert parser.description
        assert "``" not in own
        assert f"\n  {parser.prog}" in copied


def test_the_overview_names_each_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(name in said and entry.summary in said for name, entry in COMMANDS.items())


LOOK = """
import json, sys
from speedscore.__main__ import main

try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(*words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout.splitlines()[-1])) & HEAVY


def test_the_overview_and_the_gate_load_nothing_heavy_and_what_judges_does() -> None:
    assert loaded_by("--help") == set()
    assert loaded_by("gate", "--help") == {"pytest"}
    assert {"numpy", "msgspec"} <= loaded_by("card", "--help"), "the look finds what there is"


# ------------------------------------------------------------------------------------------ wrong words


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["crad"], "invalid choice: 'crad' (choose from card, trace, "),
        (["crad"], "did you mean 'card'?"),
        (["facts", "chekc"], "did you mean 'check'?"),
        (["baseline", "shwo"], "did you mean 'show'?"),
        (["card", "--format", "markdwon"], "did you mean 'markdown'?"),
        (["card", "pytroch"], "there are equinox, flax, haiku, jax, keras, optax, pytorch, tensorflow; did you mean"),
        (["facts", "diff", "2024-01", "2026-08", "jaxx"], "did you mean 'jax'?"),
        (["whatif", "jax", "--fact", "github_star=5"], "unknown key; the rubric's [facts] table lists those"),
        (["whatif", "jax", "--fact", "github_star=5"], "did you mean 'github_stars'?"),
        (["gate"], "Name BASE, a git ref or a directory, or --upgrade REQUIREMENT, or --canary SIZE"),
        (["gate", "--canary=", "--upgrade="], "gate: compare with what?"),
        ([], "required: command"),
        (["facts"], "required: action"),
    ],
)
def test_a_wrong_word_gets_one_line(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert reason in refused(capsys, *words)


def test_ctrl_c_is_one_line_and_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(baseline_command, "run", interrupted)
    assert main(["baseline", "show"]) == 130
    assert capsys.readouterr().err == "speedscore: interrupted\n"


# ------------------------------------------------------------------------------------ names of frameworks


@pytest.mark.parametrize(
    ("alias", "framework"),
    [("torch", "pytorch"), ("PyTorch", "pytorch"), ("JAX", "jax"), ("TensorFlow", "tensorflow"), ("dm-haiku", "haiku")],
)
def test_a_framework_is_found_by_each_of_its_names(
    alias: str, framework: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", alias, framework, "--format", "json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["asked"]) == [framework]


def test_a_line_of_the_matrix_that_a_run_measured_finds_its_framework(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = save(tmp_path / "run.json", two_frameworks())
    assert main(["card", "torch-compile", "--run", str(saved), "--format", "json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["frameworks"]) == ["pytorch"]
    assert "unknown framework 'torch-compile'" in refused(capsys, "card", "torch-compile")


# ------------------------------------------------------------------------------------------------- gate


def gate_words(*words: str, passed_on: tuple[str, ...] = ()) -> list[str]:
    parser = Parser()
    add_arguments(parser)
    options = parser.parse_args(list(words))
    options.pytest_arguments = list(passed_on)
    return pytest_words(options)


def test_a_gate_is_pytest_with_each_option_and_its_value_in_one_word() -> None:
    assert gate_words("HEAD~1") == ["--benchmark-only", "--gate=HEAD~1"]
    assert gate_words("HEAD~1", "--build") == ["--benchmark-only", "--gate=HEAD~1", "--gate-build"]
    assert gate_words("HEAD~1", "--affected") == ["--benchmark-only", "--gate=HEAD~1", "--gate-affected"]
    assert gate_words(
        "../base", "--time-budget", "10m", "--inconclusive=pass", "--json", "a b.json", passed_on=("-k", "x", "tests")
    ) == [
        "--benchmark-only",
        "--gate=../base",
        "--gate-inconclusive=pass",
        "--gate-time-budget=10m",
        "--gate-json=a b.json",
        "-k",
        "x",
        "tests",
    ]
    # As a variable that is not set leaves them, and as one that is set holds them.
    assert gate_words("HEAD~1", "--detect", "", "--time-budget=", "--pytest-args", "") == gate_words("HEAD~1")
    assert gate_words("HEAD~1", "--pytest-args", "-k 'a or b'", passed_on=("tests",))[-3:] == ["-k", "a or b", "tests"]
    assert gate_words("HEAD~1", "--pytest-args=--gate-affected")[-1] == "--gate-affected"
    assert gate_words("--canary", "5%") == ["--benchmark-only", "--gate-canary=5%"]


def test_a_quote_that_does_not_end_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert '--pytest-args: expected words with quotes as in a shell, found "-k \'a"' in refused(
        capsys, "gate", "HEAD", "--pytest-args", "-k 'a"
    )


def test_what_stands_after_the_dashes_goes_to_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def instead_of_pytest(words: list[str]) -> int:
        given.append(words)
        return 11

    monkeypatch.setattr(pytest, "main", instead_of_pytest)
    assert main(["gate", "HEAD", "--detect", "3%", "--", "-k", "encode", "--", "tests"]) == 11
    assert given == [["--benchmark-only", "--gate=HEAD", "--gate-detect=3%", "-k", "encode", "--", "tests"]]


def test_a_gate_refuses_the_budget_of_an_ordinary_session_and_says_what_to_write() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "bench_suite", "--gate", "HEAD", "--time-budget", "10m"]
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "write --gate-time-budget 10m" in done.stderr
