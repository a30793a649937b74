"""What is read of a program: the statement that errs, the number that is right, and what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.bench_suite.probes.mistakes.program import ProgramError, read_program

WHOLE = """\
RIGHT = 2.0


def mistake():
    if len(
        "a"
    ) > 0:  # <- the mistake
        return 1.0
    return 2.0


def twin():
    return 2.0
"""

OF_MANY_LINES = """\
RIGHT = -1

def mistake():
    return sum(
        [1.0],  # <- the mistake
    )

def twin():
    return -1.0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "program.py"
    path.write_text(text)
    return path


def test_of_a_statement_that_holds_others_its_head_errs(tmp_path: Path) -> None:
    program = read_program(write(tmp_path, WHOLE))
    assert program.lines == {5, 6, 7}
    assert program.right == 2.0


def test_a_statement_of_many_lines_errs_as_a_whole(tmp_path: Path) -> None:
    program = read_program(write(tmp_path, OF_MANY_LINES), shown_as="elsewhere.py")
    assert program.lines == {4, 5, 6}
    assert program.file == "elsewhere.py"


@pytest.mark.parametrize(
    ("found", "instead", "words"),
    [
        ("  # <- the mistake", "", "no line ends with"),
        ("RIGHT = 2.0", "RIGHT = len('ab')", "expected RIGHT"),
        ("def twin()", "def other()", r"expected a function twin\(\)"),
        ("return 1.0", "return (", "cannot be read as Python"),
    ],
)
def test_what_it_lacks_is_said(tmp_path: Path, found: str, instead: str, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        read_program(write(tmp_path, WHOLE.replace(found, instead)))
