"""Finds the measured cases that test a claim, or says why there are none.

A test is one model on one device in one run: two lines of the matrix side by side, and how many times as fast the first
is by the one estimator (``record.ratios``). A claim that names a kind of device is never tested on another, one of many
devices never on one, and one that names a precision never in another; one that names none is tested in one precision.
Nothing is judged here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

from speedscore.host.peaks import Precision
from speedscore.record.machines import machine_of
from speedscore.record.phases import FLOAT32, DeviceName
from speedscore.record.ratios import estimate_ratios
from speedscore.record.run_record import CaseResult
from speedscore.scoring.claims.claim import ANY_MODEL, Claim
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.findings.variants import Place, Variants, place_of, without_process

_UNNAMED: dict[DeviceName, tuple[Precision, ...]] = {
    "tpu": ("bfloat16", "tf32", "float32"),
    "gpu": ("bfloat16", "tf32", "float32"),
    "cpu": ("float32",),
}
"""Precisions in which a claim that names none is tested: the first that both sides were measured in. On an accelerator
nobody who speaks of speed means float32 without its matrix units, where there is something else to test by."""


class ClaimTest(msgspec.Struct, frozen=True):
    """What two lines of the matrix were to each other in one model, where a claim speaks of them."""

    run: str
    measured: str
    """``YYYY-MM-DD``: when the run was made."""
    machine: str
    preset: str
    cut: str
    """What the preset cut against the published model, or ``none``; empty where the case does not say."""
    model: str
    device: DeviceName
    precision: str
    line: str
    """Whose speed is above the line of the ratio."""
    rival_line: str
    nodeids: tuple[str, str]
    """Node ids of the line's case and of its rival's."""
    times_as_fast: float
    low: float | None
    """Limits of the 95 % interval over processes; None where too few were shared to tell."""
    high: float | None
    processes: int
    """How many processes both shared, which gave the ratio."""
    left_out: int | None = None
    """The process whose rounds chose one of the lines, and so are no figure of it; None where none chose."""

    @property
    def is_cut(self) -> bool:
        """Whether it was smaller than what is claimed of: a model that was cut, or a task below its full size."""
        return self.preset != "full" if self.cut == "" else self.cut != "none"


class FoundTests(msgspec.Struct, frozen=True):
    """All tests of one claim."""

    tests: tuple[ClaimTest, ...] = ()
    reason: str = ""
    """Why there is none; empty where there is one."""


def find_tests(
    claim: Claim, evidence: Evidence, *, variants: Mapping[DeviceName, Variants], base_variants: Mapping[str, str]
) -> FoundTests:
    """Every test of ``claim`` that the runs hold, on one kind of device.

    ``variants`` are the lines that ecosystems are scored as, by device in the policy's order; a claim that names no
    kind of device is tested on the first where it can be. ``base_variants`` are the lines, by ecosystem, that have the
    tasks and other precisions where the scored one has none.
    """
    if reason := _reason_without_cases(claim, evidence):
        return FoundTests(reason=reason)
    found = [
        _find_on(device, claim, evidence, variants=variants[device], base_variants=base_variants)
        for device in variants
        if claim.device in (None, device)
    ]
    return next((each for each in found if each.tests), found[0])


def _find_on(
    device: DeviceName, claim: Claim, evidence: Evidence, *, variants: Variants, base_variants: Mapping[str, str]
) -> FoundTests:
    cells = _cells(evidence, device=device, claim=claim)
    if not cells:
        return FoundTests(reason=f"not measured: {_models(claim)} ({claim.phase.replace('_', ' ')})")
    of_both = {
        place: pair
        for place, cell in cells.items()
        if (pair := _pair(claim, _figuring(cell, _choosing(claim, place, variants)), variants, base_variants))
    }
    if not of_both:
        sides = (claim.line or claim.framework, claim.rival_line or claim.rival)
        return FoundTests(reason=f"not measured side by side: {' and '.join(sides)}")
    alike = {place: pair for place, pair in of_both.items() if place[2] == _precision(claim, place, of_both, device)}
    if not alike:
        measured = ", ".join(sorted({precision for _, _, precision, _ in of_both}))
        named = (
            f"of {claim.precision}" if claim.precision else f"of no precision, for which {_UNNAMED[device][-1]} stands"
        )
        return FoundTests(reason=f"{named}, and measured in {measured}")
    runs = {run.name: run for run in evidence.runs}
    return FoundTests(
        tests=tuple(
            _test(pair, cells[place], runs[place[0]], choosing=_choosing(claim, place, variants))
            for place, pair in alike.items()
        )
    )


def _precision(claim: Claim, place: Place, places: Iterable[Place], device: DeviceName) -> str:
    """The precision to test the place's model in: the claimed one, or the first of ``_UNNAMED`` that was measured;
    empty where none was."""
    if claim.precision:
        return claim.precision
    measured = {precision for _, model, precision, _ in places if model == place[1]}
    return next((precision for precision in _UNNAMED[device] if precision in measured), "")


def _reason_without_cases(claim: Claim, evidence: Evidence) -> str:
    """Why no case at all can test it; empty where one may."""
    if claim.untestable:
        return claim.untestable
    if claim.devices != 1:
        many = f"{claim.devices:,}" if claim.devices else "many"
        kind = f"{claim.device.upper()}s" if claim.device else "devices"
        return f"of {many} {kind} together, and a case has one"
    if not evidence.timed:
        return "nothing was measured"
    if claim.device and claim.device not in evidence.timed:
        return f"of a {claim.device.upper()}, and measured on a {' and '.join(evidence.timed).upper()}"
    return ""


_Cells = Mapping[Place, Mapping[str, CaseResult]]
"""Place → line → case."""


def _cells(evidence: Evidence, *, device: DeviceName, claim: Claim) -> _Cells:
    """The measured cases that were side by side, of the models and the phase that the claim is about."""
    grouped: dict[Place, dict[str, CaseResult]] = {}
    for measured in evidence.timed.get(device, ()):
        case = measured.case
        if case.phase == claim.phase and any(fnmatchcase(case.model, name) for name in claim.tested_by):
            grouped.setdefault(place_of(measured), {})[case.framework] = case
    return dict(sorted(grouped.items()))


def _pair(
    claim: Claim, cases: Mapping[str, CaseResult], variants: Variants, base_variants: Mapping[str, str]
) -> tuple[CaseResult, CaseResult] | None:
    """The cases of the two lines, the claimed one first; None where one of them has no figure there."""
    first, second = (
        cases.get(line or _line(ecosystem, cases, claim=claim, variants=variants, base_variants=base_variants))
        for line, ecosystem in ((claim.line, claim.framework), (claim.rival_line, claim.rival))
    )
    return None if first is None or second is None or first is second else (first, second)


def _choosing(claim: Claim, place: Place, variants: Variants) -> int | None:
    """The process whose rounds chose a line, and so are no figure of it; where the claim names both, none chose."""
    chosen = claim.phase == "training" and not (claim.line and claim.rival_line)
    return variants.choosing.get(place) if chosen else None


def _figuring(cell: Mapping[str, CaseResult], choosing: int | None) -> Mapping[str, CaseResult]:
    """The cases that have rounds of another process than the choosing one."""
    return {name: case for name, case in cell.items() if choosing is None or without_process(case, choosing)}


def _line(
    ecosystem: str,
    cases: Mapping[str, CaseResult],
    *,
    claim: Claim,
    variants: Variants,
    base_variants: Mapping[str, str],
) -> str:
    """The line that the ecosystem is scored as. It is chosen by training in float32, and may have no tasks and no
    other precision: those are then the base variant's, as the questions of probes are, or of the only line that has
    them."""
    scored = variants.scored.get(ecosystem)
    name = scored.line if scored else ""
    if claim.phase != "capability" and all(case.precision == FLOAT32 for case in cases.values()):
        return name
    having = [case.framework for case in cases.values() if case.ecosystem == ecosystem]
    return next((line for line in (name, base_variants.get(ecosystem, "")) if line in having), "") or (
        having[0] if len(having) == 1 else ""
    )


def _test(
    pair: tuple[CaseResult, CaseResult], cell: Mapping[str, CaseResult], run: NamedRun, *, choosing: int | None
) -> ClaimTest:
    first, second = pair
    # Of all lines: how much processes differ is learned from every framework that lived beside them.
    cases = list(_figuring(cell, choosing).values())
    estimates = estimate_ratios(cases, without=() if choosing is None else (choosing,))
    estimate = estimates[first.framework, second.framework]
    reach = estimate.reach
    return ClaimTest(
        run=run.name,
        measured=run.record.created[:10],
        machine=machine_of(run.record.environment_of(first)),
        preset=run.record.preset,
        cut=str(first.workload.get("cut", "")),
        model=first.model,
        device=first.device,
        precision=first.precision,
        line=first.framework,
        rival_line=second.framework,
        nodeids=(first.nodeid, second.nodeid),
        times_as_fast=estimate.times_as_fast,
        low=None if reach is None else math.exp(estimate.log_ratio - reach),
        high=None if reach is None else math.exp(estimate.log_ratio + reach),
        processes=estimate.processes,
        left_out=choosing,
    )


def _models(claim: Claim) -> str:
    return ", ".join("any model" if name == ANY_MODEL else name for name in claim.tested_by)
