"""What a log says of each case while it is measured: one line, and no number that says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.outcomes import CaseMeasured
from speedscore.bench_suite.probes.pool import ProbeOutcome
from speedscore.bench_suite.probes.probe import Answer, ProbeCase
from speedscore.bench_suite.session.printing import progress
from speedscore.bench_suite.session.printing.progress import Progress
from speedscore.bench_suite.session.printing.screen import Terminal
from speedscore.record.run_record import Round


class Reporter:
    """A terminal reporter that is no terminal."""

    isatty = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write_line(self, line: str) -> None:
        self.lines.append(line)


def line_of(phase: str, rounds_seconds: Sequence[float], *, busy_processors: float = 0.0) -> str:
    reporter = Reporter()
    plugins = {"terminalreporter": reporter, "capturemanager": None}
    config = cast(Any, SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=plugins.get)))
    case = Case("jax", "mlp", "cpu", phase=cast(Any, phase))
    listener = Progress(Terminal(config), total_blocks=1)
    listener.block_begins(case.block, [case])
    if busy_processors:
        listener.machine_is_busy(busy_processors)
    rounds = tuple(Round(seconds, turn=turn, process=0) for turn, seconds in enumerate(rounds_seconds))
    nothing: dict[str, Any] = {"workload": {}, "program": {}, "worker": {}, "flops": 0, "gauged": None}
    outcome = CaseMeasured(rounds=rounds, stopped="budget", prepared=(), certificate=cast(Any, None), **nothing)
    listener.case_done(case, outcome)
    return reporter.lines[-1].strip()


@pytest.mark.parametrize(
    ("phase", "rounds_seconds", "said"),
    [
        ("training", [0.1] * 12, "training jax: 100 ms, ±0.0 % within a process, 12 rounds (budget)"),
        ("training", [0.1] * 3, "training jax: 100 ms, too few for an interval: 3 rounds (budget)"),
        ("compilation", [2.0], "compilation jax: 2.00 s, one process"),
        ("warm_compilation", [2.0, 2.0], "warm compilation jax: 2.00 s, 2 processes"),
    ],
    ids=["narrow", "few", "one-process", "two-processes"],
)
def test_a_case_has_one_line(phase: str, rounds_seconds: list[float], said: str) -> None:
    assert line_of(phase, rounds_seconds) == said


@pytest.mark.parametrize(
    ("busy_processors", "quota", "reason"),
    [
        (1.5, None, "others were using 1.5 processors"),
        (0.0, 0.5, "a quota of 0.5 processors for 2"),
        (1.5, 0.5, "others were using 1.5 processors and a quota of 0.5 processors for 2"),
        (0.0, None, "unknown, the machine was quiet"),
    ],
    ids=["load", "quota", "both", "neither"],
)
def test_a_wide_interval_is_called_too_noisy_with_the_likely_reason(
    monkeypatch: pytest.MonkeyPatch, busy_processors: float, quota: float | None, reason: str
) -> None:
    monkeypatch.setattr(progress, "quota_processors", lambda: quota)
    monkeypatch.setattr(progress, "allowed_processors", lambda: (0, 1))
    line = line_of("training", [0.1, 0.9] * 8, busy_processors=busy_processors)
    assert line == f"training jax: 500 ms, too noisy: 16 rounds (budget); likely reason: {reason}"
    assert "±" not in line


def test_probes_are_counted_by_kind_and_one_that_went_wrong_has_a_line_of_its_own() -> None:
    reporter = Reporter()
    plugins = {"terminalreporter": reporter, "capturemanager": None}
    config = cast(Any, SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=plugins.get)))
    cases = [ProbeCase("export", name, subject="mlp", target="onnx") for name in ("jax", "torch", "haiku")]
    listener = Progress(Terminal(config), probes=cases)
    passed = ProbeOutcome("answered", Answer("passed", (1.0,), {"jax": "1"}))
    for case, outcome in zip(cases, (passed, ProbeOutcome("failed", reason="why\nmore"), passed), strict=True):
        listener.probe_done(case, outcome)
    assert [line.strip() for line in reporter.lines] == [
        "[2/3] export torch-mlp-onnx-cpu: FAILED: why",
        "[3/3] export onnx: 2 passed, 1 failed",
    ]
