"""The reports of all parts as the report of one gate. It measures nothing and reads no file.

Every case that was shared out has an answer: one that no part has answered is inconclusive, with why. What is certain
on one machine is not taken away by what went wrong on another; it is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from speedscore.gate.parts.part_states import PartState
from speedscore.gate.reporting.report import GateExit, GateReport, conclude
from speedscore.host.fields import Scalar
from speedscore.verdicts.verdict import Verdict

_CANNOT_RUN = "cannot run: "
_CERTAIN = (GateExit.REGRESSED, GateExit.COVERAGE_MISSING)
"""What is so whatever the other parts would have said."""


def merge(
    states: Sequence[PartState],
    *,
    whole: GateReport,
    machines: Mapping[str, Mapping[str, Scalar]],
    inconclusive_passes: bool,
    cut_off: str = "",
) -> GateReport:
    """One report. ``whole`` says what all have in common, ``cut_off`` why the gate ended before all parts had.

    A part must have a report, or there must be a ``cut_off``.
    """
    told = [(state.machine, state.report) for state in states if state.report]
    reports = [report for _, report in told]
    answered = _Answers(states)
    ended = "; ".join(dict.fromkeys(filter(None, (cut_off, *(report.cut_off for report in reports)))))
    code, headline = _conclude(states, answered, ended, inconclusive_passes=inconclusive_passes)
    # A part without a case of its own has looks of its own.
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
            *_troubles(states),
            *filter(None, [answered.unlike]),
        ),
        cut_off=ended,
        pairs=sum(report.pairs for report in reports),
        machines={name: dict(machines[name]) for name in sorted({machine for machine, _ in told})},
        exit_code=code,
        headline=headline,
    )


class _Answers:
    """What all parts say of all cases."""

    def __init__(self, states: Sequence[PartState]) -> None:
        reports = [state.report for state in states if state.report]
        self.missing = {case: why for report in reports for case, why in report.missing.items()}
        self.skipped = {case: why for report in reports for case, why in report.skipped.items()}
        self.left_out = {case: why for report in reports for case, why in report.left_out.items()}
        self.unlike = _unlike_cases(states)
        found = _verdicts(states)
        answered = {verdict.case for verdict in found} | {*self.missing, *self.skipped, *self.left_out}
        ungated = {case: why for case, why in _why_ungated(states, self.unlike).items() if case not in answered}
        self.verdicts = (
            *found,
            *(Verdict(case=case, metric="time", outcome="inconclusive", reason=why) for case, why in ungated.items()),
        )

    @property
    def has_compared(self) -> bool:
        return any(verdict.outcome != "not comparable" for verdict in self.verdicts)


def _verdicts(states: Sequence[PartState]) -> list[Verdict]:
    """Each with its machine; what all parts say of cases that only one side has, once."""
    several = len({state.machine for state in states if state.report}) > 1
    found: dict[tuple[str, str], Verdict] = {}
    for state in states:
        for verdict in state.report.verdicts if state.report else ():
            notes = (*verdict.notes, f"measured on {state.machine}") if several and verdict.pairs else verdict.notes
            found.setdefault(
                (verdict.case, verdict.metric), msgspec.structs.replace(verdict, machine=state.machine, notes=notes)
            )
    return list(found.values())


def _why_ungated(states: Sequence[PartState], unlike: str) -> dict[str, str]:
    """By case, of all that were shared out, why its part would have no answer."""
    collected = [state.report.all_cases for state in states if state.report and state.report.all_cases]
    why = {case: unlike or "its share does not say why" for cases in collected for case in cases}
    for state in states:
        cases = (state.report and state.report.all_cases) or (collected[0] if collected else ())
        if reason := _why_not(state):
            why |= dict.fromkeys(sorted(state.part.own(cases)), f"share {state.part} was not gated: {reason}")
    return why


def _why_not(state: PartState) -> str:
    """Why a part is not gated, or not to its end; empty where it is, or is cut off in its own words."""
    if _could_not_run(state):
        assert state.report is not None
        return f"it {state.report.headline.splitlines()[0].replace(_CANNOT_RUN, f'cannot run on {state.machine}: ', 1)}"
    if state.report and not state.report.all_cases and state.report.cut_off:
        return state.report.cut_off
    return state.why_not


def _could_not_run(state: PartState) -> bool:
    """Whether its gate ended with a reason and nothing else, and not only for want of a case of its own."""
    return state.report is not None and state.report.headline.startswith(_CANNOT_RUN)


def _troubles(states: Sequence[PartState]) -> list[str]:
    """What befell parts, a line for each reason."""
    together: dict[tuple[str, str], list[str]] = {}
    for state in states:
        if reason := _why_not(state):
            has_begun = state.report is not None and bool(state.report.all_cases)
            together.setdefault((" to the end" if has_begun else "", reason), []).append(str(state.part))
    return [
        f"share{'' if len(parts) == 1 else 's'} {', '.join(parts)} {'was' if len(parts) == 1 else 'were'} not "
        f"gated{how_far}: {reason}"
        for (how_far, reason), parts in together.items()
    ]


def _conclude(
    states: Sequence[PartState], answers: _Answers, cut_off: str, *, inconclusive_passes: bool
) -> tuple[int, str]:
    cannot = [state for state in states if _could_not_run(state)]
    nothing = "" if answers.has_compared or answers.left_out else cut_off or "no share compared anything"
    # Where nothing was compared anywhere, each part says why.
    empty = [state for state in states if state.report and state.report.exit_code == GateExit.CANNOT_RUN]
    if nothing and not cut_off and not answers.missing and (state := next(iter([*cannot, *empty]), None)):
        assert state.report is not None
        return state.report.exit_code, state.report.headline
    code, headline = conclude(
        answers.verdicts,
        answers.missing,
        inconclusive_passes=inconclusive_passes,
        cut_off=cut_off,
        nothing=nothing,
        left_out=len(answers.left_out),
    )
    troubled = [state for state in states if _why_not(state)]
    beside = f"{len(troubled)} of {len(states)} shares: {_why_not((cannot or troubled)[0])}" if troubled else ""
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


def _unlike_cases(states: Sequence[PartState]) -> str:
    """Said where two machines shared out other cases: one may then be in no part, and would pass unseen."""
    machines: dict[tuple[str, ...], str] = {}
    for state in states:
        if state.report and state.report.all_cases:
            machines.setdefault(state.report.all_cases, state.machine)
    if len(machines) < 2:
        return ""
    (cases, machine), (other, elsewhere) = list(machines.items())[:2]
    case = min({*cases} ^ {*other})
    here, there = (machine, elsewhere) if case in cases else (elsewhere, machine)
    return (
        f"the machines do not collect the same cases, so that one may be in no share: {len(cases)} on {machine}, "
        f"{len(other)} on {elsewhere}, and {case} on {here} but not on {there}; look at pytest --collect-only on both"
    )
