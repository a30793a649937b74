"""A test that a side runs to its end, with a few rounds that nobody compares: for what it leaves beside its times."""

from __future__ import annotations

from speedscore.gate.sides.side import CaseRequest, Finished, Ready, Side
from speedscore.host.clock import Clock

_MOST_ROUNDS = 5
_ROUNDS_SECONDS = 0.5


def run_untimed(side: Side, request: CaseRequest, *, clock: Clock) -> Finished:
    """How it ended. Raises ProcessLostError, BudgetSpentError."""
    side.begin(request, extra_work=0.0)
    state = side.ready()
    if not isinstance(state, Ready):
        return state
    side.freeze()
    side.agree(state.iterations)
    side.freeze()
    began = clock()
    for _ in range(min(_MOST_ROUNDS, state.most_rounds)):
        answer = side.round()
        if isinstance(answer, Finished):
            return answer
        if clock() - began >= _ROUNDS_SECONDS:
            break
    side.enough()
    return side.finished()
