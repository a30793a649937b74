"""The tutorial as its reader goes through it: every block is written or run in its order, what is shown is printed.

The environment holds what the tutorial's own line installs, as links. Figures are not compared: of what is shown, every
line must be printed, in this order, with any figure where it has one and anything where it has an ellipsis.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.bench_suite.sample_session import REFUSED, is_refused
from tests.code_blocks import Block, code_blocks
from tests.linked_environment import copy_checkout, execute, make_environment
from tests.places import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
NOT_RUN = {
    "python3 -m venv .venv": "the environment is made of links",
    ". .venv/bin/activate": "it is active in every line",
    'python -m pip install -c constraints.txt -e ".[jax,torch,report]" '
    "--extra-index-url https://download.pytorch.org/whl/cpu": "downloads; its extras make the environment",
}
"""Lines that are not run, and why."""
SHORTENED = {
    'pytest --benchmark-only --benchmark-quiet -k "test_training and ([jax-mlp-cpu] or [torch-mlp-cpu])"': (
        "--processes 1"
    ),
}
"""What is added to a line, so that it ends sooner, and takes away nothing that the page shows."""
LEFT_OPEN = {"unchanged in 1 of 1 cases: memory (40.1 MiB)": "… in 1 of 1 cases: memory …"}
"""Shown lines whose verdict the looser settings below leave open, and what must be printed in their place."""
CODES = {"pytest --benchmark-only --gate HEAD": 10}
"""Exit codes other than 0."""
SETTINGS = """
[tool.speedscore.gate]
pair_seconds = 0.05
false_alarm = "40%"
miss = "20%"
"""
"""Of the repository that is gated: fewer and shorter pairs, whose verdict is less sure. Its slowdown is a large one."""
IDENTITY = {
    "GIT_AUTHOR_NAME": "Reader",
    "GIT_AUTHOR_EMAIL": "reader@example.org",
    "GIT_COMMITTER_NAME": "Reader",
    "GIT_COMMITTER_EMAIL": "reader@example.org",
}
"""Whoever commits has one."""


def plain(line: str) -> str:
    """A line without what differs from one machine and run to the next: widths of columns, and figures for ``#``."""
    figure = r"(?:\d(?:[\d.,]*\d)?(?: ?(?:ns|µs|ms|s|×|%|MiB|GiB)(?!\w))?|noisy\b)"
    line = re.sub(r"\b[0-9a-f]{9,}\b", "#", line)
    line = re.sub(rf"{figure}(?:(?: to |–|-|, ){figure})*", "#", line)
    return " ".join(re.sub(r"[-=]{3,}", "---", line).split())


def missing(shown: tuple[str, ...], printed: str) -> str:
    """The first line that is shown and not printed after those before it; empty where there is none.

    A line that is an ellipsis stands for any number of lines, blank lines for nothing. After a comma it stands for
    nothing, too: a slow machine has few rounds, and prints them all.
    """
    rest = [plain(line) for line in printed.splitlines() if line.strip()]
    for line in filter(str.strip, shown):
        pattern = ".*".join(re.escape(part.strip()) for part in plain(line).replace(", …", "…").split("…"))
        found = next((at for at, other in enumerate(rest) if re.fullmatch(pattern, other)), None)
        if line.strip() == "…":
            continue
        if found is None:
            return line
        rest = rest[found + 1 :]
    return ""


def gate_begins(page: tuple[Block, ...]) -> int:
    """Which block makes the repository that is gated."""
    return next(number for number, block in enumerate(page) if "mkdir ../words" in block.lines)


class Reader:
    """Goes through blocks of the page, beginning in a folder."""

    def __init__(self, place: Path, environment: Path) -> None:
        self.place = place
        self.environment = environment
        self.printed = ""
        self.disturbed: list[str] = []
        """Lines in which a case could not be measured, because others took the processors."""

    def take(self, block: Block) -> None:
        if block.language == "sh":
            self.printed = "".join(map(self.run, block.lines))
        elif block.language == "text":
            # A figure that is not there is missing on the card, too.
            shown = tuple(LEFT_OPEN.get(line, line) for line in block.lines)
            assert self.disturbed or missing(shown, self.printed) == "", self.printed
        else:
            (self.place / block.title).write_text(block.text, encoding="utf-8")

    def run(self, line: str) -> str:
        if line in NOT_RUN:
            return ""
        if line.startswith("cd "):
            self.place = (self.place / line.removeprefix("cd ")).resolve(strict=True)
            return ""
        done = self.execute(f"{line} {SHORTENED.get(line, '')}")
        if done.returncode == 1 and is_refused(done.stdout):
            self.disturbed.append(line)
        if self.disturbed:
            # What follows may have nothing to compare, and says so; it must not break.
            assert "Traceback" not in done.stdout, f"{line}\n{done.stdout}"
        else:
            assert done.returncode == CODES.get(line, 0), f"{line}\n{done.stdout}"
        if line.startswith("git init"):
            (self.place / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
        return done.stdout

    def execute(self, line: str) -> subprocess.CompletedProcess[str]:
        variables = {"COLUMNS": "100"} | IDENTITY
        return execute(line, cwd=self.place, environment=self.environment, variables=variables)


@pytest.fixture(scope="module")
def page() -> tuple[Block, ...]:
    return code_blocks(PAGE)


@pytest.fixture(scope="module")
def extras(page: tuple[Block, ...]) -> tuple[str, ...]:
    """What the tutorial installs."""
    (line,) = (line for block in page for line in block.lines if " -e " in line)
    named = re.search(r'"\.\[([\w,]+)\]"', line)
    assert named is not None, line
    return tuple(named[1].split(","))


def test_what_it_installs_is_there(page: tuple[Block, ...], extras: tuple[str, ...]) -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(extras) <= known.keys()
    lines = [line for block in page if block.language == "sh" for line in block.lines]
    # A line that is excused or shortened must stand on the page, or nobody would notice that it went.
    assert {*NOT_RUN, *SHORTENED, *CODES} <= set(lines)
    assert set(LEFT_OPEN) <= {line for block in page for line in block.lines}
    for line in lines:
        if "pip install" in line:
            assert line in NOT_RUN
            assert (ROOT / line.partition(" -c ")[2].split()[0]).is_file(), line


def test_every_block_is_written_run_or_compared(page: tuple[Block, ...]) -> None:
    assert {block.language for block in page} == {"sh", "text", "python"}
    assert len(page) == PAGE.read_text(encoding="utf-8").count("\n```") / 2
    for before, block in itertools.pairwise(page):
        assert block.language != "text" or before.language == "sh", block
        assert bool(block.title) == (block.language == "python"), block


def test_a_line_that_is_shown_and_not_printed_is_found() -> None:
    printed = "a  1.5 ms\n\nb 0.9–1.2×\nunchanged in 3 cases\n"
    assert missing(("a   27 µs", "…", "unchanged in 1 cases"), printed) == ""
    assert missing(("a 1 ms", "b 2.0×"), printed) == ""
    assert missing(("b 2.0×", "a 1 ms"), printed) == "a 1 ms"
    assert missing(("regressed in 3 cases",), printed) == "regressed in 3 cases"
    assert missing(("unchanged …",), printed) == ""
    for rounds in ("1.2 ms, 1.3 ms", "1.2 ms, 1.3 ms, … 40 rounds"):
        assert missing(("process 1: 2.66 ms, 2.01 ms, …",), f"process 1: {rounds}\n") == ""


def test_what_a_case_is_refused_with_is_what_the_sources_say() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bench_suite" / "measuring").glob("*.py"))
    assert [words for words in REFUSED if words not in sources] == []


@pytest.fixture(scope="module")
def checkout(extras: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, with the environment in them."""
    copy = copy_checkout(tmp_path_factory.mktemp("tutorial") / "speedscore")
    make_environment(copy, extras=extras)
    return copy


def test_two_frameworks_are_measured_scored_and_compared(page: tuple[Block, ...], checkout: Path) -> None:
    reader = Reader(checkout.parent, checkout / ".venv")
    for block in page[: gate_begins(page)]:
        reader.take(block)
    if reader.disturbed:
        pytest.skip(f"all was run, but this machine is too busy to compare what is printed: {reader.disturbed[0]}")


def test_the_gate_finds_the_slowdown(page: tuple[Block, ...], checkout: Path) -> None:
    reader = Reader(checkout, checkout / ".venv")
    for block in page[gate_begins(page) :]:
        reader.take(block)
