"""What the published side of a comparison answers. It never imports a framework."""

from __future__ import annotations

from typing import Protocol


class Example(Protocol):
    """A published model with its training step, weights as its library draws them, the workload's batch on the CPU."""

    origin: str
    """Package with version, or the source it was read from, and the class."""
    parameters: int
    """Trained scalars."""

    def step(self) -> None:
        """Queue one optimizer step."""
        ...

    def wait(self) -> None:
        """Block until all that was queued is done."""
        ...

    def loss(self) -> float:
        """Loss of the last step."""
        ...
