"""The acceptance test of the gate: repositories of which it is known whether one commit is slower.

Prints how often the gate and ``mean:5%`` raised an alarm, with exact intervals; asserts what no noise excuses: that an
alarm names the benchmark that was slowed, and that nothing faster is called slower. A few trials of each kind here; the
error rates in docs/gate.md come from hundreds: ``python -m tests.performance.gate_trials --trials 200``.
"""

from __future__ import annotations

import random

import pytest

from tests.performance.gate_trials import KINDS, run_trial, tally

TRIALS = 3


@pytest.mark.parametrize("neighbour", [False, True], ids=["quiet", "with a neighbour"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_gate_beside_the_rule_that_people_have(kind: str, neighbour: bool) -> None:
    order = random.Random(kind)
    trials = [run_trial(kind, neighbour=neighbour, detect="5%", mean_rule=True, order=order) for _ in range(TRIALS)]
    print(f"\n{tally(trials)}")
    assert all(trial.right for trial in trials if trial.alarmed)
    if KINDS[kind].is_faster:
        assert not any(trial.alarmed for trial in trials)
