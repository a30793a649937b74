"""Finds the measured cases that test a claim, or says why there are none.

A test is one model on one device in one run: two lines of the matrix side by side, and how many times as fast the first
is by the one estimator (``record.ratios``). A claim that names a kind of device is never tested on another, one of many
devices never on one, and one that names a precision never in another. Nothing is judged here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.record.ratios import estimate_ratios
from speedscore.record.run_record import CaseResult
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.evidence.run_summaries import machine_of
from speedscore.scoring.findings.variants import Place, Variants, without_process

_MOST_NAMED = 3
_DEVICE_WORDS: dict[DeviceName, str] = {"cpu": "CPU", "gpu": "GPU", "tpu": "TPU"}


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
    """Of the two lines, in this order."""
    times_as_fast: float
    low: float | None
    """Limits of the 95 % interval over processes; None where too few were shared to tell."""
    high: float | None
    processes: int
    """That both shared and that gave the ratio."""
    left_out: int | None = None
    """The process whose rounds chose one of the lines, and so are no figure of it; None where none chose."""

    @property
    def is_cut(self) -> bool:
        """Whether the model was smaller than the published one."""
        return self.cut not in ("", "none")


class Tests(msgspec.Struct, frozen=True):
    """All tests of one claim."""

    tests: tuple[ClaimTest, ...] = ()
    reason: str = ""
    """Why there is none; empty where there is one."""


def find_tests(claim: Claim, evidence: Evidence, *, variants: Mapping[DeviceName, Variants]) -> Tests:
    """Every test of ``claim`` that the runs hold; ``variants`` are the lines that ecosystems are scored as."""
    devices = [device for device in evidence.measured if claim.device in (None, device)]
    if reason := _reason_without_cases(claim, evidence, devices):
        return Tests(reason=reason)
    cells = {
        (device, *place): cases
        for device in devices
        for place, cases in _cells(evidence, device=device, claim=claim).items()
    }
    if not cells:
        return Tests(reason=f"not measured: {_models(claim)} ({claim.phase.replace('_', ' ')})")
    of_both = {key: pair for key in cells if (pair := _pair(claim, cells[key], key[1:], variants[key[0]]))}
    if not of_both:
        return Tests(reason=f"not measured side by side: {_side(claim)} and {_rival_side(claim)}")
    alike = {key: pair for key, pair in of_both.items() if claim.precision in ("", key[3])}
    if not alike:
        measured = ", ".join(sorted({key[3] for key in of_both}))
        return Tests(reason=f"of {claim.precision}, and measured in {measured}")
    runs = {run.name: run for run in evidence.runs}
    return Tests(
        tests=tuple(
            _test(claim, pair, cells[device, run, model, precision], runs[run], variants[device])
            for (device, run, model, precision), pair in alike.items()
        )
    )


def _reason_without_cases(claim: Claim, evidence: Evidence, devices: Sequence[DeviceName]) -> str:
    """Why no case at all can test it; empty where one may."""
    if claim.untestable:
        return claim.untestable
    if claim.devices != 1:
        many = f"{claim.devices:,}" if claim.devices else "many"
        kind = f" {_DEVICE_WORDS[claim.device]}s" if claim.device else " devices"
        return f"of {many}{kind} together, and a case has one"
    if not evidence.measured:
        return "nothing was measured"
    if not devices:
        measured = " and ".join(_DEVICE_WORDS[device] for device in evidence.measured)
        return f"of a {_DEVICE_WORDS[claim.device or 'cpu']}, and measured on a {measured}"
    return ""


_Cells = Mapping[Place, Mapping[str, CaseResult]]
"""Cases by framework."""


def _cells(evidence: Evidence, *, device: DeviceName, claim: Claim) -> _Cells:
    """The measured cases that were side by side, of the models and the phase that the claim is about."""
    grouped: dict[Place, dict[str, CaseResult]] = {}
    for measured in evidence.measured.get(device, ()):
        case = measured.case
        if case.phase == claim.phase and any(fnmatchcase(case.model, name) for name in claim.tested_by):
            grouped.setdefault((measured.run, case.model, case.precision), {})[case.framework] = case
    return dict(sorted(grouped.items()))


def _pair(
    claim: Claim, cell: Mapping[str, CaseResult], place: Place, variants: Variants
) -> tuple[CaseResult, CaseResult] | None:
    """The cases of the two lines, the claimed one first; None where one of them has no figure there."""
    cases = _figuring(cell, _choosing(claim, place, variants))
    first = cases.get(claim.line or _scored(claim.framework, variants))
    second = cases.get(claim.rival_line or _scored(claim.rival, variants))
    return None if first is None or second is None or first is second else (first, second)


def _choosing(claim: Claim, place: Place, variants: Variants) -> int | None:
    """The process whose rounds chose a line, and so are no figure of it; where the claim names both, none chose."""
    chosen = claim.phase == "training" and not (claim.line and claim.rival_line)
    return variants.choosing.get(place) if chosen else None


def _figuring(cell: Mapping[str, CaseResult], choosing: int | None) -> Mapping[str, CaseResult]:
    """Those that have rounds beside the choosing process's."""
    return {name: case for name, case in cell.items() if choosing is None or without_process(case, choosing)}


def _scored(ecosystem: str, variants: Variants) -> str:
    variant = variants.scored.get(ecosystem)
    return variant.framework if variant else ""


def _test(
    claim: Claim,
    pair: tuple[CaseResult, CaseResult],
    cell: Mapping[str, CaseResult],
    run: NamedRun,
    variants: Variants,
) -> ClaimTest:
    first, second = pair
    choosing = _choosing(claim, (run.name, first.model, first.precision), variants)
    # Of all lines: how much processes differ is learned from every framework that lived beside them.
    cases = list(_figuring(cell, choosing).values())
    estimates = estimate_ratios(cases, without=() if choosing is None else (choosing,))
    estimate = estimates[first.framework, second.framework]
    reach = estimate.reach
    return ClaimTest(
        run=run.name,
        measured=run.record.created[:10],
        machine=machine_of(run.record.environment),
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
    return _listed("any model" if name == "*" else name for name in claim.tested_by)


def _side(claim: Claim) -> str:
    return claim.line or claim.framework


def _rival_side(claim: Claim) -> str:
    return claim.rival_line or claim.rival


def _listed(names: Iterable[str]) -> str:
    def few() -> Iterator[str]:
        known = list(names)
        yield from known[:_MOST_NAMED]
        if len(known) > _MOST_NAMED:
            yield f"{len(known) - _MOST_NAMED} more"

    return ", ".join(few())
