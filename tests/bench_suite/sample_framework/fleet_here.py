"""A pytest plugin of sample sessions: a fleet whose machines are all this one, and do their pieces in pytest's process.

``FLEET`` in the environment holds its machines as JSON, name → the fields in which one differs from this machine. Its
packages are this machine's, but for those that ``FLEET_PACKAGES`` holds, name → version.
``FLEET_ABSENT`` is a sentence about one that does not answer, of which is told while the others are waited for, too.
``FLEET_LOSES`` names a machine that is lost, for good, once it has told a first figure.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from speedscore.bench_suite.session.fleet import messages, remote
from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.work import (
    Answered,
    Began,
    Event,
    Failed,
    FleetError,
    FleetMachine,
    Lost,
    Piece,
    Report,
    Reported,
)
from speedscore.host.distributions import installed_versions
from speedscore.host.fingerprint import fingerprint
from speedscore.host.kept_logs import collected
from speedscore.host.variables import KEPT_LOGS


class LostNow(BaseException):
    """In place of what ends a process that is far away."""


class FleetHere:
    def __init__(self, logs: LogFolder | None) -> None:
        self._logs = logs
        here = fingerprint(Path(__file__).parent)
        packages = installed_versions() | json.loads(os.environ.get("FLEET_PACKAGES", "{}"))
        machines = json.loads(os.environ["FLEET"])
        self._alive = [FleetMachine(name, here | own, packages) for name, own in machines.items()]
        self.machines = tuple(self._alive)
        self.absent = tuple(filter(None, [os.environ.get("FLEET_ABSENT")]))

    def run(self, pieces: Iterable[Piece], *, admits: Callable[[FleetMachine], bool]) -> Generator[Event, None, None]:
        self._alive = [machine for machine in self._alive if admits(machine)]
        for piece in pieces:
            yield from self._place(piece)

    def _place(self, piece: Piece) -> Iterator[Event]:
        """Anew, as long as there is a machine."""
        while self._alive:
            machine = self._alive[0].name
            yield Began(piece.name, machine)
            reports: list[bytes] = []
            try:
                answer, log = self._measure(piece, machine, reports)
            except LostNow:
                self._alive = [each for each in self._alive if each.name != machine]
                yield from (Reported(piece.name, machine, report) for report in reports)
                yield Lost(piece.name, machine, "it does not answer")
            else:
                yield from (Reported(piece.name, machine, report) for report in reports)
                yield Answered(piece.name, machine, answer, log)
                return
        yield Failed(piece.name, "", "no machine is left")

    def _measure(self, piece: Piece, machine: str, reports: list[bytes]) -> tuple[bytes, str]:
        """The answer, and the file with what was printed."""
        tell = self._teller(machine, reports)
        if self._logs is None:
            return remote.measure(piece.asked_now(), tell), ""
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
            patched.setenv(KEPT_LOGS, folder)
            answer = remote.measure(piece.asked_now(), tell)
            printed = collected(Path(folder), most_bytes=1 << 20)
        return answer, self._logs.keep(piece.name, machine, nth=1, content=printed)

    @staticmethod
    def _teller(machine: str, reports: list[bytes]) -> Report:
        def tell(report: bytes) -> None:
            reports.append(report)
            if machine == os.environ.get("FLEET_LOSES") and isinstance(messages.decode_message(report), messages.Known):
                raise LostNow

        return tell


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    @contextmanager
    def open_fleet(
        address: str,
        *,
        checkout: Path,
        machines: int | None,
        logs: LogFolder | None,
        packages: bool,
        say: Callable[[str], None],
    ) -> Iterator[FleetHere]:
        assert address == "here"
        if packages:
            say("a: installs made-up==1.0")
        if machines is not None and machines > len(json.loads(os.environ["FLEET"])):
            raise FleetError(f"there are no {machines} machines")
        assert checkout.is_dir()
        fleet = FleetHere(logs)
        for absence in fleet.absent:
            say(f"waiting for a machine: {absence}")
        yield fleet

    standing_in = ModuleType("speedscore.fleet.fleet")
    standing_in.open_fleet = open_fleet  # type: ignore[attr-defined]
    sys.modules[standing_in.__name__] = standing_in
