"""A fleet, as whoever has work for it sees it: open it, give it pieces, and be told what becomes of each.

It lets go of everything when it is left, however that happens. It knows neither what a piece does nor how the cluster
is spoken to; the link to it is a process of its own (``process_link``).
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from speedscore.fleet import wire
from speedscore.fleet.address import ADVICE, require_listener
from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.placing import Placing
from speedscore.fleet.process_link import SILENCE_SECONDS, ProcessLink, Say, end_link, start_link, write_asked
from speedscore.fleet.signs import events_of
from speedscore.fleet.travelling import pack
from speedscore.fleet.waiting import Opening, Patience
from speedscore.fleet.work import LOCAL, Admits, Event, FleetError, FleetMachine, Piece
from speedscore.host.extras import MissingExtraError, require
from speedscore.host.scratch import make_scratch, remove_leftovers
from speedscore.record.phases import DeviceName
from speedscore.text.cleaning import one_line

_LOOK_SECONDS = 1.0


class Link(Protocol):
    """What a fleet needs of a cluster."""

    def send(self, command: wire.Command) -> None: ...

    def next_news(self, within_seconds: float) -> wire.News | None: ...


class Fleet:
    """Machines that have answered. One run at a time."""

    def __init__(
        self,
        link: Link,
        *,
        patience: Patience | None = None,
        now: Callable[[], float] = time.monotonic,
        is_local: bool = False,
        logs: LogFolder | None = None,
        say: Say = lambda _: None,
    ) -> None:
        """``is_local`` says that the cluster is one of this machine alone, whose address nobody has given. ``logs`` is
        for what pieces print; without it none is told. ``say`` is told what is waited for, and what is done on a
        machine before it answers."""
        self._link = link
        self._say = say
        self._advice = "" if is_local else f": {ADVICE}"
        self._patience = patience or Patience()
        self._now = now
        self._logs = logs
        self._numbers = itertools.count(1)
        self._machines: dict[str, FleetMachine] = {}
        self._devices: dict[str, frozenset[DeviceName]] = {}
        """Of the machines that are here."""
        self._admits: Admits = lambda _: True
        self._not_used: set[str] = set()
        """Of the machines that are here, those that the run does without."""
        self._standing = wire.Standing()
        self._seen_devices: set[DeviceName] = set()

    @property
    def machines(self) -> tuple[FleetMachine, ...]:
        """All that have answered so far, those that have gone since too."""
        return tuple(self._machines.values())

    @property
    def absent(self) -> tuple[str, ...]:
        """Of the machines of the cluster that do not answer, a sentence each."""
        return self._standing.absent

    @property
    def refused(self) -> tuple[str, ...]:
        """Of those that will not answer any more, a sentence each."""
        return self._standing.refused

    def wait_for_machines(self, at_least: int = 1) -> None:
        """Until all have answered, or ``at_least`` so many have and the others were waited for, but those that never
        will. Raises FleetError where there are fewer: the cluster names only those that have registered with it.

        The time that an installation takes does not count; it has a limit of its own. ``most_seconds`` of the patience
        holds for all of it.
        """
        opened = began = looked = self._now()
        opening = Opening(self._patience, at_least=at_least, began=began)
        enough_at = None
        has_stood = False
        while True:
            news = self._link.next_news(_LOOK_SECONDS)
            if isinstance(news, wire.Standing):
                has_stood = True
            self._hear(news, None)
            now = self._now()
            if self._standing.is_installing:
                began += now - looked
                enough_at = None if enough_at is None else enough_at + now - looked
            looked = now
            is_spent = now - opened >= self._patience.most_seconds
            if len(self._devices) < at_least:
                enough_at = None
            elif enough_at is None:
                enough_at = now
            if enough_at is not None and has_stood:
                if is_spent or not self._standing.absent or now - enough_at >= self._patience.settle_seconds:
                    return
            elif (is_spent and now - opened >= self._patience.open_seconds) or now - began >= (
                self._patience.settle_seconds if self._is_hopeless(at_least) else opening.limit_seconds(self._standing)
            ):
                if not has_stood:
                    raise FleetError(
                        f"nothing there has answered as a Ray cluster for {now - began:.0f} s{self._advice}"
                    )
                raise FleetError(self._too_few(at_least, now - began))
            if has_stood and (line := opening.line(now, len(self._devices), self._standing)):
                self._say(line)
            if opening.must_give_back(now, len(self._devices), self._standing):
                self._say(f"{', '.join(sorted(self._devices))} given back for a moment: another job may wait for it")
                self._link.send(wire.GiveBack())

    def run(self, pieces: Iterable[Piece], *, admits: Admits = lambda _: True) -> Generator[Event, None, None]:
        """What becomes of the pieces, as it happens, until each is Answered or Failed.

        ``admits`` is asked of every machine as it comes, of those that join later too.
        When it is closed before, the machines are told to end what they do. Raises FleetError where the cluster is
        lost.
        """
        placing = Placing(pieces, numbers=self._numbers)
        self._admits, self._not_used = admits, set()
        for machine in self._devices:
            self._join(machine, placing)
        run_began = self._now()
        idle_since: float | None = None
        try:
            while not placing.is_over:
                for placed, began in placing.place():
                    keeps_log = self._logs is not None
                    do = wire.Do(placed.piece.entry, placed.piece.asked_now(), keeps_log=keeps_log)
                    self._link.send(wire.Begin(placed.number, placed.machine, do))
                    yield began
                yield from self._hear(self._link.next_news(_LOOK_SECONDS), placing)
                now = self._now()
                if now - run_began >= self._patience.device_seconds:
                    yield from placing.fail_waiting(self._impossible(placing), lacks_device=True)
                if placing.has_work_out or self._standing.is_installing:
                    idle_since = None
                    continue
                idle_since = now if idle_since is None else idle_since
                yield from placing.fail_waiting(self._given_up(placing, now - idle_since))
        finally:
            if placing.has_work_out:
                self._stop_all()

    def _hear(self, news: wire.News | None, placing: Placing | None) -> Iterable[Event]:
        match news:
            case wire.Joined(machine, environment, devices, packages):
                self._machines[machine] = FleetMachine(machine, environment, packages)
                self._devices[machine] = frozenset(devices)
                self._seen_devices.update(devices)
                if placing is not None:
                    self._join(machine, placing)
            case wire.Left(machine, reason):
                self._devices.pop(machine, None)
                if placing is not None:
                    return placing.leave(machine, one_line(reason))
            case wire.Standing():
                self._standing = msgspec.structs.replace(
                    news, absent=tuple(map(one_line, news.absent)), refused=tuple(map(one_line, news.refused))
                )
            case wire.Told(line):
                self._say(one_line(line))
            case wire.Signed(number, sign) if placing is not None:
                return events_of(sign, placing, number=number, logs=self._logs)
            case wire.Unreachable(reason):
                raise FleetError(one_line(reason))
        return ()

    def _join(self, machine: str, placing: Placing) -> None:
        self._not_used.discard(machine)
        if self._admits(self._machines[machine]):
            placing.join(machine, self._devices[machine])
        else:
            self._not_used.add(machine)

    def _never_seen(self, placing: Placing) -> frozenset[DeviceName]:
        """The devices that are waited for, and that no machine of this cluster has ever had."""
        return placing.wanted_devices() - self._seen_devices - set(self._standing.absent_devices)

    def _impossible(self, placing: Placing) -> dict[DeviceName, str]:
        return {
            device: f"no machine of the cluster has a {device.upper()}: {self._has()}"
            for device in self._never_seen(placing)
        }

    def _given_up(self, placing: Placing, idle_seconds: float) -> dict[DeviceName, str]:
        """Why nothing will be done any more, by device, once that has been waited for long enough."""
        reasons: dict[DeviceName, str] = {}
        for device in placing.wanted_devices() - self._never_seen(placing):
            may_come = device in self._standing.absent_devices
            limit_seconds = self._patience.stuck_seconds if may_come else self._patience.return_seconds
            if idle_seconds >= limit_seconds:
                reasons[device] = f"no machine for it has been free for {idle_seconds:.0f} s: {self._has()}"
        return reasons

    def _is_hopeless(self, at_least: int) -> bool:
        """Whether so many have been refused that those which are left are too few."""
        return bool(self._standing.refused) and len(self._devices) + len(self._standing.absent) < at_least

    def _too_few(self, at_least: int, seconds: float) -> str:
        if self._is_hopeless(1):
            return f"no machine of the cluster can be used: {'; '.join(self._standing.refused)}"
        if not self._devices:
            return (
                f"no machine of the cluster has answered for {seconds:.0f} s: {self._has()}; wait until one is free, "
                "or look with: ray status"
            )
        return (
            f"{len(self._devices)} of the {at_least} machines that were asked for answered within {seconds:.0f} s: "
            f"{self._has()}; start the others (look with: ray status), or ask for fewer"
        )

    def _has(self) -> str:
        here = [
            f"{name} ({', '.join(sorted(devices))}{'; not used' if name in self._not_used else ''})"
            for name, devices in sorted(self._devices.items())
        ]
        parts = ["it has " + ", ".join(here)] if here else ["none is here"]
        return "; ".join([*parts, *self._standing.absent, *self._standing.refused])

    def _stop_all(self) -> None:
        """Have the cluster end what is being done, and hear nothing of it any more. It has been told so when this
        returns; the processes on the machines end a moment later."""
        try:
            self._link.send(wire.StopAll())
            deadline = self._now() + SILENCE_SECONDS
            while self._now() < deadline:
                news = self._link.next_news(_LOOK_SECONDS)
                self._hear(news, None)
                if isinstance(news, wire.Stopped):
                    return
        except FleetError:
            return  # the link has gone, and with it whatever was being done


@contextmanager
def open_fleet(
    address: str,
    *,
    checkout: Path,
    machines: int | None = None,
    logs: LogFolder | None = None,
    packages: bool = False,
    say: Say = lambda _: None,
    patience: Patience | None = None,
) -> Iterator[Fleet]:
    """The machines of the cluster at ``address``, for as long as the context lasts.

    ``address`` is ``local`` for a cluster of this machine alone, ``auto`` inside a job of a cluster, ``HEAD:PORT`` or
    ``ray://HEAD:PORT``. ``checkout`` is the folder whose code the pieces run. ``machines`` is how many the cluster has:
    so many are waited for. ``logs`` is for what pieces print. ``packages`` has what is installed here installed there,
    and ``say`` is told of that and of what is waited for. Raises FleetError where no cluster is reached or too few
    answer.
    """
    patience = patience or Patience()
    if machines is not None or address == LOCAL:
        # All are here: none can come late with a device that these lack.
        patience = msgspec.structs.replace(patience, device_seconds=0.0)
    try:
        require("fleet", "ray")
    except MissingExtraError as error:
        raise FleetError(str(error)) from None
    require_listener(address)
    remove_leftovers()
    scratch = make_scratch("fleet")
    try:
        travelling = scratch / "travelling"
        travelling.mkdir()
        pack(checkout, travelling)
        process = start_link(address, travelling, scratch, write_asked(scratch, say) if packages else "")
        try:
            link = ProcessLink(process, address=address)
            fleet = Fleet(link, patience=patience, is_local=address == LOCAL, logs=logs, say=say)
            fleet.wait_for_machines(machines or 1)
            yield fleet
        finally:
            end_link(process)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
