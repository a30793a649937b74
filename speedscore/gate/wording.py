"""What a gate's report says in words, wherever it is read: the terminal and the comment take their lines from here.

It formats and decides nothing, and knows neither columns nor Markdown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from speedscore.gate.report import GateReport, SideReport, count
from speedscore.text.numbers import short_percent
from speedscore.verdicts.verdict import FigureVerdict, Outcome, Verdict

_ORDER: tuple[Outcome, ...] = ("regressed", "inconclusive", "improved", "unchanged", "not comparable")


def as_ratio(ratio: float) -> str:
    """``1.290``"""
    return f"{ratio:.3f}"


def sides(report: GateReport) -> list[str]:
    """What was compared, by which rule, and at what cost."""
    time = report.time
    lines = [
        f"head  {report.head.description}",
        f"base  {report.base.description}" if report.canary is None else "base  a copy of head",
        f"finds {short_percent(time.detect)}, lets {short_percent(time.margin)} pass; false alarms: "
        f"{short_percent(time.false_alarm)} of runs; missed: {short_percent(time.miss)}",
        f"{report.pairs} pairs of processes in {report.seconds:.0f} s; looked at after {_list(report.looks)}"
        f"{_early(report)}",
    ]
    if report.head.packages or report.base.packages or report.base.python != report.head.python:
        lines.append(f"environments differ: {_environments(report.base, report.head)}")
    return lines


def _early(report: GateReport) -> str:
    if not report.early_looks:
        return ""
    return f"; after {_list(report.early_looks)} what was clearly unchanged left"


def worst_first(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda verdict: (_ORDER.index(verdict.outcome), -(verdict.ratio or 0.0)))


def has_row(verdict: Verdict) -> bool:
    """Every time has one, and of memory and counts what is not simply unchanged."""
    return verdict.outcome != "not comparable" and (verdict.metric == "time" or verdict.outcome != "unchanged")


def remarks(verdict: Verdict, *, written: Callable[[float], str] = as_ratio) -> tuple[str, ...]:
    """What stands beside the figures; ``written`` is how ratios are."""
    return tuple(filter(None, (_both_figures(verdict, written), verdict.reason, *verdict.notes)))


def interval(of: Verdict | FigureVerdict, *, written: Callable[[float], str] = as_ratio) -> str:
    """Its two ends; ``?`` for one that too few pairs leave open."""
    low, high = ("?" if limit is None else written(limit) for limit in (of.low, of.high))
    return f"{low} to {high}"


def quiet(report: GateReport) -> list[str]:
    """Memory and what was counted, as far as nothing changed: those of as many cases in one line."""
    by_metric: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.metric != "time":
            by_metric.setdefault(verdict.metric, []).append(verdict)
    together: dict[tuple[int, int], list[str]] = {}
    for metric, verdicts in by_metric.items():
        if same := count(verdicts, "unchanged"):
            together.setdefault((same, len(verdicts)), []).append(metric)
    return [f"unchanged in {same} of {total} cases: {', '.join(names)}" for (same, total), names in together.items()]


def missing(report: GateReport) -> list[str]:
    return [f"coverage missing: {case}: {why}" for case, why in report.missing.items()]


def not_comparable(report: GateReport) -> list[Verdict]:
    """Those that are not named as missing already."""
    return [
        verdict
        for verdict in report.verdicts
        if verdict.outcome == "not comparable" and verdict.case not in report.missing
    ]


def skipped(report: GateReport) -> list[str]:
    if not report.skipped:
        return []
    return [f"skipped on both sides: {len(report.skipped)}, the first because: {next(iter(report.skipped.values()))}"]


def left_out(report: GateReport) -> list[str]:
    """What was not measured is never counted as passed: a line for each test file, with the reason."""
    together = Counter((case.partition("::")[0], why) for case, why in report.left_out.items())
    return [
        f"left out: {number} case{'' if number == 1 else 's'} of {test_file}: {why}"
        for (test_file, why), number in together.items()
    ]


def warnings(report: GateReport) -> list[str]:
    """What casts doubt on the answer."""
    ended = [f"ended early: {report.cut_off}"] if report.cut_off else []
    return [*(f"warning: {warning}" for warning in report.warnings), *ended]


def _environments(base: SideReport, head: SideReport) -> str:
    names = sorted(base.packages.keys() | head.packages.keys())
    differing = [f"{name} {base.packages.get(name, 'none')} -> {head.packages.get(name, 'none')}" for name in names]
    if base.python != head.python:
        differing.insert(0, f"python {base.python} -> {head.python}")
    return ", ".join(differing[:12]) + (f" and {len(differing) - 12} more" if len(differing) > 12 else "")


def _both_figures(verdict: Verdict, written: Callable[[float], str]) -> str:
    """The typical round and the mean, where one figure in the row would hide what the other says."""
    if len(verdict.figures) < 2:
        return ""
    typical, mean = verdict.figures[:2]
    is_within = (typical.low or 0.0) <= mean.ratio <= (typical.high or mean.ratio)
    if typical.outcome == mean.outcome and is_within:
        return ""
    return "; ".join(
        f"{each.figure} {each.outcome} {written(each.ratio)} ({interval(each, written=written)})"
        for each in verdict.figures
    )


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "no pair"
