"""What a gate of an upgrade found beside its verdicts, in words. It formats and decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speedscore.gate.upgrades.blame import Blame
from speedscore.gate.upgrades.program_changes import ProgramChange
from speedscore.gate.upgrades.report import UpgradeReport, changed_stage
from speedscore.text.numbers import counted, duration
from speedscore.verdicts.verdict import Verdict

_MOST_PACKAGES = 4
_MOST_OPERATIONS = 8
_MOST_CASES = 5
Versions = dict[str, str]


def upgrade_headline(
    headline: str, verdicts: Sequence[Verdict], report: UpgradeReport, packages: tuple[Versions, Versions]
) -> str:
    """The same with the stages that got slower, and the packages that differ."""
    slower = [each for each in verdicts if each.outcome == "regressed"]
    stages = [stage.stage for each in slower if (stage := changed_stage(each, report.stages))]
    where = f", in {', '.join(dict.fromkeys(stages))}" if stages else ""
    changes = differing(*packages, most=_MOST_PACKAGES)
    return f"{headline}{where}{f'; {changes}' if changes else ''}"


def differing(base: Versions, head: Versions, *, most: int) -> str:
    """``jax 0.5.0 -> 0.5.3, numpy 2.1.0 -> none``"""
    names = sorted(base.keys() | head.keys())
    said = ", ".join(f"{name} {base.get(name, 'none')} -> {head.get(name, 'none')}" for name in names[:most])
    return f"{said} and {len(names) - most} more" if len(names) > most else said


def upgrade_lines(report: UpgradeReport, verdicts: Sequence[Verdict]) -> list[str]:
    """What stands below the table: who is to blame, what changed outside of what is timed, and in XLA's programs."""
    blamed = [_blamed(report.blame)] if report.blame else []
    changed = {each.case for each in verdicts if changed_stage(each, report.stages)}
    programs = sorted(report.programs.items(), key=lambda item: (item[0] not in changed, item[0]))
    more = len(programs) - _MOST_CASES
    return [
        *blamed,
        *_before_rounds(report),
        *(f"optimised HLO of {case}: {_program(change)}" for case, change in programs[:_MOST_CASES]),
        *([f"optimised HLO of {more} more cases differs; the JSON report has all"] if more > 0 else []),
        *(f"upgrade: {remark}" for remark in report.remarks),
    ]


def _blamed(blame: Blame) -> str:
    gates = counted(len(blame.steps), "gate")
    names = ", ".join(blame.packages)
    together = " (none was gated without the others)" if len(blame.packages) > 1 else ""
    behind = f", upgraded after {', '.join(blame.before)}" if blame.before else ""
    return f"{blame.case} got slower with {names}{together}{behind}; found by {gates}"


def _before_rounds(report: UpgradeReport) -> Iterator[str]:
    """Stages that changed and are not timed: in one line where many cases say the same, as of the import they share."""
    cases: dict[str, list[str]] = {}
    for case, times in report.stages.items():
        for each in times:
            if each.has_changed and not each.is_timed:
                said = f"{each.stage} {duration(each.base)} -> {duration(each.head)}"
                cases.setdefault(said, []).append(case)
    for said, named in cases.items():
        of = named[0] if len(named) == 1 else f"{len(named)} cases"
        yield f"before the rounds of {of}, untimed: {said}"


def _program(change: ProgramChange) -> str:
    changes = [f"{each.operation} {each.base} -> {each.head}" for each in change.operations]
    changes += [f"{each.operation} {each.base} -> {each.head}" for each in change.layouts if each.head > each.base]
    said, more = changes[:_MOST_OPERATIONS], len(changes) - _MOST_OPERATIONS
    return ", ".join([*said, *([f"{more} more"] if more > 0 else [])])
