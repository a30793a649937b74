"""Whose round is next among workers that live at the same time, and when there have been enough.

A turn is one round of every cell that takes part, in one role: rounds of one turn are neighbours in time and can be
compared. The turn goes to the role whose widest interval is widest, until all are narrow or the time is up. Nothing is
run here.
"""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.bench_suite.measuring.cell_run import CellRun
from speedscore.bench_suite.measuring.stopping import FEWEST_TURNS, is_narrow
from speedscore.host.clock import Clock
from speedscore.record.phases import ROLES, Role


class RoundScheduler:
    """The turns of one launch."""

    def __init__(
        self, cells: Sequence[CellRun], *, rounds_seconds: float, end_seconds: float | None, clock: Clock
    ) -> None:
        """Rounds end at ``end_seconds`` on ``clock``, or, where that is None, each case's after ``rounds_seconds``."""
        self._cells = cells
        self._rounds_seconds = rounds_seconds
        self._end_seconds = end_seconds
        self._clock = clock
        self._turns = dict.fromkeys(ROLES, 0)

    def next_turn(self) -> tuple[Role, list[CellRun]] | None:
        """The role and the cells whose round is next; None when all are narrow or time is up."""
        roles = [role for role in ROLES if self._wants_rounds(role)]
        if not roles:
            return None
        role = max(roles, key=self._widest)
        self._turns[role] += 1
        return role, self._taking_part(role)

    def _taking_part(self, role: Role) -> list[CellRun]:
        """A case goes on until all are narrow, for a round needs neighbours in time."""
        cells = [cell for cell in self._cells if cell.is_timed(role)]
        if self._end_seconds is not None:
            return cells
        return [cell for cell in cells if cell.roles[role].spent_seconds < self._rounds_seconds]

    def _wants_rounds(self, role: Role) -> bool:
        cells = self._taking_part(role)
        if not cells:
            return False
        time_is_up = self._end_seconds is not None and self._clock() >= self._end_seconds
        if time_is_up and self._turns[role] >= FEWEST_TURNS:
            return False
        return not all(is_narrow(cell.roles[role].process_rounds_seconds) for cell in cells)

    def _widest(self, role: Role) -> tuple[float, int]:
        """Widest interval, and of equal ones that with the fewest rounds."""
        all_samples = [cell.roles[role] for cell in self._taking_part(role)]
        fewest_rounds = min(len(samples.process_rounds_seconds) for samples in all_samples)
        return max(samples.interval_width for samples in all_samples), -fewest_rounds
