"""What one process has to say of a shared program, and what a case comes to by it. Pure functions; nothing is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from speedscore.bench_suite.frameworks.sharding import Spread
from speedscore.bench_suite.probes.scaling.cases import DATA, FSDP
from speedscore.host.fields import Scalar

_ROUNDING = 1.0 + 1e-9
_COMPUTATION_SLACK = 1.25
"""XLA counts a few operations beside the products; of eight devices each counted 1.07 of an eighth."""


class Proof(msgspec.Struct, frozen=True):
    """Of one process."""

    seconds: float
    """Of building, compiling and certifying."""
    failure: str
    """The first check of the certificate that did not hold; empty where all did."""
    worst_check: str
    worst_share: float
    """Of the check that came nearest to its limit: how much of the tolerance it used."""
    reference: str
    spread: Spread
    computation: float | None
    """FLOPs of one device over those of the workload's step; None where the framework does not tell."""
    facts: dict[str, Scalar]


def judge(proofs: Sequence[Proof], *, way: str, devices: int, split_share: float) -> tuple[str, str]:
    """Outcome and reason. ``split_share`` is the part of the parameters that a device may have where they are split."""
    for proof in proofs:
        if proof.failure:
            return "differs", proof.failure
    for proof in proofs:
        if reason := _excess(proof, _limits(way, devices, split_share), devices=devices):
            return "not sharded", reason
    return "equal", ""


def _limits(way: str, devices: int, split_share: float) -> Mapping[str, float]:
    """The largest share that a device may have of what the way shares out."""
    part = 1 / devices
    if way == DATA:
        return {"batch": part}
    if way == FSDP:
        return {"batch": part, "parameters": part, "optimizer": part}
    return {"parameters": split_share, "optimizer": split_share}


def _excess(proof: Proof, limits: Mapping[str, float], *, devices: int) -> str:
    if proof.spread.devices != devices:
        return f"expected the arrays over {devices} devices, found them over {proof.spread.devices}"
    found = {"batch": proof.spread.batch, "parameters": proof.spread.parameters, "optimizer": proof.spread.optimizer}
    for what, limit in limits.items():
        if not found[what] <= limit * _ROUNDING:
            return f"{what}: expected at most {limit:.1%} of it on a device, found {found[what]:.1%}"
    if devices > 1 and proof.computation is not None and not proof.computation <= _COMPUTATION_SLACK / devices:
        return (
            f"computation: expected at most {_COMPUTATION_SLACK / devices:.1%} of the step's FLOPs on a device, "
            f"found {proof.computation:.1%}"
        )
    return ""
