"""Which piece goes to which free machine now, and what becomes of a piece whose machine is lost.

Driven by events alone: it reads no clock, reaches no machine, and knows no cluster, so that it is proved and simulated
without one. What a step costs depends on how many *kinds* of pieces and machines there are, and not on how many pieces
or machines.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from speedscore.fleet.work import MOST_PLACINGS, Answered, Began, Event, Failed, Lost, Piece, Reported
from speedscore.record.named_logs import with_log
from speedscore.record.phases import DeviceName

Devices = frozenset[DeviceName]
LOSSES_UNTIL_LAST = 2
"""A machine that has lost so many pieces is given one only where no other is free: last, and not out."""


class Placed(msgspec.Struct, frozen=True):
    """A piece that a machine has been given."""

    number: int
    """Of this placing alone: what comes of an earlier one, whose machine was given up, counts no more."""
    piece: Piece
    machine: str
    nth: int
    """Which placing of the piece it is, from 1."""
    log: str = ""
    """The file with what was printed; empty where there is none."""


class Placing:
    """Of one run: every piece is answered or failed once, and no machine ever has two."""

    def __init__(self, pieces: Iterable[Piece], *, numbers: Iterator[int] | None = None) -> None:
        """``numbers`` are for the placings; none of them may have been used for the same machines before."""
        self._waiting: dict[DeviceName, deque[Piece]] = {}
        """By what they need of a machine; no device of which none waits."""
        self._devices: dict[str, Devices] = {}
        """Of the machines that are here."""
        self._free: dict[str, None] = {}
        self._asking: dict[str, None] = {}
        """Those of the free that have not been refused. What waits only grows less, but for a piece that is put back: a
        machine for which there was nothing need not be asked about again before."""
        self._placed: dict[int, Placed] = {}
        self._number_on: dict[str, int] = {}
        """Machine → the number of the placing that it has."""
        self._placings: dict[str, int] = {}
        """Piece → how often it was placed; none once it has ended."""
        self._losses: dict[str, int] = {}
        self._numbers = numbers or itertools.count(1)
        for piece in pieces:
            if piece.name in self._placings:
                raise ValueError(f"{piece.name}: two pieces of that name; each needs its own")
            self._placings[piece.name] = 0
            self._put(piece)

    @property
    def is_over(self) -> bool:
        """Whether every piece has been answered or has failed."""
        return not self._placings

    @property
    def has_work_out(self) -> bool:
        return bool(self._placed)

    def join(self, machine: str, devices: Devices) -> None:
        """A machine is here and free. One that is here already is left as it is."""
        if machine not in self._devices:
            self._devices[machine] = devices
            self._set_free(machine)

    def leave(self, machine: str, reason: str) -> list[Event]:
        """A machine has gone, and with it the piece that it had."""
        devices = self._devices.pop(machine, None)
        if devices is None:
            return []
        self._free.pop(machine, None)
        self._asking.pop(machine, None)
        number = self._number_on.get(machine)
        return [] if number is None else self.lose(number, reason)

    def place(self) -> list[tuple[Placed, Began]]:
        """Everything that can be placed now."""
        placed_now = []
        asking, self._asking = self._asking, {}
        for machine in sorted(asking, key=self._order):
            piece = self._take(machine)
            if piece is not None:
                del self._free[machine]
                self._placings[piece.name] += 1
                placed = Placed(next(self._numbers), piece, machine, self._placings[piece.name])
                self._placed[placed.number] = placed
                self._number_on[machine] = placed.number
                placed_now.append((placed, Began(piece.name, machine)))
        return placed_now

    def hear(self, number: int, message: bytes) -> list[Event]:
        """What a piece told; nothing where its machine has been given up."""
        placed = self._placed.get(number)
        return [Reported(placed.piece.name, placed.machine, message)] if placed else []

    def placed(self, number: int) -> Placed | None:
        """None where it has ended, or its machine has been given up."""
        return self._placed.get(number)

    def note_log(self, number: int, log: str) -> None:
        """The file with what was printed for a placing, which ends next."""
        self._placed[number] = msgspec.structs.replace(self._placed[number], log=log)

    def answer(self, number: int, answer: bytes) -> list[Event]:
        placed = self._end(number)
        if placed is None:
            return []
        self._losses.pop(placed.machine, None)
        self._set_free(placed.machine)
        del self._placings[placed.piece.name]
        return [Answered(placed.piece.name, placed.machine, answer, placed.log)]

    def fail(self, number: int, reason: str) -> list[Event]:
        """The piece itself raised an error: nothing would be better elsewhere."""
        placed = self._end(number)
        if placed is None:
            return []
        self._set_free(placed.machine)
        del self._placings[placed.piece.name]
        return [Failed(placed.piece.name, placed.machine, with_log(reason, placed.log))]

    def lose(self, number: int, reason: str) -> list[Event]:
        """What did the piece has died; the machine may still be here, and is free then."""
        placed = self._end(number)
        if placed is None:
            return []
        name, machine, reason = placed.piece.name, placed.machine, with_log(reason, placed.log)
        self._losses[machine] = self._losses.get(machine, 0) + 1
        self._set_free(machine)
        if self._placings[name] < MOST_PLACINGS:
            # At the head: what has been measured in part was first in the order.
            self._put(placed.piece, first=True)
            return [Lost(name, machine, reason)]
        del self._placings[name]
        return [Failed(name, machine, f"lost {MOST_PLACINGS} times, the last time: {reason}")]

    def fail_waiting(self, reasons: dict[DeviceName, str], *, lacks_device: bool = False) -> list[Event]:
        """Give up every piece that waits for a machine, for the reason that is given for its device; ``lacks_device``
        says whether no machine has ever had that."""
        failed: list[Event] = []
        for device in [device for device in self._waiting if device in reasons]:
            for piece in self._waiting.pop(device):
                del self._placings[piece.name]
                failed.append(Failed(piece.name, "", reasons[device], lacks_device))
        return failed

    def wanted_devices(self) -> Devices:
        """Of the pieces that wait."""
        return frozenset(self._waiting)

    def _take(self, machine: str) -> Piece | None:
        """What needs a device that few have goes first."""
        fitting = [device for device in self._waiting if device in self._devices[machine]]
        if not fitting:
            return None
        device = max(fitting, key=lambda device: device != "cpu")
        piece = self._waiting[device].popleft()
        if not self._waiting[device]:
            del self._waiting[device]
        return piece

    def _put(self, piece: Piece, *, first: bool = False) -> None:
        pieces = self._waiting.setdefault(piece.device, deque())
        self._asking = dict(self._free)
        if first:
            pieces.appendleft(piece)
        else:
            pieces.append(piece)

    def _end(self, number: int) -> Placed | None:
        placed = self._placed.pop(number, None)
        if placed is not None:
            del self._number_on[placed.machine]
        return placed

    def _set_free(self, machine: str) -> None:
        if machine in self._devices:
            self._free[machine] = self._asking[machine] = None

    def _order(self, machine: str) -> tuple[bool, int]:
        """Machines with the fewest devices first, so that those with more are left for what needs them."""
        return (self._losses.get(machine, 0) >= LOSSES_UNTIL_LAST, len(self._devices[machine]))
