"""Whether a claim holds on the hardware at hand: supported, contradicted, undecided or not testable here, by one rule.

The claim is a range of ratios, the measurement an interval of 95 % over processes. Supported is a claim whose range
holds the whole interval, contradicted one whose range holds none of it; where the interval lies partly inside, the
measurement cannot tell. A ratio without an interval, of one process a case, judges nothing. This is an equivalence test
with two one-sided hypotheses, turned both ways (Schuirmann 1987). A claim of one number means about that number.
Nothing here enters a score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.scoring.claims.claim import ANY_MODEL, Claim
from speedscore.scoring.claims.testing import ClaimTest, find_tests
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.variants import Variants, choose_variants
from speedscore.scoring.rubric.policy import Policy

Judgement = Literal["contradicted", "supported", "undecided", "not testable"]
"""Listed in the order in which cards tell them."""
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)
ABOUT = 1.1
"""The factor that a claim of one number may be off either way, as nobody who says 1.3 means 1.30 and not 1.25."""


class JudgedClaim(msgspec.Struct, frozen=True):
    """A claim, what was measured of it, and whether it holds here."""

    claim: Claim
    sides: tuple[str, str]
    """The line that the claim names, or the framework's name for people; then the same of its rival."""
    judgement: Judgement | None
    """None of a neutral pair of timings, which claims nothing."""
    reason: str = ""
    """Why it cannot be tested here; empty where it is judged."""
    tests: tuple[ClaimTest, ...] = ()
    """The one that speaks most clearly against it first."""
    remarks: tuple[str, ...] = ()
    """What of the tests is not as the claim has it."""
    beside: tuple[Claim, ...] = ()
    """Neutral pairs of timings of the same two frameworks, phase and model, and what else the claim names."""

    @property
    def is_exceeded(self) -> bool:
        """Whether it is contradicted by more than it claims, and not by less."""
        claimed = claimed_range(self.claim)
        return (
            self.judgement == "contradicted"
            and claimed is not None
            and all(test.low is not None and test.low > claimed[1] for test in self.tests)
        )

    @property
    def preset(self) -> str:
        """At which preset it was tested, where that is smaller than what was claimed of; empty where none is."""
        return " and ".join(sorted({test.preset for test in self.tests if test.is_cut}))

    @property
    def precision(self) -> str:
        """The precision that it was tested in; empty where the claim names one, or nothing was tested."""
        return "" if self.claim.precision else " and ".join(sorted({test.precision for test in self.tests}))


def judge_claims(claims: Iterable[Claim], evidence: Evidence, *, policy: Policy) -> tuple[JudgedClaim, ...]:
    """Every claim that was known by the snapshot, those that were contradicted first, then as ``JUDGEMENTS`` has it;
    neutral pairs stand last."""
    known = [claim for claim in claims if claim.month <= evidence.snapshot]
    devices = [device for device in policy.device_order if device in evidence.timed]
    variants = {device: choose_variants(policy, evidence, device=device) for device in devices}
    judged = [_judge(claim, evidence, policy=policy, variants=variants, known=known) for claim in known]
    return tuple(sorted(judged, key=_place))


def judge_interval(low: float, high: float, *, claimed: tuple[float, float]) -> Judgement:
    """Whether a ratio that lies between ``low`` and ``high`` is one that the claimed range holds."""
    least, most = claimed
    if least <= low and high <= most:
        return "supported"
    return "contradicted" if high < least or most < low else "undecided"


def claimed_range(claim: Claim) -> tuple[float, float] | None:
    """The ratios that agree with a claim, or with our reading of it, both ends included; None where there are none."""
    if claim.low is None:
        return None
    if claim.high is None:
        return claim.low, math.inf
    return (claim.low / ABOUT, claim.high * ABOUT) if claim.low == claim.high else (claim.low, claim.high)


def judge_tests(tests: Sequence[ClaimTest], *, claimed: tuple[float, float]) -> Judgement:
    """One test against a claim contradicts it; it is supported where every test with an interval supports it."""
    each = {
        judge_interval(test.low, test.high, claimed=claimed)
        for test in tests
        if test.low is not None and test.high is not None
    }
    if not each:
        return "not testable"
    return next(judgement for judgement in ("contradicted", "undecided", "supported") if judgement in each)


def _judge(
    claim: Claim,
    evidence: Evidence,
    *,
    policy: Policy,
    variants: Mapping[DeviceName, Variants],
    known: Sequence[Claim],
) -> JudgedClaim:
    found = find_tests(claim, evidence, variants=variants, base_variants=policy.base_variants)
    claimed = claimed_range(claim)
    judgement: Judgement = "not testable"
    tests = found.tests
    reason = found.reason
    if claimed is not None and tests:
        tests = tuple(sorted(tests, key=lambda test: -_distance(test.times_as_fast, claimed)))
        judgement = judge_tests(tests, claimed=claimed)
        reason = _too_few(tests) if judgement == "not testable" else ""
    return JudgedClaim(
        claim=claim,
        sides=(
            claim.line or evidence.names.get(claim.framework, claim.framework),
            claim.rival_line or evidence.names.get(claim.rival, claim.rival),
        ),
        judgement=None if claim.kind == "neutral" else judgement,
        reason=reason,
        tests=tests,
        remarks=_remarks(claim, tests),
        beside=() if claim.kind == "neutral" else tuple(each for each in known if _is_beside(each, claim)),
    )


def _too_few(tests: Sequence[ClaimTest]) -> str:
    if all(not test.processes for test in tests):
        return "the two were not measured side by side"
    return "one process a case, and no interval knows what another would give"


def _is_beside(other: Claim, claim: Claim) -> bool:
    """Whether it is of the same two frameworks, and is named there or a neutral pair of the same phase and model."""
    if {other.framework, other.rival} != {claim.framework, claim.rival}:
        return False
    same_model = bool((set(other.tested_by) & set(claim.tested_by)) - {ANY_MODEL})
    return other.id in claim.beside or (other.kind == "neutral" and other.phase == claim.phase and same_model)


def _remarks(claim: Claim, tests: Sequence[ClaimTest]) -> tuple[str, ...]:
    """How the tests differ from what was claimed: in size, hardware, date."""
    remarks: dict[str, None] = {}
    for test in tests:
        if test.is_cut:
            size = f"which cuts {test.cut}" if test.cut else "which is smaller than full"
            remarks[f"{test.model} at preset {test.preset}, {size}"] = None
    for test in tests:
        claimed = claim.hardware or (f"a {claim.device.upper()}" if claim.device else "")
        machine = test.machine or f"a {test.device.upper()}"
        remarks[f"{f'claimed of {claimed}' if claimed else 'no device is named'}, measured on {machine}"] = None
    for test in tests:
        if claim.month != test.measured[:7]:
            remarks[f"said in {claim.month}, measured in {test.measured[:7]} with other versions"] = None
    return tuple(remarks)


def _place(judged: JudgedClaim) -> tuple[int, bool, bool, bool, float]:
    """The most notable first: of one judgement those that were measured, then those that name a number, then those
    that something stands beside, and the furthest off first."""
    place = len(JUDGEMENTS) if judged.judgement is None else JUDGEMENTS.index(judged.judgement)
    claimed = claimed_range(judged.claim)
    distance = max((_distance(test.times_as_fast, claimed) for test in judged.tests), default=0.0) if claimed else 0.0
    return place, not judged.tests, claimed is None, not judged.beside, -distance


def _distance(ratio: float, claimed: tuple[float, float]) -> float:
    """How far a ratio lies outside a range, as a logarithm; 0 inside."""
    least, most = claimed
    if ratio < least:
        return math.log(least / ratio)
    return math.log(ratio / most) if ratio > most else 0.0
