"""What is left of a gate's time: counted down on its own clock, never below nothing; None without a limit."""

from __future__ import annotations

import pytest

from speedscore.gate.deadline import GateDeadline


@pytest.mark.parametrize(("now", "left", "is_over"), [(4.0, 6.0, False), (10.0, 0.0, True), (11.0, 0.0, True)])
def test_what_is_left_ends_at_nothing(now: float, left: float, is_over: bool) -> None:
    deadline = GateDeadline(10.0, lambda: now)
    assert (deadline.left_seconds, deadline.is_over) == (left, is_over)


def test_without_a_limit_it_is_never_over() -> None:
    assert (GateDeadline().left_seconds, GateDeadline().is_over) == (None, False)
