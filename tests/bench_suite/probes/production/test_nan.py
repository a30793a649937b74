"""What a switch says about a NaN, judged by its text alone: the line, the operation, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from speedscore.bench_suite.frameworks.nan_steps import mark
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.production.nan import find_marked_line, judge, list_cases, names_line
from speedscore.bench_suite.probes.production.programs import probing_module

FILE = Path("/somewhere/probing/nan.py")
LINE = 35


def answer(*, operation: str = "sqrt", **found: Any) -> Any:
    seen: dict[str, Any] = {
        "file": str(FILE),
        "line": LINE,
        "loss_without_switch": None,
        "raised": True,
        "refused": False,
        "message": "",
        "warnings": "",
        "traceback": "",
        "seconds_off": [1.0],
        "seconds_on": [2.0],
    }
    return judge(seen | found, operation=operation, switch="the switch", versions={"sample": "1"})


@pytest.mark.parametrize(
    "text",
    [
        f'  File "{FILE}", line {LINE}, in model',
        f"    + .../frameworks/tensorflow/probing/nan.py (L{LINE}) evaluate",
        f"at probing/nan.py:{LINE}:20",
    ],
    ids=["Python", "TensorFlow", "a compiler"],
)
def test_a_line_is_named_in_each_way_of_writing_it(text: str) -> None:
    assert names_line(text, FILE, LINE)
    assert answer(traceback=text).outcome == "names the line"


@pytest.mark.parametrize(
    "text",
    [
        f'  File "{FILE}", line {LINE}0, in model',
        f'  File "{FILE}", line {LINE - 1}, in model',
        f'  File "/somewhere/else/nan.py", line {LINE}, in model',
        "probing/nan.py",
    ],
    ids=["longer number", "line before", "another file", "file alone"],
)
def test_a_line_nearby_is_not_the_line(text: str) -> None:
    assert not names_line(text, FILE, LINE)
    assert answer(traceback=text).outcome == "found"


def test_an_operation_is_named_by_message_or_warning_but_not_by_the_source_in_a_traceback() -> None:
    assert answer(message="Function 'SqrtBackward0' returned nan values").outcome == "names the operation"
    assert answer(warnings='NaN in output 0 of graph op "Sqrt"').outcome == "names the operation"
    assert answer(message="Function 'CompiledFunctionBackward' returned nan values").outcome == "found"
    assert answer(traceback="return torch.sqrt(values).mean()").outcome == "found"
    assert answer(operation="log", message="see the logs").outcome == "found"


def test_a_switch_that_says_nothing_has_not_found_it() -> None:
    silent = answer(raised=False, warnings=f'File "{FILE}", line {LINE}: sqrt')
    assert silent.outcome == "not found"
    assert silent.observations["names_line"] is False


def test_a_switch_under_which_healthy_steps_fail_is_no_finder() -> None:
    refused = answer(raised=False, refused=True, seconds_on=[], message="sqrt is not supported")
    assert refused.outcome == "refused"
    assert "switch_on_step_seconds" not in refused.measurements


def test_a_step_that_gives_no_nan_asks_nothing() -> None:
    with pytest.raises(ValueError, match="expected a NaN"):
        answer(loss_without_switch=0.5)


@pytest.mark.parametrize("framework", sorted({case.framework for case in list_cases()}))
@pytest.mark.parametrize("operation", ["log", "sqrt"])
def test_each_model_has_one_marked_line_that_takes_the_operation(framework: str, operation: str) -> None:
    folder = Path(__file__).parents[4]
    module = probing_module(framework, "nan") if not FRAMEWORKS[framework].missing_packages() else None
    if module is None:
        pytest.skip(f"{framework} is not installed: {FRAMEWORKS[framework].remedy}")
    source = (folder / f"{module.removeprefix('speedscore.').replace('.', '/')}.py").read_text()
    line = source.splitlines()[find_marked_line(source, operation) - 1]
    assert f"{operation}(values)" in line


def test_a_source_without_the_mark_or_with_two_is_an_error() -> None:
    for source in ("x = 1\n", f"x = 1  {mark('log')}\ny = 2  {mark('log')}\n"):
        with pytest.raises(ValueError, match="expected one line"):
            find_marked_line(source, "log")
