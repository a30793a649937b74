"""Samples of one metric, as a saved run holds them. It computes nothing from them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from speedscore.host.fields import Name
from speedscore.record.metrics import Better, Metric, Unit


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metric of a case or probe, with the raw samples that it rests on; the file says unit and direction itself."""

    name: Name
    """Of the metric."""
    unit: Unit
    better: Better
    samples: tuple[float, ...]
    """In the order in which they were taken, one a process unless the metric says otherwise; at least one."""

    @classmethod
    def of(cls, metric: Metric, samples: Iterable[float]) -> Measurement:
        """What was measured of a metric."""
        return cls(name=metric.name, unit=metric.unit, better=metric.better, samples=tuple(samples))

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"measurement {self.name!r} has no samples; leave an unknown metric out instead")
        if not all(0.0 <= sample < float("inf") for sample in self.samples):
            raise ValueError(f"measurement {self.name!r} has a sample that is negative or not finite")
