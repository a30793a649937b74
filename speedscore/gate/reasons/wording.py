"""What is said of where a regression comes from, wherever it is read: the terminal and the comment take their lines
from here. It formats and decides nothing."""

from __future__ import annotations

from speedscore.gate.hlo import OperationChange
from speedscore.gate.reasons.reasons import CaseReasons, GrownFunction, GrownOperator
from speedscore.text.numbers import duration, percent, three_digits

_MOST_OPERATORS = 3


def reason_lines(reasons: CaseReasons) -> list[str]:
    """The most likely first: functions, operators, operations of XLA, counts; and what could not be found out."""
    lines = [_function(each) for each in reasons.functions]
    lines += [_operator(each) for each in reasons.operators[:_MOST_OPERATORS]]
    if reasons.operations:
        lines.append(f"optimised HLO: {', '.join(map(_operation, reasons.operations))}")
    lines += [f"counted: {each}" for each in reasons.counts]
    if reasons.note:
        lines.append(reasons.note)
    return lines


def source(reasons: CaseReasons) -> str:
    """Where that is from; empty where nothing was seen but what counts say."""
    if not (reasons.profiler or reasons.functions or reasons.operators or reasons.operations):
        return ""
    return f"from a pair of its own, {reasons.profiler}" if reasons.profiler else "from a pair of its own"


def _function(grown: GrownFunction) -> str:
    through = f", through {grown.through}" if grown.through else ""
    place = f"{grown.file}:{grown.line}" if grown.file else ""
    return (
        f"{grown.name} ({place}): {_grew(grown.base_seconds, grown.head_seconds)} a call, "
        f"{percent(grown.of_slowdown)} of the slowdown{through}"
    )


def _operator(grown: GrownOperator) -> str:
    calls = f"{three_digits(grown.base_calls)} to {three_digits(grown.head_calls)} times a call, "
    return (
        f"operator {grown.name}: {calls if grown.base_calls != grown.head_calls else ''}"
        f"{_grew(grown.base_seconds, grown.head_seconds)}"
    )


def _grew(base_seconds: float, head_seconds: float) -> str:
    return f"{duration(base_seconds)} to {duration(head_seconds)}" if base_seconds else f"new, {duration(head_seconds)}"


def _operation(change: OperationChange) -> str:
    return f"{change.operation} {change.base} to {change.head}"
