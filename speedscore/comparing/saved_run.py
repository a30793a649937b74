"""A saved run as comparing sees it: for each case one number a fresh process, and the fields it must be read with.

Rounds of one process are not independent, so no more than their median goes on from here. These are records only.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.metrics import Better, Unit

TIME = "time"
"""The metric of the case's own figure, whatever the saved run calls it."""
Identity = tuple[str, tuple[tuple[str, tuple[float, ...]], ...]]
"""Of a measurement: its occasion, and each metric with its numbers."""
_CONTAINER = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}")
"""What a container's host is called unless somebody names it: the container's id, short or whole, which is new for each
container on one machine."""


class Figure(msgspec.Struct, frozen=True, gc=False):
    """One metric of one case in one run."""

    unit: Unit
    better: Better
    by_process: tuple[float, ...]
    """One number a fresh process, in the unit; of what is counted, every count."""
    is_counted: bool = False
    """Whether it is compared as a count, without statistics; bytes can be counted too."""


class CaseFigures(msgspec.Struct, frozen=True, gc=False):
    """What one run says of one case."""

    case: str
    """Node id of the test."""
    occasion: str
    """When it was measured. A session that was taken up again holds cases of the one before."""
    framework: str = ""
    model: str = ""
    device: str = ""
    group: str = ""
    """The benchmark group, as pytest-benchmark has it; settings may name it. Empty where the case has none."""
    reason: str = ""
    """Why there are no figures; empty where there are."""
    figures: dict[str, Figure] = {}
    """By metric; ``time`` stands first."""
    shape: dict[str, Scalar] = {}
    """What the preset made of the model, and of a compilation what it begins before."""
    reference: str = ""
    """What the case was certified against."""
    fields: dict[str, Scalar] = {}
    """Precision, and what the worker and the program said of themselves, as dotted names."""
    busy_processors: float = 0.0
    """How many other processes took before it was measured."""
    quota_periods: int = 0
    """Of a container's quota, while its block was measured."""
    throttled_periods: int = 0
    """Those in which the quota was spent and everything stood still."""
    machine: str = ""
    """The name, in the run's ``machines``, of the one it was measured on; empty where that is the run's own."""
    host: str = ""
    """What the machine that led the run is called; empty where it is not known, as in a history of an earlier release,
    and where the session was taken up again, which may have been elsewhere."""

    @property
    def machine_name(self) -> str:
        """Of the machine that it was measured on; empty where it is not known, as in a container. Two of one kind
        differ in nothing else, and one may have another name each day, as in continuous integration: names never keep
        figures apart."""
        return self.machine or ("" if _CONTAINER.fullmatch(self.host) else self.host)

    @property
    def identity(self) -> Identity:
        """What one measurement of a case has in every run that holds it, and no other has: two sessions may begin in
        the same second, but do not measure the same to the last digit."""
        return self.occasion, tuple([(metric, figure.by_process) for metric, figure in self.figures.items()])


class SavedRun(msgspec.Struct, frozen=True, gc=False):
    path: str
    created: str
    """ISO 8601."""
    fields: dict[str, Scalar]
    """Of the machine and the session, as dotted names."""
    cases: dict[str, CaseFigures]
    """By node id."""
    seed: int | None = None
    """Of the order in which the workers took turns; None where there were none."""
    machines: dict[str, dict[str, Scalar]] = {}
    """By name the other machines that cases were measured on, each with the fields of the session too."""

    def fields_of(self, case: CaseFigures) -> dict[str, Scalar]:
        """Of the session and of the machine that a case of this run was measured on."""
        return self.machines[case.machine] if case.machine else self.fields


@lru_cache(maxsize=1024)
def moment(occasion: str) -> float:
    """Seconds since the epoch. Raises ValueError for what is no date and time in ISO 8601."""
    return datetime.fromisoformat(occasion).timestamp()
