"""Claims for tests of how they are judged, without files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from speedscore.record.run_record import CaseResult
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.claims.judging import JudgedClaim, judge_claims
from speedscore.scoring.evidence.evidence import NamedRun
from tests.scoring.sample_facts import RUBRIC, make_evidence
from tests.scoring.sample_runs import make_run, measured_case


def make_claim(**fields: Any) -> Claim:
    """A claim that alpha trains the model ``mlp`` 1.2 to 1.3 times as fast as beta, where no field says otherwise."""
    described = {
        "id": "sample",
        "kind": "claim",
        "framework": "alpha",
        "rival": "beta",
        "text": "The model trains 20 to 30 % faster",
        "by": "somebody",
        "as_of": "2024-01",
        "source": "a page",
        "low": 1.2,
        "high": 1.3,
        "tested_by": ["mlp"],
    }
    return msgspec.convert(described | fields, type=Claim)


def side_by_side(ratio: float, *, noise: float = 1.0, processes: int = 3, **fields: Any) -> list[CaseResult]:
    """Training cases in which alpha is ``ratio`` times as fast as beta; ``noise`` is by how much every other process of
    beta differs."""
    alpha = measured_case("alpha", 0.010, processes=processes, **fields)
    beta = measured_case("beta", 0.010 * ratio, processes=processes, **fields)
    rounds = tuple(
        msgspec.structs.replace(each, seconds=each.seconds * (noise if (each.process or 0) % 2 else 1 / noise))
        for each in beta.rounds
    )
    return [alpha, msgspec.structs.replace(beta, rounds=rounds)]


def judge(claim: Claim, cases: Sequence[CaseResult], *others: Claim, month: str | None = None) -> JudgedClaim:
    """What comes of ``claim`` by one run of ``cases``; the ``others`` may stand beside it."""
    runs = (NamedRun(name="run.json", record=make_run(*cases)),) if cases else ()
    judged = judge_claims([claim, *others], make_evidence(runs=runs, month=month), policy=RUBRIC.policy)
    return next(each for each in judged if each.claim.id == claim.id)
