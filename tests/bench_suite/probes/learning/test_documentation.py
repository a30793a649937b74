"""Examples of docstrings come to what a reader sees, each docstring once, and the sample is always the same one."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.bench_suite.probes.learning import documentation
from speedscore.bench_suite.probes.learning.docstring_process import public_objects, run_examples, sample
from speedscore.bench_suite.probes.learning.documentation import ModuleCounts, ask_module, load_documentation, summarise
from speedscore.bench_suite.probes.probe import probed_frameworks
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors
from tests.bench_suite.probes.learning.slow_imports import MadeUpClock, SlowImports, die

SAMPLE = '''
import os, time

def right():
    """
    >>> 1 + 1
    2
    """

def wrong():
    """
    >>> 1 + 1
    3
    """

def hangs():
    """
    >>> time.sleep(600)
    """

def dies():
    """
    >>> os._exit(1)
    """

def plain():
    """No example."""

def silent():
    pass

def _private():
    """
    >>> 1
    2
    """
'''


@pytest.mark.parametrize(
    ("docstring", "result"),
    [
        (">>> 1 + 1\n2", "ran as written"),
        (">>> 1 + 1\n3", "other output"),
        (">>> [1,\n...  2]\n[1,   2]", "ran as written"),
        (">>> print('a much longer text')\na ... text", "ran as written"),
        (">>> given + 1\n5", "ran as written"),
        (">>> not_there + 1\n5", "name not defined"),
        (">>> 1 / 0\n5", "raised"),
        (">>> '[ 1., 2.0001]'\n'[1.0,  2.]'", "ran as written"),
        (">>> '[1.0, 2.1]'\n'[1.0, 2.0]'", "other output"),
        (">>> '[1.0, 2.0]'\n'[1.0, 2.0, 3.0]'", "other output"),
        (">>> 1 / 0\nTraceback (most recent call last):\nZeroDivisionError: division by zero", "ran as written"),
        ("  >>> 1\n>>>2", "raised"),
        ("```python\nx = given\nfor i in range(2):\n    x += i\nx\n```", "ran as written"),
        ("```python\nx = not_there\n```", "name not defined"),
        ("```python\nx = = 1\n```", "raised"),
    ],
    # By number: a result's own words hold the name of a device.
    ids=range(15),
)
def test_an_example_comes_to_what_a_reader_sees(docstring: str, result: str) -> None:
    assert run_examples(docstring, {"given": 4}, name="sample")["result"] == result


def test_the_first_failure_decides_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_examples(">>> 1\n2\n>>> 1 / 0\n5", {}, name="sample")
    assert found["result"] == "other output"
    assert "'1' for '2'" in found["reason"]
    assert capsys.readouterr().out == ""


def test_one_example_leaves_nothing_for_another_docstring() -> None:
    variables = {"given": 4}
    run_examples(">>> given = 5\n>>> other = 1", variables, name="sample")
    assert variables == {"given": 4}


def test_public_is_what_the_module_lists_and_its_package_defines() -> None:
    module = types.ModuleType("sample")
    exec("def own(): pass\ndef _hidden(): pass\nfrom json import dumps\nagain = own\nnumber = 3", module.__dict__)
    assert list(public_objects(module)) == ["again"]
    module.__all__ = ["own"]  # type: ignore[attr-defined]
    assert list(public_objects(module)) == ["own"]


@given(names=st.lists(st.text(alphabet="abcdef", min_size=1), unique=True), most=st.integers(0, 6))
def test_the_sample_is_the_same_in_any_order_and_never_larger(names: list[str], most: int) -> None:
    chosen = sample(names, most=most)
    assert chosen == sample(names[::-1], most=most)
    assert len(chosen) == min(most, len(names))
    assert set(chosen) <= set(names)


@pytest.fixture
def tools() -> Iterator[Tools]:
    opened = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=60.0)
    yield opened
    opened.close()


def test_a_module_is_run_to_its_end_whatever_its_examples_do(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sample_docs.py").write_text(SAMPLE)
    monkeypatch.setattr(documentation, "_DOCSTRING_SECONDS", 5.0)
    monkeypatch.setattr("speedscore.bench_suite.probes.tools.import_path", lambda: f"{Path.cwd()}:{tmp_path}")
    counts, seconds = ask_module("sample_docs", imports="import os, time", most=9, tools=tools)
    assert (counts.objects, counts.documented, counts.with_example) == (6, 5, 4)
    assert counts.results == {
        "right": "ran as written",
        "wrong": "other output",
        "hangs": "timed out",
        "dies": "crashed",
    }
    assert seconds > 0


def test_importing_once_more_after_a_crash_takes_nothing_of_the_modules_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(function: str, **arguments: Any) -> Any:
        if function == "open_module":
            return {"objects": 3, "documented": 3, "with_example": 3, "names": ["first", "dies", "last"]}
        return die() if arguments["name"] == "dies" else {"result": "ran as written", "reason": ""}

    clock = MadeUpClock()
    monkeypatch.setattr(documentation, "time", clock)
    tools = SlowImports(clock, seconds={"open_module": 100.0, "run_docstring": 1.0}, answer=answer)
    counts, seconds = ask_module("sample", imports="", most=9, tools=tools)  # type: ignore[arg-type]
    assert counts.results == {"first": "ran as written", "dies": "crashed", "last": "ran as written"}
    assert (seconds, tools.started) == (3.0, 2)


def test_results_are_counted_over_all_modules() -> None:
    first = ModuleCounts(3, 2, 2, {"f": "ran as written", "g": "raised"}, {"g": "TypeError"})
    second = ModuleCounts(1, 1, 1, {"f": "raised"}, {"f": "ValueError"})
    told = summarise({"a": first, "b": second})
    measurements = told["measurements"]
    assert measurements["public_objects"] == [4]
    assert measurements["docstrings_ran_as_written"] == [1]
    assert measurements["docstrings_raised"] == [2]
    assert told["observations"]["a.g"] == "raised: TypeError"


def test_every_probed_framework_has_its_modules_stated() -> None:
    assert set(load_documentation().frameworks) == {line.id for line in probed_frameworks()}
