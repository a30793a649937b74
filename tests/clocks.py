"""A clock that only a test moves, in place of the real one."""

from __future__ import annotations


class FakeClock:
    """Time that passes when somebody is said to work, and not otherwise."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
