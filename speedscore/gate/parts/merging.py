"""The reports of all shares as the report of one gate. It measures nothing and reads no file.

Every case that was shared out has an answer: one that no share has answered is inconclusive, with why. What is certain
on one machine is not taken away by what went wrong on another; it is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from speedscore.gate.parts.shares import Share
from speedscore.gate.report import GateExit, GateReport, conclude
from speedscore.host.fields import Scalar
from speedscore.verdicts.verdict import Verdict

_CANNOT_RUN = "cannot run: "
_CERTAIN = (GateExit.REGRESSED, GateExit.COVERAGE_MISSING)
"""What is so whatever the other shares would have said."""


def merge(
    shares: Sequence[Share],
    *,
    whole: GateReport,
    machines: Mapping[str, Mapping[str, Scalar]],
    inconclusive_passes: bool,
    cut_off: str = "",
) -> GateReport:
    """One report. ``whole`` says what all have in common, ``cut_off`` why the gate ended before all shares had.

    A share must have a report, or there must be a ``cut_off``.
    """
    told = [(share.machine, share.report) for share in shares if share.report]
    reports = [report for _, report in told]
    answered = _Answers(shares)
    ended = "; ".join(dict.fromkeys(filter(None, (cut_off, *(report.cut_off for report in reports)))))
    code, headline = _conclude(shares, answered, ended, inconclusive_passes=inconclusive_passes)
    # A share without a case of its own has looks of its own.
    first = next((report for report in reports if report.pairs), reports[0] if reports else whole)
    return msgspec.structs.replace(
        whole,
        base=msgspec.structs.replace(whole.base, python=first.base.python),
        head=msgspec.structs.replace(whole.head, python=first.head.python),
        looks=first.looks,
        early_looks=first.early_looks,
        verdicts=answered.verdicts,
        reasons=tuple(reasons for report in reports for reasons in report.reasons),
        missing=answered.missing,
        skipped=answered.skipped,
        left_out=answered.left_out,
        warnings=(
            *whole.warnings,
            *dict.fromkeys(warning for report in reports for warning in report.warnings),
            *_troubles(shares),
            *filter(None, [answered.unlike]),
        ),
        cut_off=ended,
        pairs=sum(report.pairs for report in reports),
        machines={name: dict(machines[name]) for name in sorted({machine for machine, _ in told})},
        exit_code=code,
        headline=headline,
    )


class _Answers:
    """What all shares say of all cases."""

    def __init__(self, shares: Sequence[Share]) -> None:
        reports = [share.report for share in shares if share.report]
        self.missing = {case: why for report in reports for case, why in report.missing.items()}
        self.skipped = {case: why for report in reports for case, why in report.skipped.items()}
        self.left_out = {case: why for report in reports for case, why in report.left_out.items()}
        self.unlike = _unlike_deals(shares)
        found = _verdicts(shares)
        answered = {verdict.case for verdict in found} | {*self.missing, *self.skipped, *self.left_out}
        ungated = {case: why for case, why in _why_ungated(shares, self.unlike).items() if case not in answered}
        self.verdicts = (
            *found,
            *(Verdict(case=case, metric="time", outcome="inconclusive", reason=why) for case, why in ungated.items()),
        )

    @property
    def has_compared(self) -> bool:
        return any(verdict.outcome != "not comparable" for verdict in self.verdicts)


def _verdicts(shares: Sequence[Share]) -> list[Verdict]:
    """Each with its machine; what all shares say of cases that only one side has, once."""
    several = len({share.machine for share in shares if share.report}) > 1
    found: dict[tuple[str, str], Verdict] = {}
    for share in shares:
        for verdict in share.report.verdicts if share.report else ():
            notes = (*verdict.notes, f"measured on {share.machine}") if several and verdict.pairs else verdict.notes
            found.setdefault(
                (verdict.case, verdict.metric), msgspec.structs.replace(verdict, machine=share.machine, notes=notes)
            )
    return list(found.values())


def _why_ungated(shares: Sequence[Share], unlike: str) -> dict[str, str]:
    """By case, of all that were shared out, why its share would have no answer."""
    deals = [share.report.deal for share in shares if share.report and share.report.deal]
    why = {case: unlike or "its share does not say why" for deal in deals for case in deal}
    for share in shares:
        deal = (share.report and share.report.deal) or (deals[0] if deals else ())
        if reason := _why_not(share):
            why |= dict.fromkeys(sorted(share.part.own(deal)), f"share {share.part} was not gated: {reason}")
    return why


def _why_not(share: Share) -> str:
    """Why a share is not gated, or not to its end; empty where it is, or is cut off in its own words."""
    if _could_not_run(share):
        assert share.report is not None
        return f"it {share.report.headline.splitlines()[0].replace(_CANNOT_RUN, f'cannot run on {share.machine}: ', 1)}"
    if share.report and not share.report.deal and share.report.cut_off:
        return share.report.cut_off
    return share.why_not


def _could_not_run(share: Share) -> bool:
    """Whether its gate ended with a reason and nothing else, and not only for want of a case of its own."""
    return share.report is not None and share.report.headline.startswith(_CANNOT_RUN)


def _troubles(shares: Sequence[Share]) -> list[str]:
    """What befell shares, a line for each reason."""
    together: dict[tuple[str, str], list[str]] = {}
    for share in shares:
        if reason := _why_not(share):
            has_begun = share.report is not None and bool(share.report.deal)
            together.setdefault((" to the end" if has_begun else "", reason), []).append(str(share.part))
    return [
        f"share{'' if len(parts) == 1 else 's'} {', '.join(parts)} {'was' if len(parts) == 1 else 'were'} not "
        f"gated{how_far}: {reason}"
        for (how_far, reason), parts in together.items()
    ]


def _conclude(
    shares: Sequence[Share], answers: _Answers, cut_off: str, *, inconclusive_passes: bool
) -> tuple[int, str]:
    cannot = [share for share in shares if _could_not_run(share)]
    nothing = "" if answers.has_compared or answers.left_out else cut_off or "no share compared anything"
    # Where nothing was compared anywhere, each share says why.
    empty = [share for share in shares if share.report and share.report.exit_code == GateExit.CANNOT_RUN]
    if nothing and not cut_off and not answers.missing and (share := next(iter([*cannot, *empty]), None)):
        assert share.report is not None
        return share.report.exit_code, share.report.headline
    code, headline = conclude(
        answers.verdicts,
        answers.missing,
        inconclusive_passes=inconclusive_passes,
        cut_off=cut_off,
        nothing=nothing,
        left_out=len(answers.left_out),
    )
    troubled = [share for share in shares if _why_not(share)]
    beside = f"{len(troubled)} of {len(shares)} shares: {_why_not((cannot or troubled)[0])}" if troubled else ""
    quoted: list[str] = []
    if cannot and cannot[0].report:
        first, *quoted = cannot[0].report.headline.splitlines()
        if code not in _CERTAIN:
            code, headline, beside = GateExit.CANNOT_RUN, f"{first}, on {cannot[0].machine}", ""
    elif answers.unlike and code not in _CERTAIN:
        code, headline, beside = GateExit.CANNOT_RUN, f"{_CANNOT_RUN}{answers.unlike}", ""
    elif troubled and code == GateExit.PASSED:
        code, headline, beside = GateExit.INCONCLUSIVE, f"inconclusive: {beside}", ""
    return code, "\n".join([f"{headline}; not gated: {beside}" if beside else headline, *quoted])


def _unlike_deals(shares: Sequence[Share]) -> str:
    """Said where two machines shared out other cases: one may then be in no share, and would pass unseen."""
    machines: dict[tuple[str, ...], str] = {}
    for share in shares:
        if share.report and share.report.deal:
            machines.setdefault(share.report.deal, share.machine)
    if len(machines) < 2:
        return ""
    (deal, machine), (other, elsewhere) = list(machines.items())[:2]
    case = min({*deal} ^ {*other})
    here, there = (machine, elsewhere) if case in deal else (elsewhere, machine)
    return (
        f"the machines do not collect the same cases, so that one may be in no share: {len(deal)} on {machine}, "
        f"{len(other)} on {elsewhere}, and {case} on {here} but not on {there}; look at pytest --collect-only on both"
    )
