"""When a gate is to end, and what is left until then. It ends nothing by itself."""

from __future__ import annotations

import msgspec

from speedscore.host.clock import Clock, seconds


class GateDeadline(msgspec.Struct, frozen=True):
    """One for all that a gate does; as it is made without arguments, there is no limit."""

    end_seconds: float | None = None
    """A reading of the clock; None without a limit."""
    clock: Clock = seconds

    @property
    def left_seconds(self) -> float | None:
        """Never less than 0; None without a limit."""
        return None if self.end_seconds is None else max(0.0, self.end_seconds - self.clock())

    @property
    def is_over(self) -> bool:
        return self.left_seconds == 0
