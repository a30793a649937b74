"""What came of a gate, from all that its cases say. It draws no verdict and prints nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from speedscore.gate.cases.gated_case import GatedCase
from speedscore.gate.cases.paired_metric import Schedule
from speedscore.gate.loop.matching import NEW, Matching
from speedscore.gate.reasons.reasons import CaseReasons
from speedscore.text.numbers import counted
from speedscore.verdicts.change_claim import ClaimVerdict
from speedscore.verdicts.settings import Settings
from speedscore.verdicts.verdict import Verdict


class GateOutcome(msgspec.Struct, frozen=True):
    """What a gate found, before a report is made of it."""

    verdicts: tuple[Verdict, ...]
    missing: dict[str, str]
    """Cases of the base that head no longer measures, or of which it no longer counts all, with why."""
    skipped: dict[str, str]
    """Cases that neither side measures, with why."""
    left_out: dict[str, str]
    """Cases that were not measured because nothing that they depend on changed, with why."""
    warnings: tuple[str, ...]
    looks: tuple[int, ...]
    """Numbers of pairs at which a decision was tried."""
    early_looks: tuple[int, ...]
    """Before those; what was clearly unchanged left."""
    pairs: int
    cut_off: str
    """Why the gate ended before it had all its pairs; empty where it did not."""
    pythons: tuple[str, str]
    """Versions of the interpreters of base and of head."""
    nothing: str
    """Why there was nothing to compare; empty where there was something."""
    claims: tuple[ClaimVerdict, ...] = ()
    """One for each claim and case that it is about."""
    reasons: tuple[CaseReasons, ...] = ()
    """Where the regressions come from, as far as that was looked for."""
    all_cases: tuple[str, ...] = ()
    """Of a part, the ids of the cases of all parts, by name; empty where they are not known."""
    is_interrupted: bool = False
    """Whether Ctrl-C came once the verdicts stood: nothing more is begun."""


def outcome_of(
    matching: Matching,
    cases: Sequence[GatedCase],
    settings: Settings,
    *,
    schedule: Schedule,
    left_out: dict[str, str],
    all_because: str,
    pairs: int,
    cut_off: str,
    all_cases: tuple[str, ...],
) -> GateOutcome:
    """Put together what is known of the cases after so many pairs.

    ``left_out`` are the cases that are not among ``cases`` because nothing that they depend on changed, ``all_because``
    is why there are none of them though that was asked for.
    """
    excluded = {case.id: case.exclusion for case in cases if case.exclusion}
    all_skipped = all(case.exclusion is not None and case.exclusion.skipped for case in cases)
    missing = matching.missing | {
        case.id: case.missing for case in cases if case.missing and not settings.may_be_missing(case.id)
    }
    verdicts = (*(verdict for case in cases for verdict in case.verdicts()), *matching.others)
    return GateOutcome(
        verdicts=verdicts,
        missing=dict(sorted(missing.items())),
        skipped={name: exclusion.reason for name, exclusion in excluded.items() if exclusion.skipped},
        left_out=left_out,
        warnings=(*matching.warnings, *([f"--gate-affected left none out: {all_because}"] if all_because else [])),
        looks=schedule.looks,
        early_looks=schedule.early_looks,
        pairs=pairs,
        cut_off=cut_off,
        pythons=matching.pythons,
        nothing="" if left_out and all_skipped else _why_nothing(matching, cases, verdicts, cut_off=cut_off),
        claims=tuple(verdict for case in cases for verdict in case.claim_verdicts()),
        all_cases=all_cases,
    )


def _why_nothing(matching: Matching, cases: Sequence[GatedCase], verdicts: Sequence[Verdict], *, cut_off: str) -> str:
    if any(verdict.outcome != "not comparable" for verdict in verdicts):
        return ""
    if cases:
        exclusions = sorted(
            (case.exclusion for case in cases if case.exclusion), key=lambda exclusion: not exclusion.skipped
        )
        first = next(iter(exclusions), None)
        if first is None:
            return UNFINISHED  # a part that only looks what is affected
        return f"neither side measured any of {counted(len(cases), 'case')}, the first because: {first.reason}"
    # Where all is new, base may be a wrong folder: that nothing was compared is no pass.
    no_benchmark = f"{NO_BENCHMARK}: {matching.why_none}" if matching.why_none else NO_BENCHMARK
    return next(iter(matching.warnings), "") or cut_off or _why_only_others(matching.others) or no_benchmark


def _why_only_others(others: Sequence[Verdict]) -> str:
    """Said where no case is on both sides; empty where none is on one side either."""
    if others and all(verdict.reason == NEW for verdict in others):
        all_new = "the one benchmark is" if len(others) == 1 else f"all {len(others)} benchmarks are"
        return f"{all_new} new, and base has none to compare with: merge first, or BASE is a wrong folder or commit"
    return next((f"{verdict.case}: {verdict.reason}" for verdict in others), "")


INTERRUPTED = "interrupted"
"""Said of what Ctrl-C ended."""
UNFINISHED = "still open"
"""Said in the place of why it was cut off where a gate says how far it has come, and goes on."""
NO_BENCHMARK = "no benchmark was selected on either side"
