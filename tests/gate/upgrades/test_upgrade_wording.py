"""What an upgrade's report says below its table."""

from __future__ import annotations

from speedscore.gate.hlo import OperationChange
from speedscore.gate.upgrades.blame import Blame, BlameStep
from speedscore.gate.upgrades.program_changes import ProgramChange
from speedscore.gate.upgrades.report import UpgradeReport
from speedscore.gate.upgrades.stages import StageTimes
from speedscore.gate.upgrades.wording import differing, upgrade_headline, upgrade_lines
from speedscore.verdicts.verdict import Outcome, Verdict

IMPORT = StageTimes("import", base=1.0, head=2.0, is_timed=False, has_changed=True)
COMPILE = StageTimes("compile", base=0.1, head=0.3, is_timed=False, has_changed=True)
TRACE = StageTimes("trace", base=0.1, head=0.1, is_timed=False, has_changed=False)
RUN = StageTimes("run", base=0.010, head=0.015, is_timed=True, has_changed=True)


def a_report(**fields: object) -> UpgradeReport:
    return UpgradeReport(requested=("jax==0.8.0",), installer="pip", **fields)  # type: ignore[arg-type]


def verdict(case: str, outcome: Outcome) -> Verdict:
    return Verdict(case=case, metric="time", outcome=outcome, ratio=1.5)


def test_the_headline_names_the_stage_that_got_slower_and_the_packages() -> None:
    report = a_report(stages={"a": (IMPORT, RUN), "b": (RUN,)})
    said = upgrade_headline(
        "regressed: time of 1 case",
        [verdict("a", "regressed"), verdict("b", "unchanged")],
        report,
        ({"jax": "0.7", "old": "1"}, {"jax": "0.8", "new": "2"}),
    )
    assert said == "regressed: time of 1 case, in run; jax 0.7 -> 0.8, new none -> 2, old 1 -> none"
    assert upgrade_headline("passed", [verdict("a", "unchanged")], report, ({}, {})) == "passed"


def test_of_many_packages_the_first_are_named() -> None:
    versions = {f"p{number}": "1" for number in range(9)}
    assert differing(versions, {}, most=2) == "p0 1 -> none, p1 1 -> none and 7 more"


def test_a_stage_that_cases_share_is_said_once_and_one_that_did_not_change_not_at_all() -> None:
    report = a_report(stages={"a": (IMPORT, TRACE, COMPILE, RUN), "b": (IMPORT, TRACE, RUN)})
    assert upgrade_lines(report, []) == [
        "before the rounds of 2 cases, untimed: import 1.00 s -> 2.00 s",
        "before the rounds of a, untimed: compile 100 ms -> 300 ms",
    ]


def test_the_programs_of_the_case_that_changed_come_first() -> None:
    copies = OperationChange("copy", base=0, head=2)
    dots = [
        OperationChange(f"dot f32[2,3] {layout}", base=base, head=1 - base)
        for layout, base in (("{1,0}", 1), ("{0,1}", 0))
    ]
    a, b = ProgramChange((copies,), layouts=tuple(dots)), ProgramChange((), layouts=tuple(dots))
    report = a_report(stages={"b": (RUN,)}, programs={"a": a, "b": b})
    assert upgrade_lines(report, [verdict("a", "unchanged"), verdict("b", "regressed")]) == [
        "optimised HLO of b: dot f32[2,3] {0,1} 0 -> 1",
        "optimised HLO of a: copy 0 -> 2, dot f32[2,3] {0,1} 0 -> 1",
    ]


def test_who_is_to_blame_and_after_whom() -> None:
    steps = (BlameStep(("numpy",), is_slower=False, ratio=1.0),)
    alone = Blame("a", packages=("flax",), before=(), steps=steps)
    several = Blame("a", packages=("jax", "jaxlib"), before=("numpy",), steps=(*steps, *steps))
    assert upgrade_lines(a_report(blame=alone), []) == ["a got slower with flax; found by 1 gate"]
    assert upgrade_lines(a_report(blame=several), []) == [
        "a got slower with jax, jaxlib (none was gated without the others), upgraded after numpy; found by 2 gates"
    ]
