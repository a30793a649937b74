"""A change is counted only where both programs ran and agree; a broken program makes the probe fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from speedscore.bench_suite.probes.learning.changes import (
    CHANGES,
    ChangeDisagrees,
    ChangeKind,
    Launch,
    ask_change,
    check_agreement,
    list_cases,
    program_of,
)
from speedscore.bench_suite.probes.learning.counting import interface_names
from speedscore.bench_suite.probes.learning.reaching import Module
from speedscore.bench_suite.probes.probe import probed_frameworks
from speedscore.bench_suite.probes.process import Raised
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors

SAME = ChangeKind("no change", rtol=1e-4)


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=60.0)
    yield opened
    opened.close()


def programs(folder: Path, after: str) -> tuple[Path, Path]:
    (folder / "before.py").write_text("losses = [2.0, 1.0]\n")
    (folder / "after.py").write_text(after)
    return folder / "before.py", folder / "after.py"


def test_programs_that_agree_are_counted(tools: Tools, tmp_path: Path) -> None:
    before, after = programs(tmp_path, "first = 2.0\nlosses = [first, 1.0]\n")
    answer = ask_change(before, after, change=SAME, launch=Launch(), distributions=("numpy",), tools=tools)
    assert answer.outcome == "counted"
    assert answer.measurements["change_lines"] == [3]
    assert answer.versions["numpy"]


@pytest.mark.parametrize(
    ("after", "error", "words"),
    [
        ("losses = [2.0, 1.1]\n", ChangeDisagrees, "expected a loss of 1.0"),
        ("losses = [2.0]\n", ChangeDisagrees, "expected 2 losses"),
        ("losses = [2.0, 1.0 / 0]\n", Raised, "ZeroDivisionError"),
        ("weights = 3\n", Raised, "losses"),
    ],
)
def test_a_broken_program_is_no_answer(
    tools: Tools, tmp_path: Path, after: str, error: type[Exception], words: str
) -> None:
    before, broken = programs(tmp_path, after)
    with pytest.raises(error, match=words):
        ask_change(before, broken, change=SAME, launch=Launch(), distributions=("numpy",), tools=tools)


def test_several_processes_are_told_their_ranks(tools: Tools, tmp_path: Path) -> None:
    reads = "import os\nlosses = [2.0, 1.0]\ndevices = int(os.environ.get('WORLD_SIZE', 1))\n"
    before, after = programs(tmp_path, f"{reads}assert os.environ['RANK'] in '01'\n")
    two = ChangeKind("several", rtol=1e-4, devices=2)
    answer = ask_change(before, after, change=two, launch=Launch(processes=2), distributions=("numpy",), tools=tools)
    assert answer.observations["devices"] == 2


def test_where_one_process_is_broken_nobody_waits_for_the_one_that_waits_for_it(tools: Tools, tmp_path: Path) -> None:
    waits = "import os, time\nlosses = [2.0, 1.0]\n"
    before, broken = programs(tmp_path, f"{waits}time.sleep(600) if os.environ['RANK'] == '0' else losses[2]\n")
    with pytest.raises(Raised, match="IndexError"):
        ask_change(before, broken, change=SAME, launch=Launch(processes=2), distributions=("numpy",), tools=tools)


def test_a_change_that_changed_nothing_is_none() -> None:
    precision = CHANGES["bfloat16"]
    check_agreement([1.0], [1.001], change=precision, devices=1)
    with pytest.raises(ChangeDisagrees, match="differ in their last digits"):
        check_agreement([1.0], [1.0], change=precision, devices=1)
    with pytest.raises(ChangeDisagrees, match="expected the program to use 2 devices"):
        check_agreement([1.0], [1.0], change=CHANGES["devices"], devices=1)
    with pytest.raises(ChangeDisagrees):
        check_agreement([1.0], [float("nan")], change=SAME, devices=1)


def test_every_change_uses_something_of_an_interface_that_was_not_used_before() -> None:
    for case in list_cases():
        first = "numpy" if case.subject == "numpy" else case.framework
        before, after = (
            used_names(program_of(change, framework))
            for change, framework in (("numpy", first), (case.subject, case.framework))
        )
        assert after - before, case.id


def used_names(program: Path) -> set[str]:
    module = Module.parse("program", program.read_text())
    packages = {name.partition(".")[0] for name in module.imports.values()} - {"numpy"}
    return interface_names(ast.parse(program.read_text()), imports=module.imports, packages=packages)


def test_every_framework_has_a_program_for_every_change() -> None:
    assert {(case.framework, case.subject) for case in list_cases()} == {
        (line.id, change) for line in probed_frameworks() for change in CHANGES
    }
    assert program_of("numpy", "numpy").is_file()
