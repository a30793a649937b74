"""The process that speaks to a cluster, as the fleet that it belongs to sees it: started, spoken to, and ended."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

import speedscore
from speedscore.fleet import wire
from speedscore.fleet.address import unreached
from speedscore.fleet.packages import asked_of_machines
from speedscore.fleet.work import FleetError
from speedscore.host.piped import PipedProcess, ProcessLostError
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import first_of

SILENCE_SECONDS = 300.0
"""The link says how the cluster stands every few seconds; one that says nothing for so long hangs."""
_LEAVE_SECONDS = 20.0
_MOST_NAMED = 3
Say = Callable[[str], None]


class ProcessLink:
    """The process that speaks to the cluster."""

    def __init__(self, process: PipedProcess, *, address: str) -> None:
        self._process = process
        self._address = address
        self._heard_at = time.monotonic()
        self._has_joined = False
        """Whether any machine has."""

    def send(self, command: wire.Command) -> None:
        try:
            self._process.send(wire.encode(command))
        except ProcessLostError as error:
            raise self._lost(error) from None

    def next_news(self, within_seconds: float) -> wire.News | None:
        try:
            if self._process.has_line(within_seconds=within_seconds):
                self._heard_at = time.monotonic()
                news = wire.decode_news(self._process.read_line(limit_seconds=within_seconds))
                self._has_joined |= isinstance(news, wire.Joined)
                return news
        except ProcessLostError as error:
            raise self._lost(error) from None
        if time.monotonic() - self._heard_at > SILENCE_SECONDS:
            raise FleetError(f"the cluster at {self._address} has said nothing for {SILENCE_SECONDS:.0f} s")
        return None

    def _lost(self, error: ProcessLostError) -> FleetError:
        if not self._has_joined:
            return FleetError(unreached(self._address, str(error)))
        return FleetError(one_line(f"the cluster at {self._address} is lost: the process that speaks to it {error}"))


def write_asked(scratch: Path, say: Say) -> str:
    """The file with what every machine is asked to have installed. It is told what cannot be asked for."""
    asked = asked_of_machines()
    if asked.staying:
        count = "package that came" if len(asked.staying) == 1 else "packages that came"
        say(
            f"{len(asked.staying)} {count} from files of this machine cannot be installed elsewhere, and each machine "
            f"uses its own: {first_of(asked.staying, _MOST_NAMED)}"
        )
    file = scratch / "packages.json"
    file.write_bytes(msgspec.json.encode(asked.requirements))
    return str(file)


def start_link(address: str, travelling: Path, scratch: Path, asked: str) -> PipedProcess:
    """The package is found where this one was found, whatever folder the driver stands in."""
    environment = dict(os.environ)
    paths = (str(Path(speedscore.__file__).parent.parent), environment.get("PYTHONPATH", ""))
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    command = [sys.executable, "-m", "speedscore.fleet.linking", address, str(travelling), asked]
    return PipedProcess(command, log_path=scratch / "link.log", env=environment, cwd=scratch)


def end_link(process: PipedProcess) -> None:
    """Let it take leave of the cluster, and be sure that it has gone."""
    process.hang_up(within_seconds=_LEAVE_SECONDS)
    process.close()
