"""How often what is said of a claim is right, by simulation: the tests of the rule itself are in tests/gate."""

from __future__ import annotations

import math

import pytest

from speedscore.verdicts.change_claim import ChangeClaim
from speedscore.verdicts.verdict import VerdictPolicy
from tests.gate.simulated_gates import MACHINES, Change, claim_outcomes

POLICY = VerdictPolicy()
GATES = 20


def faster(share: float | None) -> ChangeClaim:
    return ChangeClaim("a claim", "a test", "faster", None if share is None else -math.log1p(-share))


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("claimed", [None, 0.02, 0.1])
def test_no_change_is_never_called_faster(machine: str, claimed: float | None) -> None:
    said = claim_outcomes(MACHINES[machine], Change(), faster(claimed), gates=GATES, policy=POLICY)
    assert said["supported"] == 0


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("size", [0.05, 0.1, 0.3])
def test_what_is_as_fast_as_claimed_is_seldom_contradicted_and_mostly_supported(machine: str, size: float) -> None:
    said = claim_outcomes(MACHINES[machine], Change(-size), faster(size), gates=GATES, policy=POLICY)
    assert said["contradicted"] == 0
    assert said["supported"] >= 0.8 * GATES


@pytest.mark.parametrize("machine", MACHINES)
def test_a_tenth_of_what_is_claimed_is_contradicted(machine: str) -> None:
    said = claim_outcomes(MACHINES[machine], Change(-0.03), faster(0.3), gates=GATES, policy=POLICY)
    assert said["contradicted"] == GATES
