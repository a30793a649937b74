"""What a session says of its columns, and of a machine that others were using."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.session.printing.terminal_report import busy_lines, measured_lines
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import METRICS
from tests.sample_runs import a_case, a_run


def said(**worker: float) -> str:
    cases = [a_case("jax", [[0.1] * 3], worker={"affinity": "0,1", **worker}), a_case("torch", [[0.1] * 3])]
    return " ".join(busy_lines(cases, width=80))


@pytest.mark.parametrize(
    ("worker", "words"),
    [
        ({"processors_busy_before": 1.5}, "before 1 of 2 cases other processes were using the processors. Threads"),
        ({"processors_busy_during": 0.21}, "during 1 of 2 cases other processes"),
        ({"processors_busy_before": 1.5, "processors_busy_during": 1.0}, "before 1 and during 1 of 2 cases"),
        ({"processors_busy_during": 1.0, "processes_measured_again": 1}, "; 1 were measured again for it."),
    ],
)
def test_a_busy_machine_is_named(worker: dict[str, float], words: str) -> None:
    assert words in said(**worker)


def test_a_tenth_of_the_processors_that_a_block_uses_is_quiet() -> None:
    assert said(processors_busy_before=0.1, processors_busy_during=0.2) == ""


def test_the_column_of_resident_memory_says_that_a_compiler_is_in_it() -> None:
    memory = [Measurement.of(METRICS["peak_rss_running_bytes"], (float(1 << 20),))]
    cases = [a_case("jax", [[0.1] * 3], extra=memory)]
    text = " ".join(measured_lines(a_run(*cases), cases, width=80))
    assert "peak RSS: highest resident memory while stepping" in text
    assert "what compiling left behind is in it" in text
