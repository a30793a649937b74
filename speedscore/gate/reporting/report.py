"""What a gate found, as a record: written as JSON, and what the table and the Markdown are made from.

It says what a run means for whoever waits for it (the exit code) and prints nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

import msgspec

from speedscore.gate.reasons.reasons import CaseReasons
from speedscore.gate.upgrades.report import UpgradeReport
from speedscore.host.fields import Scalar
from speedscore.text.numbers import counted
from speedscore.verdicts.change_claim import ClaimVerdict
from speedscore.verdicts.verdict import Outcome, Verdict, VerdictPolicy

SCHEMA_VERSION = 1
"""1 (2026-11): the first form."""


class GateExit(IntEnum):
    """Clear of pytest's own codes, 0 to 5."""

    PASSED = 0
    REGRESSED = 10
    INCONCLUSIVE = 11
    COVERAGE_MISSING = 12
    CANNOT_RUN = 13
    CLAIM_NOT_SUPPORTED = 14


class SideReport(msgspec.Struct, frozen=True):
    description: str
    commit: str = ""
    dirty: bool = False
    """True where there are changes that no commit holds."""
    python: str = ""
    """Version of the interpreter."""
    packages: dict[str, str] = {}
    """Versions of packages that differ between the two sides; empty where both run in one environment."""


class GateReport(msgspec.Struct, frozen=True):
    """A finished gate, one that was cut off, or one that could not run: that one has no more than its headline."""

    schema_version: int
    created: str
    base: SideReport
    head: SideReport
    seconds: float
    exit_code: int
    headline: str
    """The answer, in one sentence."""
    time: VerdictPolicy = VerdictPolicy()
    """What was to be found in a case that has no table of its own."""
    memory: VerdictPolicy = VerdictPolicy()
    looks: tuple[int, ...] = ()
    """Numbers of pairs at which a decision was tried."""
    early_looks: tuple[int, ...] = ()
    """Before those; what was clearly unchanged left."""
    canary: float | None = None
    """Share of work that was added to head, where that was asked for."""
    verdicts: tuple[Verdict, ...] = ()
    claims: tuple[ClaimVerdict, ...] = ()
    """One for each claim and case that it is about."""
    reasons: tuple[CaseReasons, ...] = ()
    """Where the regressions come from, as far as that was looked for."""
    missing: dict[str, str] = {}
    """Cases of the base that head no longer measures, or of which it no longer counts all, with why."""
    skipped: dict[str, str] = {}
    """Cases that neither side measures, with why."""
    left_out: dict[str, str] = {}
    """Cases that were not measured because nothing that they depend on changed, with why."""
    warnings: tuple[str, ...] = ()
    cut_off: str = ""
    """Why the gate ended before it had all its pairs; empty where it did not."""
    pairs: int = 0
    environment: dict[str, Scalar] = {}
    """The machine on which the gate was started, as in a saved run. It measured only where ``machines`` is empty."""
    machines: dict[str, dict[str, Scalar]] = {}
    """By name those that gated a part each, in the same way; empty where that was the machine of the gate."""
    all_cases: tuple[str, ...] = msgspec.field(default=(), name="deal")
    """Of a part of a gate's cases, the ids of the cases of all parts; empty elsewhere."""
    part: str = ""
    """Of such a part which one it is, as 2/5; empty elsewhere."""
    reproduce: dict[str, str] = {}
    """By case that regressed the command that gates it alone, at the root of any clone."""
    arguments: tuple[str, ...] = ()
    """What the command that gates one case alone has beside the case and the base."""
    folder: str = ""
    """In the checkout, where it is started: pytest's rootdir; empty where that is the root."""
    upgrade: UpgradeReport | None = None
    """What was found beside the verdicts, where two environments were compared."""


def count(verdicts: Iterable[Verdict], outcome: Outcome) -> int:
    return sum(verdict.outcome == outcome for verdict in verdicts)


def conclude(
    verdicts: tuple[Verdict, ...],
    missing: dict[str, str],
    *,
    inconclusive_passes: bool,
    cut_off: str,
    nothing: str,
    claims: tuple[ClaimVerdict, ...] = (),
    left_out: int = 0,
) -> tuple[GateExit, str]:
    """The exit code, and the one sentence that says why. ``nothing`` is why there was nothing to compare, if so;
    ``left_out`` are cases that nothing of what changed can have touched, and that were not measured."""
    regressed, inconclusive = count(verdicts, "regressed"), count(verdicts, "inconclusive")
    if regressed:
        return GateExit.REGRESSED, f"regressed: {_cases(verdicts, 'regressed')}"
    if missing:
        return (
            GateExit.COVERAGE_MISSING,
            f"coverage missing: head lacks what base measures in {counted(len(missing), 'case')}",
        )
    if nothing:
        return GateExit.INCONCLUSIVE if cut_off else GateExit.CANNOT_RUN, f"nothing was compared: {nothing}"
    # What was cut off was not looked at: that is no pass, whatever inconclusive answers count as.
    if inconclusive and (cut_off or not inconclusive_passes):
        return GateExit.INCONCLUSIVE, f"inconclusive: {_cases(verdicts, 'inconclusive')}"
    if unsupported := [claim for claim in claims if claim.outcome != "supported"]:
        return GateExit.CLAIM_NOT_SUPPORTED, _unsupported(unsupported)
    remarks = [f"{_cases(verdicts, 'inconclusive')} inconclusive"] if inconclusive else []
    remarks += [f"{counted(left_out, 'case')} left out, which the change cannot have touched"] if left_out else []
    return GateExit.PASSED, " ".join(["passed: nothing regressed", *([f"({'; '.join(remarks)})"] if remarks else [])])


def _unsupported(claims: list[ClaimVerdict]) -> str:
    numbers = Counter(claim.outcome for claim in claims)
    said = ", ".join(f"{counted(number, 'claim')} {outcome}" for outcome, number in numbers.items())
    return f"nothing regressed, but {said}"


def conclude_canary(verdicts: tuple[Verdict, ...], share: float) -> tuple[GateExit, str]:
    """The same for a canary: it is found, or this machine, today, cannot be trusted to find its like."""
    timed = [verdict for verdict in verdicts if verdict.metric == "time" and verdict.outcome != "not comparable"]
    regressed = count(timed, "regressed")
    headline = f"canary: {100 * share:g} % of extra work was found in {regressed} of {counted(len(timed), 'case')}"
    if not timed:
        return GateExit.CANNOT_RUN, "canary: no case could be given extra work"
    return (GateExit.PASSED if regressed == len(timed) else GateExit.INCONCLUSIVE), headline


def _cases(verdicts: tuple[Verdict, ...], outcome: Outcome) -> str:
    metrics = Counter(verdict.metric for verdict in verdicts if verdict.outcome == outcome)
    return ", ".join(f"{metric} of {counted(cases, 'case')}" for metric, cases in metrics.items())
