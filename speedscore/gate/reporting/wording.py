"""What a gate's report says in words, wherever it is read: the terminal and the comment take their lines from here.

It formats and decides nothing, and knows neither columns nor Markdown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from speedscore.gate.cases.case_counts import NO_LONGER_COUNTS
from speedscore.gate.reporting.report import GateReport, SideReport, count
from speedscore.gate.upgrades.wording import differing, upgrade_lines
from speedscore.host.fields import Scalar
from speedscore.text.numbers import counted, duration, first_of, short_percent, size
from speedscore.verdicts.change_claim import ClaimVerdict
from speedscore.verdicts.verdict import (
    MINOR,
    FigureVerdict,
    Outcome,
    Verdict,
    interval_error,
    is_minor,
    outcome_word,
)

RATIO = "ratio: head over base, above 1 is slower or larger"
"""What ``legend`` says of ratios that are written as such."""
_NAMED_EACH = 3
"""So many cases of one test file that cannot be compared for one reason are named; of more, how many they are."""
_NAMED_MACHINES = 8
"""So many machines that are alike are named; of more, how many they are."""
_CARD = re.compile(r"gpu\.\d+\.name")
_ORDER: tuple[Outcome, ...] = ("regressed", "inconclusive", "improved", "unchanged", "not comparable")


def as_ratio(ratio: float) -> str:
    """``1.290``"""
    return f"{ratio:.3f}"


def amounts(verdict: Verdict) -> tuple[str, str]:
    """How long a call took or how much memory, on base and on head; empty for a count, whose reason has its numbers."""
    written = {"time": duration, "memory": size}.get(verdict.metric)
    if written is None or verdict.base_amount is None or verdict.head_amount is None:
        return "", ""
    return written(verdict.base_amount), written(verdict.head_amount)


def legend(report: GateReport, *, ratio: str) -> str:
    """What the columns say; ``ratio`` is said of that of ratios."""
    return (
        f"base, head: of a call, in the pair nearest to the ratio. {ratio}, of the figure that decided: the typical "
        f"round's or the mean's. interval: {short_percent(1 - 2 * interval_error(report.time))}. {MINOR}: a change "
        "whose interval excludes 1, and which is smaller than what is to be found, or none. pairs: of fresh processes. "
        "sees: the smallest slowdown that so many pairs as noisy as these would have shown."
    )


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


def machines(report: GateReport) -> list[str]:
    """What measured: those of a fleet by their names, alike ones together; else the machine of the gate."""
    if not report.machines:
        kind = _kind(report.environment)
        return [f"machine  {kind}"] if kind and report.pairs else []
    alike: dict[str, list[str]] = {}
    for name, environment in report.machines.items():
        alike.setdefault(_kind(environment), []).append(name)
    return [
        f"measured on {first_of(names, _NAMED_MACHINES)}{f': {kind}' if kind else ''}" for kind, names in alike.items()
    ]


def _kind(environment: Mapping[str, Scalar]) -> str:
    """``AMD EPYC Linux x86_64, 2 × NVIDIA H100``"""
    known = (environment.get(field) for field in ("cpu.model", "system.name", "system.machine"))
    cards = Counter(str(value) for field, value in environment.items() if _CARD.fullmatch(field))
    named = [f"{number} × {name}" if number > 1 else name for name, number in cards.items()]
    return ", ".join(filter(None, (" ".join(str(value) for value in known if value), *named)))


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


def interval(of: Verdict | FigureVerdict | ClaimVerdict, *, written: Callable[[float], str] = as_ratio) -> str:
    """Its two ends; ``?`` for one that too few pairs leave open, which of a ratio is 0 or none."""
    if not of.low and of.high is None:
        return "too few pairs"
    low, high = (written(limit) if limit else "?" for limit in (of.low, of.high))
    return f"{low} to {high}"


def claim_level(verdicts: Iterable[ClaimVerdict]) -> str:
    """The level of their intervals, of which one gate has one: ``99.8 %``; empty where none is known."""
    # As many digits as tell it from 100 %.
    levels = [f"{100 * each.interval_level:.6g} %" for each in verdicts if each.interval_level is not None]
    return levels[0] if levels else ""


def claims(report: GateReport) -> list[str]:
    """What came of each claim, with the interval and what could have been seen."""
    return [f'claim {each.outcome}: "{each.claim}": {each.case}{_claim_figures(each)}' for each in report.claims]


def visible_change(verdict: ClaimVerdict) -> str:
    """The smallest change that would have been seen; empty where that cannot be told."""
    visible = verdict.smallest_visible
    return "" if visible is None else short_percent(visible)


def _claim_figures(verdict: ClaimVerdict) -> str:
    figures = ""
    if verdict.ratio is not None:
        level = claim_level([verdict])
        limits = f"{interval(verdict)}{f', {level}' if level else ''}"
        figures = f": {as_ratio(verdict.ratio)} ({limits}), {verdict.figure} of {verdict.pairs} pairs"
    if visible := visible_change(verdict):
        figures += f"; a change of {visible} would have been seen"
    return f"{figures}; {verdict.reason}" if verdict.reason else figures


def quiet(report: GateReport) -> list[str]:
    """Memory and what was counted, as far as nothing changed: those of as many cases in one line."""
    by_metric: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.metric != "time":
            by_metric.setdefault(verdict.metric, []).append(verdict)
    together: dict[tuple[int, int, int], list[str]] = {}
    for metric, verdicts in by_metric.items():
        if same := count(verdicts, "unchanged"):
            minor = sum(map(is_minor, verdicts))
            together.setdefault((same, minor, len(verdicts)), []).append(f"{metric}{_range(verdicts)}")
    return [_quiet(*numbers, names) for numbers, names in together.items()]


def _range(verdicts: Sequence[Verdict]) -> str:
    """From the smallest to the largest amount on head; empty for what is counted."""
    sizes = [(verdict.head_amount, amounts(verdict)[1]) for verdict in verdicts if amounts(verdict)[1]]
    ends = dict.fromkeys(written for _, written in (min(sizes), max(sizes))) if sizes else {}
    return f" ({' to '.join(ends)})" if ends else ""


def _quiet(same: int, minor: int, total: int, names: Sequence[str]) -> str:
    said = f"unchanged in {same - minor}" if same > minor else ""
    also = f"{MINOR} in {minor}" if minor else ""
    return f"{' and '.join(filter(None, (said, also)))} of {total} cases: {', '.join(names)}"


def missing(report: GateReport) -> list[str]:
    return [f"coverage missing: {case}: {why}" for case, why in report.missing.items()]


def not_comparable(report: GateReport) -> list[Verdict]:
    """Those that are not named as missing already."""
    return [
        verdict
        for verdict in report.verdicts
        if verdict.outcome == "not comparable" and not _is_missing(verdict, report.missing.get(verdict.case))
    ]


def _is_missing(verdict: Verdict, why: str | None) -> bool:
    """Of a case that is named as missing for its counts alone, these; of any other all."""
    if why is None:
        return False
    counts = why.removeprefix(NO_LONGER_COUNTS)
    return counts == why or verdict.metric in counts.split(", ")


def why_not_comparable(verdicts: Iterable[Verdict]) -> list[tuple[str, str]]:
    """Each case with what must be known of it: its reason, before that the metrics that are meant where its time is
    not. What many have in common is said once, of no case: ``xla_flops, hlo_fusions of 4 cases: REASON``, and of times
    a line for each test file."""
    by_case: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        by_case.setdefault((verdict.case, verdict.reason), []).append(verdict.metric)
    together: dict[tuple[str, str, str], list[str]] = {}
    for (case, reason), metrics in by_case.items():
        of = case.partition("::")[0] if "time" in metrics else ""
        named = "" if of else ", ".join(metrics)
        together.setdefault((of, named, reason), []).append(case)
    said = []
    for (of, named, reason), cases in together.items():
        if named and len(cases) > 1:
            said.append(("", f"{named} of {len(cases)} cases: {reason}"))
        elif len(cases) > _NAMED_EACH:
            said.append(("", f"{len(cases)} cases of {of}: {reason}"))
        else:
            said += [(case, f"{named}: {reason}" if named else reason) for case in cases]
    return said


def not_comparable_lines(report: GateReport) -> list[str]:
    """The same in plain text."""
    return [
        ": ".join(filter(None, ("not comparable", case, why)))
        for case, why in why_not_comparable(not_comparable(report))
    ]


def skipped(report: GateReport) -> list[str]:
    if not report.skipped:
        return []
    return [f"skipped on both sides: {len(report.skipped)}, the first because: {next(iter(report.skipped.values()))}"]


def left_out(report: GateReport) -> list[str]:
    """What was not measured is never counted as passed: a line for each test file, with the reason."""
    together = Counter((case.partition("::")[0], why) for case, why in report.left_out.items())
    return [
        f"left out: {counted(number, 'case')} of {test_file}: {why}" for (test_file, why), number in together.items()
    ]


def warnings(report: GateReport) -> list[str]:
    """What casts doubt on the answer."""
    ended = [f"ended early: {report.cut_off}"] if report.cut_off else []
    return [*(f"warning: {warning}" for warning in report.warnings), *ended]


def _environments(base: SideReport, head: SideReport) -> str:
    pythons = f"python {base.python} -> {head.python}" if base.python != head.python else ""
    return ", ".join(filter(None, (pythons, differing(base.packages, head.packages, most=12))))


def upgrade(report: GateReport) -> list[str]:
    """What was found beside the verdicts; nothing where no two environments were compared."""
    return upgrade_lines(report.upgrade, report.verdicts) if report.upgrade else []


def _both_figures(verdict: Verdict, written: Callable[[float], str]) -> str:
    """The typical round and the mean, where one figure in the row would hide what the other says."""
    if len(verdict.figures) < 2:
        return ""
    typical, mean = verdict.figures[:2]
    is_within = (typical.low or 0.0) <= mean.ratio <= (typical.high or mean.ratio)
    if typical.outcome == mean.outcome and is_within:
        return ""
    return "; ".join(
        f"{each.figure} {outcome_word(each)} {written(each.ratio)} ({interval(each, written=written)})"
        for each in verdict.figures
    )


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "no pair"
