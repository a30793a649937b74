"""What a fleet is given and what it tells: pieces of work, the machines that do them, and what became of each.

A piece is done by one function in a fresh process on one machine, and asked and answered in bytes, so that nothing but
what its owner encodes crosses the wire. Nothing here knows how machines are reached.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

Report = Callable[[bytes], None]
"""Called where a piece is done, with what its owner is to know before the end: what must not be lost, and progress."""

LOCAL = "local"
"""The address of a cluster of this machine alone, which is started and ended with the fleet."""
MOST_PLACINGS = 3
"""A piece whose machine was lost is placed anew twice."""


class FleetError(RuntimeError):
    """A fleet cannot be reached or has no machine for what it is asked. The message says what to do."""


class Piece(msgspec.Struct, frozen=True):
    """A unit of work, placed whole on one machine."""

    name: str
    """Its own among those of a fleet; people read it."""
    entry: str
    """``package.module:function``, called there as ``function(request: bytes, report: Report) -> bytes``."""
    request: bytes | Callable[[], bytes]
    """Or what makes it, which is called for each placing: what it asks for may depend on when that is."""
    device: DeviceName = "cpu"
    """What the machine must have."""

    def asked_now(self) -> bytes:
        """The request for a placing that is made now."""
        return self.request if isinstance(self.request, bytes) else self.request()


class FleetMachine(msgspec.Struct, frozen=True):
    """A machine of the fleet that has answered."""

    name: str
    """Its own among those of the fleet, and the same for as long as it stays."""
    environment: dict[str, Scalar]
    """Its fingerprint, as a session on it would record it."""
    packages: dict[str, str] = {}
    """All distributions that Python finds there, by name → version; no record holds them."""


Admits = Callable[[FleetMachine], bool]
"""Whether a machine may do any of a run's pieces."""


class Began(msgspec.Struct, frozen=True, tag=True):
    """A machine has a piece."""

    piece: str
    machine: str


class Reported(msgspec.Struct, frozen=True, tag=True):
    """What a piece told before its end. What a lost machine told before stays told."""

    piece: str
    machine: str
    message: bytes


class Answered(msgspec.Struct, frozen=True, tag=True):
    """A piece is done."""

    piece: str
    machine: str
    answer: bytes
    log: str = ""
    """The file with what was printed there; empty where none was asked for. Where a piece is not done, the reason names
    it."""


class Lost(msgspec.Struct, frozen=True, tag=True):
    """The machine of a piece has died, hangs or was taken away; the piece is placed anew."""

    piece: str
    machine: str
    reason: str


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A piece will not be done: it raised an error, no machine can do it, or it has lost its last machine."""

    piece: str
    machine: str
    """The last that had it; empty where none had."""
    reason: str
    lacks_device: bool = False
    """Whether no machine of the cluster has ever had the device that it needs, and was waited for."""


Event = Began | Reported | Answered | Lost | Failed


class RunningFleet(Protocol):
    """Machines that have answered, as whoever has work for them sees them."""

    @property
    def machines(self) -> tuple[FleetMachine, ...]: ...

    @property
    def absent(self) -> tuple[str, ...]:
        """Of the machines of the cluster that do not answer now, a sentence each."""

    @property
    def refused(self) -> tuple[str, ...]:
        """Of those that will not answer any more, of which has been told, a sentence each."""

    def run(self, pieces: Iterable[Piece], *, admits: Admits) -> Generator[Event, None, None]:
        """What becomes of the pieces. Closed before its end, it ends what is being done."""
