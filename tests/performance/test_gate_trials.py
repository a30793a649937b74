"""The acceptance test of the gate: repositories of which it is known whether one commit is slower.

Prints how often the gate and ``mean:5%`` raised an alarm, with exact intervals; asserts what no noise excuses: that an
alarm names the benchmark that was slowed, that nothing faster is called slower, and that large slowdowns are found,
also where they spare some calls. One trial of each kind here; the rates in docs/gate-error-rates.md come from more:
``python -m tests.performance.gate_trials --trials 200``.
"""

from __future__ import annotations

import random

import pytest

from tests.performance.gate_trials import KINDS, run_trial, tally

LARGE = ("burn-50-of-60", "burn-50-of-75", "some-100-of-90")
"""Of a mean of 30 % and more."""


@pytest.mark.parametrize("neighbour", [False, True], ids=["quiet", "with a neighbour"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_gate_beside_the_rule_that_people_have(kind: str, neighbour: bool) -> None:
    order = random.Random(kind)
    trial = run_trial(kind, neighbour=neighbour, detect="5%", mean_rule=True, order=order)
    print(f"\n{tally([trial])}")
    assert trial.right or not trial.alarmed
    if KINDS[kind].is_faster:
        assert not trial.alarmed
    if kind in LARGE:
        assert trial.alarmed
