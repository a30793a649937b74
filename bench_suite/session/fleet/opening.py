"""Reaches the fleet that a session was asked to measure on, and says which of its machines may measure.

It ends with the session: what is still at work on a machine then, ends too. Nothing is placed here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from speedscore.bench_suite.session.fleet.blocks import FleetBlocks
from speedscore.bench_suite.session.fleet.telling import FleetProgress
from speedscore.bench_suite.session.fleet.versions import Admission, Demands, admit
from speedscore.bench_suite.session.options import read_only
from speedscore.bench_suite.session.printing.screen import Screen
from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.work import FleetError, RunningFleet
from speedscore.host.distributions import installed_versions
from speedscore.host.fields import Scalar


def open_blocks(config: pytest.Config, environment: dict[str, Scalar], *, screen: Screen) -> FleetBlocks | None:
    """The fleet of ``--fleet``, open until the session has ended; None where none was asked for.

    Raises UsageError where it cannot be reached, none of its machines may measure, or their logs cannot be kept.
    """
    address: str | None = config.getoption("fleet")
    if address is None:
        return None
    demands = Demands(
        environment,
        packages=installed_versions(),
        allow=tuple(config.getoption("fleet_allow")),
        only=dict(map(read_only, config.getoption("fleet_only"))),
    )
    logs = _log_folder(config.getoption("fleet_logs"), screen=screen)
    ending = ExitStack()
    config.add_cleanup(ending.close)
    fleet = _open(address, ending, config, logs=logs, say=lambda line: screen.line(f"speedscore: --fleet: {line}"))
    admission = admit(fleet.machines, demands)
    if not admission.admitted:
        raise pytest.UsageError(f"--fleet {address}: no machine may measure: {_reasons(admission)}")
    for line in admission.lines:
        screen.line(f"speedscore: --fleet: {line}")
    for absence in fleet.absent:
        screen.line(f"speedscore: --fleet: not used unless it answers later: {absence}")
    screen.line(f"speedscore: --fleet: the blocks are measured on {', '.join(admission.admitted)}")
    return FleetBlocks(fleet, admission=admission, demands=demands, progress=FleetProgress(screen))


def _log_folder(folder: str | None, *, screen: Screen) -> LogFolder | None:
    if folder is None:
        return None
    try:
        return LogFolder(folder, warn=lambda warning: screen.line(f"    {warning}"))
    except FleetError as error:
        raise pytest.UsageError(f"--fleet-logs: {error}") from None


def _open(
    address: str, ending: ExitStack, config: pytest.Config, *, logs: LogFolder | None, say: Callable[[str], None]
) -> RunningFleet:
    # Imported here because only a session that was asked for a fleet needs one.
    from speedscore.fleet.fleet import open_fleet

    try:
        return ending.enter_context(
            open_fleet(
                address,
                checkout=config.rootpath,
                machines=config.getoption("fleet_machines"),
                logs=logs,
                packages=config.getoption("fleet_packages"),
                say=say,
            )
        )
    except FleetError as error:
        raise pytest.UsageError(f"--fleet {address}: {error}") from None


def _reasons(admission: Admission) -> str:
    return "; ".join(f"{name}: {why}" for name, why in admission.refused.items()) or "it has none"
