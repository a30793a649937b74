"""Gates of made-up sides on a made-up clock, and how their tests read what came of them."""

from __future__ import annotations

import msgspec

from speedscore.gate.loop.outcome import GateOutcome
from speedscore.gate.reporting.report import conclude
from speedscore.verdicts.settings import GateTable
from speedscore.verdicts.verdict import Verdict
from tests.gate.made_up_sides import QUICK, MadeUpMachine, MadeUpTest, gated

CASE = "test_it.py::test_it"
PASSES = MadeUpTest()
MISSING = "coverage missing: head lacks what base measures in 1 case"


def table(**changes: object) -> GateTable:
    return msgspec.structs.replace(QUICK, **changes)


def one(base: MadeUpTest, head: MadeUpTest, **changes: object) -> GateOutcome:
    """What comes of a gate on a single case."""
    return gated(MadeUpMachine({CASE: base}, {CASE: head}), table(**changes))


def verdict(outcome: GateOutcome, metric: str = "time") -> Verdict:
    (answer,) = [answer for answer in outcome.verdicts if answer.metric == metric]
    return answer


def concluded(outcome: GateOutcome, *, inconclusive_passes: bool = False) -> tuple[int, str]:
    return conclude(
        outcome.verdicts,
        outcome.missing,
        inconclusive_passes=inconclusive_passes,
        cut_off=outcome.cut_off,
        nothing=outcome.nothing,
    )
