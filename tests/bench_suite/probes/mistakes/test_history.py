"""The rules against history: of the changes by which a framework improved a message, most come out better after."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pytest

from speedscore.bench_suite.probes.environments import find_environment
from speedscore.bench_suite.probes.mistakes.asking import TwinError
from speedscore.bench_suite.probes.mistakes.capturing import capture, shortened, written
from speedscore.bench_suite.probes.mistakes.history import (
    SHOWN_AS,
    Captured,
    Compared,
    compare,
    history_folder,
    history_table,
    list_changes,
    read_captured,
    read_change,
)
from speedscore.bench_suite.probes.mistakes.judging import Seen, is_better, judge
from speedscore.bench_suite.probes.mistakes.program import MarkedProgram, read_program
from speedscore.bench_suite.probes.mistakes.rules import load_rules
from speedscore.text.markdown import markdown_table

_CAPTURES = [path for when in ("before", "after") for path in sorted(history_folder().glob(f"*/{when}.toml"))]


@pytest.fixture(scope="module")
def compared() -> list[Compared]:
    return [compare(name, load_rules()) for name in list_changes()]


def test_of_ten_changes_that_improved_a_message_at_least_eight_are_judged_better(compared: list[Compared]) -> None:
    improved = [line for line in compared if line.change.adds != "wording"]
    better = [line for line in improved if line.verdict == "better"]
    head, rows = history_table(compared)
    table = "\n".join(markdown_table(rows, headers=head))
    assert len(improved) >= 10, table
    assert len(better) >= 0.8 * len(improved), table


def test_whatever_is_not_judged_better_has_its_reason(compared: list[Compared]) -> None:
    assert {line.name for line in compared if line.verdict == "worse"} == {
        "scan-of-traced-length",
        "truth-of-traced-array",
    }
    assert not [line.name for line in compared if line.verdict != "better" and not line.change.note]


@pytest.mark.parametrize("name", list_changes())
def test_program_is_a_small_one_with_a_twin(name: str) -> None:
    program = history_folder() / name / "program.py"
    read_program(program)
    mistake = re.split(r"\n\n\ndef ", program.read_text())[1]
    assert 1 < len(mistake.splitlines()) <= 20


@pytest.mark.parametrize("name", list_changes())
def test_captures_are_of_the_program_that_is_there(name: str) -> None:
    lines = (history_folder() / name / "program.py").read_text().splitlines()
    for when in ("before", "after"):
        traceback = read_captured(history_folder() / name / f"{when}.toml").seen.traceback
        shown = re.findall(r'File "program.py", line (\d+), in .*\n(.*)', traceback)
        assert shown
        assert [(number, lines[int(number) - 1].strip()) for number, _ in shown] == [
            (number, source.strip()) for number, source in shown
        ]


@pytest.mark.parametrize("name", list_changes())
def test_captures_are_of_the_releases_that_are_told(name: str) -> None:
    change = read_change(name)
    for when, release in (("before", change.before), ("after", change.after)):
        framework, _, version = release.partition("-")
        captured = read_captured(history_folder() / name / f"{when}.toml")
        assert captured.versions[framework] == version
        pins = (
            Path(find_environment.__code__.co_filename).parent / "environments" / f"history-{release}.txt"
        ).read_text()
        told = dict(line.split("==") for line in pins.split())
        assert {name: told[name] for name in captured.versions if name in told} == {
            name: number for name, number in captured.versions.items() if name != "python"
        }


def test_no_capture_names_a_folder_of_the_machine_that_made_it() -> None:
    assert [path for path in _CAPTURES if re.search(r"[\s\"']/\w", path.read_text())] == []


def test_change_whose_releases_are_swapped_is_judged_worse(
    compared: list[Compared], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(line.name for line in compared if line.verdict == "better")
    monkeypatch.setattr(
        "speedscore.bench_suite.probes.mistakes.history.read_captured",
        lambda path: read_captured(
            path.with_name({"before.toml": "after.toml", "after.toml": "before.toml"}[path.name])
        ),
    )
    assert compare(name, load_rules()).verdict == "worse"


def test_paths_and_addresses_are_taken_out() -> None:
    program = Path("/scratch/a b/program.py")
    text = (
        'File "/scratch/a b/program.py", line 3, in mistake\n'
        'File "/home/me/env/lib/python3.11/site-packages/jax/_src/api.py", line 9, in f\n'
        'File "/scratch/speedscore-probe-1/import/speedscore/bench_suite/probes/child.py", line 1, in h\n'
        'File "/usr/lib/python3.11/functools.py", line 2, in g\n'
        "function <function f at 0x7f3a2b1c4d00> in /scratch/a b/program.py:3"
    )
    assert shortened(text, program) == (
        'File "program.py", line 3, in mistake\n'
        'File "jax/_src/api.py", line 9, in f\n'
        'File "speedscore/bench_suite/probes/child.py", line 1, in h\n'
        'File "python3.11/functools.py", line 2, in g\n'
        "function <function f at 0x…> in program.py:3"
    )


@pytest.mark.parametrize("text", ["a\n  b 'c'\n", "'''\\", "\x1b[31m", ""])
def test_what_is_written_reads_as_it_was(text: str) -> None:
    captured = Captured({"jax": "0.4.14"}, Seen("raised", printed=text, traceback=text))
    assert msgspec.toml.decode(written(captured), type=Captured) == captured


def test_a_message_of_a_release_that_does_not_install_any_more_is_judged_as_it_was_quoted() -> None:
    """https://github.com/jax-ml/jax/issues/14279 quotes what JAX 0.4.3 said; what follows is said since 0.4.4."""
    before = (
        "TypeError: Shapes must be 1D sequences of concrete values of integer type, got "
        "(8, Traced<ShapedArray(int32[])>with<DynamicJaxprTrace(level=0/1)>).\n"
        "If using `jit`, try using `static_argnums` or applying `jit` to smaller subfunctions."
    )
    after = (
        f"{before}\nThe error occurred while tracing the function f at program.py:3 for jit. "
        "This concrete value was not available in Python because it depends on the value of the argument n."
    )
    program = MarkedProgram(SHOWN_AS, frozenset({4}), right=1.0)
    frame = 'Traceback (most recent call last):\n  File "program.py", line 4, in f\n    jnp.zeros((8, n))\n'
    was, now = (judge(Seen("raised", traceback=frame + text), program, load_rules()) for text in (before, after))
    assert is_better(now, was, load_rules())
    assert (was.says_which, now.says_which) == (False, True)


_PROGRAM = """RIGHT = 1.0

def mistake():
    return [][0]  # <- the mistake

def twin():
    return RETURNED
"""


def _capture(folder: Path, monkeypatch: pytest.MonkeyPatch, *, returned: str) -> Captured:
    monkeypatch.setattr("speedscore.bench_suite.probes.tools.find_environment", lambda _, **__: Path(sys.executable))
    program = folder / "any.py"
    program.write_text(_PROGRAM.replace("RETURNED", returned))
    return capture("jax-0.0", program)


def test_capture_is_what_a_user_sees_in_that_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captured = _capture(tmp_path, monkeypatch, returned="1.0")
    assert captured.seen.ended == "raised"
    assert captured.seen.traceback.splitlines() == [
        "Traceback (most recent call last):",
        '  File "program.py", line 4, in mistake',
        "    return [][0]  # <- the mistake",
        "           ~~^^^",
        "IndexError: list index out of range",
    ]


def test_program_whose_twin_is_wrong_there_is_not_captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TwinError, match="must return 1"):
        _capture(tmp_path, monkeypatch, returned="2.0")
