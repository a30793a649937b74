"""The reports of all shares as the report of one gate. It measures nothing and reads no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from speedscore.gate.report import GateExit, GateReport, conclude
from speedscore.host.fields import Scalar
from speedscore.verdicts.verdict import Verdict


class PartReport(msgspec.Struct, frozen=True):
    """What came of a share."""

    machine: str
    report: GateReport


def merge(
    parts: Sequence[PartReport],
    failed: Mapping[str, str],
    *,
    whole: GateReport,
    machines: Mapping[str, Mapping[str, Scalar]],
    inconclusive_passes: bool,
) -> GateReport:
    """One report. ``failed`` are the shares of which there is none, with why; ``whole`` says what all have in common.

    At least one of ``parts``.
    """
    unlike, shares = _unlike_deals(parts), len(parts) + len(failed)
    failed = {**failed, **_unbegun(parts)}
    several = len({part.machine for part in parts}) > 1
    verdicts = tuple(_verdicts(parts, several=several))
    missing = {case: why for part in parts for case, why in part.report.missing.items()}
    left_out = {case: why for part in parts for case, why in part.report.left_out.items()}
    cut_off = "; ".join(dict.fromkeys(part.report.cut_off for part in parts if part.report.cut_off))
    code, headline = _conclude(
        parts,
        failed,
        verdicts,
        missing,
        shares=shares,
        cut_off=cut_off,
        left_out=len(left_out),
        inconclusive_passes=inconclusive_passes,
    )
    if unlike and code in (GateExit.PASSED, GateExit.INCONCLUSIVE):
        code, headline = GateExit.CANNOT_RUN, f"cannot run: {unlike}"
    # A share without a case of its own has looks of its own.
    first = next((part for part in parts if part.report.pairs), parts[0]).report
    return msgspec.structs.replace(
        whole,
        base=msgspec.structs.replace(whole.base, python=first.base.python),
        head=msgspec.structs.replace(whole.head, python=first.head.python),
        looks=first.looks,
        early_looks=first.early_looks,
        verdicts=verdicts,
        reasons=tuple(reasons for part in parts for reasons in part.report.reasons),
        missing=missing,
        skipped={case: why for part in parts for case, why in part.report.skipped.items()},
        left_out=left_out,
        warnings=(
            *whole.warnings,
            *dict.fromkeys(warning for part in parts for warning in part.report.warnings),
            *(f"share {part} was not gated: {why}" for part, why in failed.items()),
            *([unlike] if unlike else []),
        ),
        cut_off=cut_off,
        pairs=sum(part.report.pairs for part in parts),
        machines={name: dict(machines[name]) for name in sorted({part.machine for part in parts})},
        exit_code=code,
        headline=headline,
    )


def _verdicts(parts: Sequence[PartReport], *, several: bool) -> list[Verdict]:
    """Each with its machine; what all shares say of cases that only one side has, once."""
    found: dict[tuple[str, str], Verdict] = {}
    for part in parts:
        for verdict in part.report.verdicts:
            notes = (*verdict.notes, f"measured on {part.machine}") if several and verdict.pairs else verdict.notes
            found.setdefault(
                (verdict.case, verdict.metric), msgspec.structs.replace(verdict, machine=part.machine, notes=notes)
            )
    return list(found.values())


def _conclude(
    parts: Sequence[PartReport],
    failed: Mapping[str, str],
    verdicts: tuple[Verdict, ...],
    missing: dict[str, str],
    *,
    shares: int,
    cut_off: str,
    left_out: int,
    inconclusive_passes: bool,
) -> tuple[int, str]:
    cannot = next((part for part in parts if part.report.exit_code == GateExit.CANNOT_RUN), None)
    compared = any(verdict.outcome != "not comparable" for verdict in verdicts)
    # Where nothing was compared anywhere, each share says why; one that only had no case of its own does not matter.
    if not compared and cannot is not None:
        return cannot.report.exit_code, cannot.report.headline
    if cannot is not None and cannot.report.headline.startswith("cannot run: "):
        return GateExit.CANNOT_RUN, f"{cannot.report.headline}, on {cannot.machine}"
    code, headline = conclude(
        verdicts,
        missing,
        inconclusive_passes=inconclusive_passes,
        cut_off=cut_off,
        nothing="" if compared or left_out else "no share compared anything",
        left_out=left_out,
    )
    if failed and code == GateExit.PASSED:
        why = next(iter(failed.values()))
        return GateExit.INCONCLUSIVE, f"inconclusive: {len(failed)} of {shares} shares: {why}"
    return code, headline


def _unlike_deals(parts: Sequence[PartReport]) -> str:
    """Said where two machines shared out other cases: one may then be in no share, and would pass unseen."""
    by_deal: dict[str, str] = {}
    for part in parts:
        if part.report.deal:
            by_deal.setdefault(part.report.deal, part.machine)
    if len(by_deal) < 2:
        return ""
    (deal, machine), (other, elsewhere) = list(by_deal.items())[:2]
    return (
        f"the machines do not collect the same cases, so that one may be in no share: {deal} on {machine}, {other} on "
        f"{elsewhere}; look at pytest --collect-only on both"
    )


def _unbegun(parts: Sequence[PartReport]) -> dict[str, str]:
    """The shares that were cut off before their cases were known: nothing says that those are missing."""
    return {f"of {part.machine}": part.report.cut_off for part in parts if part.report.cut_off and not part.report.deal}
