"""What a print or a breakpoint shows, judged by what a person would have read."""

from __future__ import annotations

import os
from typing import Any

import pytest

from speedscore.bench_suite.probes.probe import Answer
from speedscore.bench_suite.probes.production.debugger import VALUE, captured, holds_value, judge


def answer(**found: Any) -> Answer:
    seen: dict[str, Any] = {
        "tool": "a tool",
        "printed": "",
        "locals": {},
        "error": "",
        "result": float(VALUE + 1),
        "seconds": 1.0,
        "graph_breaks": None,
        "added_operations": 0,
    }
    return judge(seen | found, versions={"sample": "1"})


def test_the_value_counts_where_it_was_printed_or_is_the_local() -> None:
    assert answer(printed=f"y is {VALUE}.0\n").outcome == "value"
    assert answer(locals={"y": f"tensor({VALUE}.)"}).outcome == "value"


def test_a_tracer_is_no_value_and_silence_is_not_reached() -> None:
    assert answer(printed="y is JitTracer(float32[])\n").outcome == "no value"
    assert answer().outcome == "not reached"


def test_a_value_under_another_name_is_told_but_does_not_count() -> None:
    lost = answer(locals={"x": "3", "tmp_2": str(VALUE)})
    assert (lost.outcome, lost.observations["value_under_another_name"]) == ("no value", "tmp_2")


def test_graph_breaks_are_the_price_of_a_value() -> None:
    broken = answer(printed=f"y is {VALUE}\n", graph_breaks=1)
    assert broken.outcome == "value, graph breaks"
    assert broken.measurements == {"graph_breaks": [1]}


def test_an_exception_is_a_refusal_and_a_wrong_result_is_the_probes_own_failure() -> None:
    assert answer(error="TypeError: no", result=None).outcome == "refused"
    with pytest.raises(ValueError, match="return"):
        answer(printed=f"y is {VALUE}", result=1.0)


@pytest.mark.parametrize("text", [f"1{VALUE}", f"{VALUE}1", f"0.{VALUE}", f"{VALUE}.5"])
def test_a_longer_number_does_not_hold_the_value(text: str) -> None:
    assert not holds_value(text)


def test_what_is_written_below_python_is_captured_too() -> None:
    with captured() as lines:
        os.write(2, b"from below\n")
    assert lines == ["from below\n"]
