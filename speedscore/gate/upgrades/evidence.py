"""What a gate of an upgrade says beside its verdicts: stages, optimised HLO, and the package that is to blame.

The verdicts stand before any of it is looked for, and it changes none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from speedscore.gate.checkouts.worktrees import SourceTree
from speedscore.gate.environments.made_environments import Runner
from speedscore.gate.errors import GateError
from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.pairs.plan import GatePlan, SidePlan
from speedscore.gate.same_slowdown import is_as_slow
from speedscore.gate.upgrades.blame import Blame, BlameStep, Names, find_blame, growing_sets
from speedscore.gate.upgrades.report import UpgradeReport, changed_stage
from speedscore.gate.upgrades.stage_pairs import StageEvidence
from speedscore.gate.upgrades.upgrading import INSTALLING, OPTION, Upgrade, environment_with
from speedscore.text.addresses import without_credentials
from speedscore.text.numbers import duration
from speedscore.verdicts.verdict import Verdict


def described(tree: SourceTree, requested: Sequence[str]) -> tuple[SourceTree, SourceTree]:
    """The same checkout as base and as head, each named with its environment."""
    base, head = (
        msgspec.structs.replace(tree, description=f"{tree.description} {said}")
        for said in ("in the present environment", f"with {', '.join(map(without_credentials, requested))}")
    )
    return base, head


def explain(
    made: Upgrade,
    outcome: GateOutcome,
    plan: GatePlan,
    requested: tuple[str, ...],
    *,
    watch: Callable[[Sequence[str]], StageEvidence],
    gate: Callable[[GatePlan], GateOutcome] | None,
    say: Callable[[str], None],
) -> tuple[GateOutcome, UpgradeReport]:
    """The outcome with the stages that changed as notes, and the report. ``gate`` is None where nobody is blamed.

    Ctrl-C ends the search for evidence; the verdicts stand.
    """
    cases = [] if outcome.cut_off or outcome.is_interrupted else compared_cases(outcome)
    evidence, blame = StageEvidence(stages={}, programs={}), None
    interrupted: tuple[str, ...] = ()
    try:
        if cases:
            say("gate: decided; a few more processes of each side, untimed, find out which stages changed")
            evidence = watch(cases)
        if cases and gate:
            blame = blame_worst(made, outcome, plan, gate=gate, say=say)
    except KeyboardInterrupt:
        interrupted = ("interrupted, or out of time, before stages and blame were found in full",)
    nothing = () if made.resolved.pins else ("the upgrade changes no package: the environment is compared with itself",)
    report = UpgradeReport(
        requested=tuple(map(without_credentials, requested)),
        installer=made.resolved.tool,
        stages=evidence.stages,
        programs=evidence.programs,
        blame=blame,
        remarks=(*made.resolved.remarks, *nothing, *evidence.remarks, *interrupted),
    )
    return msgspec.structs.replace(outcome, verdicts=with_stages(outcome.verdicts, evidence)), report


def compared_cases(outcome: GateOutcome) -> list[str]:
    """Those whose time has a verdict."""
    return [each.case for each in outcome.verdicts if each.metric == "time" and each.outcome != "not comparable"]


def with_stages(verdicts: Sequence[Verdict], evidence: StageEvidence) -> tuple[Verdict, ...]:
    """The verdicts, those on a time that has changed with the stage that changed most."""

    def noted(verdict: Verdict) -> Verdict:
        stage = changed_stage(verdict, evidence.stages)
        if stage is None:
            return verdict
        slower = (verdict.ratio or 0.0) > 1
        agrees = slower == (stage.head > stage.base)
        amounts = f": {duration(stage.base)} -> {duration(stage.head)}" if agrees else ""
        note = f"{'slower' if slower else 'faster'} in {stage.stage}{amounts}"
        return msgspec.structs.replace(verdict, notes=(*verdict.notes, note))

    return tuple(map(noted, verdicts))


def blame_worst(
    made: Upgrade,
    outcome: GateOutcome,
    plan: GatePlan,
    *,
    gate: Callable[[GatePlan], GateOutcome],
    say: Callable[[str], None],
) -> Blame | None:
    """Bisect the packages for the case that got slower most; None where no time regressed, or nothing was upgraded.

    Raises KeyboardInterrupt where the time is spent, as where the user ends it.
    """
    slower = [each for each in outcome.verdicts if each.metric == "time" and each.outcome == "regressed"]
    if not slower or not made.resolved.pins:
        return None
    worst = max(slower, key=lambda each: each.ratio or 0.0)
    run = Runner(OPTION, INSTALLING, made.present, plan.deadline)

    def judge(names: Names) -> BlameStep:
        upgraded = tuple(sorted(names))
        say(f"gate: {worst.case} with {', '.join(upgraded)} alone")
        pins = [pin for pin in made.resolved.pins if pin.name in names]
        try:
            head = environment_with(pins, made.present, tool=made.resolved.tool, say=say, run=run)
            of_set = gate(_narrowed(plan, worst.case, python=head.python))
        except (GateError, OSError):
            if plan.deadline.is_over:
                raise KeyboardInterrupt from None
            return BlameStep(upgraded, is_slower=None)
        if of_set.cut_off:
            # Ctrl-C, or the time budget: no further set is tried.
            raise KeyboardInterrupt
        verdict = next((each for each in of_set.verdicts if (each.case, each.metric) == (worst.case, "time")), None)
        return BlameStep(upgraded, is_slower=is_as_slow(verdict, worst), ratio=verdict.ratio if verdict else None)

    return find_blame(worst.case, growing_sets(made.resolved.pins, made.present, made.head), judge)


def _narrowed(plan: GatePlan, case: str, *, python: str) -> GatePlan:
    """The same gate of one case, head in another environment."""

    def only(side: SidePlan) -> SidePlan:
        return msgspec.structs.replace(side, selection=msgspec.structs.replace(side.selection, wanted=(case,)))

    head = only(plan.head)
    head = msgspec.structs.replace(head, spec=msgspec.structs.replace(head.spec, python=python))
    return msgspec.structs.replace(plan, base=only(plan.base), head=head, claims=(), why=False)
