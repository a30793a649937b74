"""Makes docs/commands.md from the parsers of the commands and of pytest: ``python docs/make_commands.py``.

It says what a parser knows of its options, and nothing of what they do. The markers are those that the plugin
registers. Environment variables, which no parser knows, stand in a table here; a test finds them in the sources.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

import speedscore.plugin as always_loaded
from speedscore.__main__ import COMMANDS
from speedscore.bench_suite.plugin import MARKERS
from speedscore.host.variables import RECORDED_VARIABLES
from speedscore.text.arguments import Parser
from speedscore.text.markdown import Markdown, code, fenced, markdown_table
from speedscore.text.output import COMMAND

PAGE = Path(__file__).with_name("commands.md")
VARIABLES = {
    "SPEEDSCORE_TORCH_LAYOUT": "`NCHW` or `channels_last`: the memory layout of PyTorch's images, instead of the one "
    "that was measured to be faster here",
    "SPEEDSCORE_BROWSER": "the Chromium for tests of the report and for `docs/make_pictures.py`, instead of one found",
    "XDG_CACHE_HOME": "the folder, by its whole path, in whose `speedscore` things are kept for the next time, instead "
    "of `~/.cache`: environments of probes, gates and fleets, PyTorch's layout, JavaScript packages",
    "CI": "set: a session draws no line that it writes over",
    "NO_COLOR": "the same",
    "COLUMNS": "how wide a card is, instead of as wide as the terminal",
    "PYTHONHASHSEED": "the seed of Python's hashes on both sides of a gate, in all its pairs, instead of one that is "
    "drawn for each; `random` is as if it were not set. The benchmarks of frameworks always have 0",
    "PIP_CONSTRAINT": "files that `speedscore gate --upgrade` keeps to where it looks for versions",
    "GITHUB_TOKEN": "`speedscore facts collect` asks GitHub with it, `speedscore comment` writes with it",
    "GITLAB_TOKEN": "`speedscore comment` writes with it",
    "GITHUB_API_URL": "where `speedscore comment`, and `speedscore facts collect` without a token, ask instead of "
    "GitHub's own address",
    "GITHUB_GRAPHQL_URL": "where `speedscore facts collect` asks with a token, instead of GitHub's own address",
    "MLFLOW_EXPERIMENT_NAME": "the experiment of `speedscore log --to mlflow`",
    "MLFLOW_LOGGING_LEVEL": "set: MLflow's own messages are left as they are; else warnings alone are shown",
    "WANDB_DIR": "the folder of `speedscore log --to wandb`",
    "WANDB_MODE": "`online` sends a run of `speedscore log --to wandb`; without it the run stays offline",
    "WANDB_PROJECT": "the project of `speedscore log --to wandb`",
}
"""What the code reads and a person may set, with what it does. What our own processes tell each other is not here."""


class _Options:
    """Takes what a plugin adds to pytest's parser into one of argparse."""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(add_help=False)

    def getgroup(self, name: str, description: str = "") -> _Options:
        """One group for all: the page has a section for each plugin."""
        del name, description
        return self

    def addoption(self, *names: str, **settings: Any) -> None:
        self.parser.add_argument(*names, **settings)


def page() -> str:
    """The whole page, in Markdown."""
    return "\n\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield "# Commands and options"
    yield "Made by `python docs/make_commands.py` from the parsers themselves; not typed."
    yield "## Options of pytest"
    yield "A gate, wherever speedscore is installed:"
    yield _options_of(always_loaded)
    yield (
        "Where the benchmarks are collected: in a checkout of speedscore, or with `--pyargs speedscore.bench_suite`. "
        "The options of pytest and of pytest-benchmark stay as they are. Write option and value in one word, as here: "
        "pytest looks for its rootdir before it knows these options, and takes a path that stands alone for one of "
        "tests."
    )
    yield _options_of(*map(importlib.import_module, always_loaded.SUITE_PLUGINS), joint="=")
    yield "## Markers"
    yield 'For `-m`, where the benchmarks are collected: `-m precision`, `-m "speedscore_probe and not capability"`.'
    yield _table(
        ((code(name), text) for name, _, text in (marker.partition(": ") for marker in MARKERS)),
        headers=("marker", "what it is on"),
    )
    yield f"## The command {COMMAND}"
    yield (
        f"`{COMMAND} COMMAND --help` says the same. Exit code 2: the input cannot be used, with one line that says "
        "why; 130 follows Ctrl-C. Exit code 1: `verify` found a figure that does not follow from its evidence, "
        "`facts collect` wrote what it has although a source refused, or `bisect` found no first commit with a "
        "regression."
    )
    yield _table(((code(name), entry.summary) for name, entry in COMMANDS.items()), headers=("command", "what it does"))
    for name, entry in COMMANDS.items():
        command = importlib.import_module(entry.module)
        parser = Parser(prog=f"{COMMAND} {name}", description=command.__doc__, epilog=command.EXAMPLES)
        command.add_arguments(parser)
        yield f"### {COMMAND} {name}"
        # Its own docstring, whose marks of code a parser leaves out.
        yield from _command(parser, command.__doc__ or "")
        if entry.passes_on:
            yield "What follows `--` is for pytest."
    yield "## Environment variables"
    yield _table(
        ((code(name), Markdown(text)) for name, text in VARIABLES.items()), headers=("variable", "what it does")
    )
    yield (
        f"Written into every saved run where they are set, for they change what is measured: "
        f"{', '.join(map(code, RECORDED_VARIABLES))}."
    )


def _command(parser: argparse.ArgumentParser, description: str) -> Iterator[str]:
    yield _paragraphs(description)
    rows = list(_rows(parser))
    if rows:
        yield _table(rows, headers=("argument", "what it says"))
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for summary in action._get_subactions():
                below = action.choices[summary.dest]
                yield f"#### {below.prog}"
                yield from _command(below, below.description or "")
    # Those of a command with actions stand below each action, where it has any.
    examples = (parser.epilog or "").splitlines()[1:]
    if examples and rows:
        yield "\n".join(fenced(line.strip() for line in examples))


def _paragraphs(text: str) -> str:
    """The text of a docstring; its marks of code are Markdown's."""
    return "\n\n".join(" ".join(part.split()) for part in text.replace("``", "`").split("\n\n"))


def _options_of(*plugins: ModuleType, joint: str = " ") -> str:
    options = _Options()
    for plugin in plugins:
        if hasattr(plugin, "pytest_addoption"):
            plugin.pytest_addoption(cast(pytest.Parser, options))
    return _table(_rows(options.parser, joint=joint), headers=("option", "what it says"))


def _rows(parser: argparse.ArgumentParser, *, joint: str = " ") -> Iterator[tuple[str, str]]:
    """``joint`` stands between an option and its value."""
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            yield Markdown(", ".join(map(code, _spellings(action, joint)))), _help(action, parser)


def _spellings(action: argparse.Action, joint: str) -> Sequence[str]:
    value = _value(action)
    return [f"{name}{joint}{value}" if value else name for name in action.option_strings] or [value]


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    name = str(action.metavar or (action.dest.upper() if action.choices is None else "{" + _choices(action) + "}"))
    return {"?": f"[{name}]", "*": f"[{name} …]", "+": f"{name} …"}.get(str(action.nargs), name)


def _choices(action: argparse.Action) -> str:
    return ",".join(map(str, action.choices or ()))


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    """As argparse expands it; it has its own syntax for defaults."""
    text = (action.help or "") % (vars(action) | {"prog": parser.prog})
    if action.choices is not None and action.metavar is not None:
        text = f"{text}: {_choices(action)}"
    if not text and action.default is not None:
        text = f"default: {action.default}"
    return text


def _table(rows: Any, *, headers: Sequence[str]) -> str:
    return "\n".join(markdown_table(rows, headers=headers))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
