"""The saved form of a probe: one question put to one framework, and what happened.

A probe times little and compares nothing: whether a model leaves its framework, what a framework says of a mistake, how
much of an interface there is. It stands in the run beside the cases of the matrix. This module says what is saved of it
and checks it once, when a record is made; it asks nothing and judges nothing.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from speedscore.host.fields import Name, Scalar
from speedscore.record.measurement import Measurement
from speedscore.record.phases import DeviceName

ProbeStatus = Literal["answered", "failed", "skipped"]
"""``answered``: the framework was asked, and whatever it did is the answer, a crash included. ``failed``: the probe
itself went wrong, and nothing is known. ``skipped``: it could not be asked here, and nothing is known."""


class ProbeResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one probe."""

    id: Name
    """The pytest id: framework, subject, target and device, as far as the probe has them, joined by hyphens."""
    nodeid: Name
    family: Name
    """Which question it is: ``export``, ``mistake``, …; pytest's test is called after it."""
    framework: Name
    ecosystem: Name
    """The fixture folder that this framework belongs to."""
    device: DeviceName
    status: ProbeStatus
    subject: Name = ""
    """What the question is about: a model, a mistake; empty for a question about the framework as a whole."""
    target: Name = ""
    """Where a model is to go: ``onnx``, ``litert``; empty where nothing goes anywhere."""
    outcome: Name = ""
    """One word or two of the family's own list; there exactly when it was answered."""
    reason: str = ""
    """The framework's own words where it refused, or why the probe was skipped or failed. Text from outside."""
    seconds: tuple[float, ...] = ()
    """The rounds that pytest-benchmark shows of it; what they are the time of is the family's to say."""
    observations: dict[str, Scalar] = {}
    """What was seen that is no measurement: names, yes or no, relative errors."""
    measurements: tuple[Measurement, ...] = ()
    versions: dict[str, str] = {}
    """Distribution → version, of all that took part."""
    occasion: str = ""
    """When the session began in which it was asked."""

    def __post_init__(self) -> None:
        if self.status == "answered":
            if not self.outcome or not self.seconds or not self.versions:
                raise ValueError(f"probe {self.id!r} says it was answered but lacks its outcome, seconds or versions")
        elif self.outcome or not self.reason:
            raise ValueError(f"probe {self.id!r} was {self.status}: expected a reason and no outcome")
        if not all(0.0 < sample < float("inf") for sample in self.seconds):
            raise ValueError(f"probe {self.id!r} has a time that is not finite and above 0")

    def find(self, name: str) -> Measurement | None:
        """The measurement of that name; None where there is none."""
        return next((measurement for measurement in self.measurements if measurement.name == name), None)
