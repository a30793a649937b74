"""The options of one gate, read from pytest's configuration and checked. Nothing is run here."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from speedscore.gate.cases.claims import read_claim
from speedscore.gate.part import LeaderInstructions, Part, read_part, take_instructions
from speedscore.gate.sides.side_arguments import OWN_OPTIONS, joined
from speedscore.text.durations import parse_duration
from speedscore.verdicts.change_claim import ChangeClaim
from speedscore.verdicts.settings import SettingsError, fraction

_OF_A_WHOLE_GATE = ("gate_canary", "gate_claim", "gate_upgrade", "gate_blame")
"""Options about all cases together, which no part of them can answer."""


class GateRequest(msgspec.Struct, frozen=True):
    """What one gate is asked for."""

    base: str | None
    """A git ref or a directory; None for a copy of head."""
    canary: float
    """Share of work that head does in addition; 0 for none."""
    base_python: str
    build: bool
    """Whether each side is built and installed in an environment of its own."""
    upgrade: tuple[str, ...]
    """Requirements, or files that hold them, of the environment in which head is to run; empty without an upgrade."""
    blame: bool
    """Whether the package that made a regression is looked for."""
    only_affected: bool
    """Whether benchmarks that the change cannot have touched are left out."""
    inconclusive_passes: bool
    budget_seconds: float | None
    """None without a limit."""
    claims: tuple[ChangeClaim, ...] = ()
    """What is said of the change, to be judged."""
    why: bool = True
    """Whether a pair of its own looks where regressions come from."""
    part: Part | None = None
    """Which part of the cases is gated; None for all."""
    instructions: LeaderInstructions = LeaderInstructions()
    """By the gate that leads, where this one is a part's."""
    fleet: str | None = None
    """The cluster whose machines gate a part each; None for this machine."""
    fleet_machines: int | None = None
    """How many machines that has; None where nobody said it."""
    fleet_logs: str | None = None
    """The folder for what is printed there; None where nobody asked for it."""
    fleet_packages: bool = False
    """Whether what is installed here is installed there."""


def read_request(config: pytest.Config) -> GateRequest:
    """Raises SettingsError for what cannot be done, with the option and what was found."""
    canary, base = config.getoption("speedscore_gate_canary"), config.getoption("speedscore_gate")
    if base is not None and not base.strip():
        # A variable that is not set; read as the current folder, head would be compared with itself, and pass.
        raise SettingsError("BASE: name a git ref or a directory, found nothing")
    if canary is not None and base is not None:
        raise SettingsError("a canary compares head with a copy of itself; leave out BASE, or the canary")
    if canary is not None and config.getoption("speedscore_gate_affected"):
        raise SettingsError("--gate-canary compares head with a copy of itself, so --gate-affected would leave out all")
    _check_names(config)
    upgrade = tuple(config.getoption("speedscore_gate_upgrade") or ())
    _check_upgrade(config, upgrade)
    claims = tuple(map(read_claim, dict.fromkeys(config.getoption("speedscore_gate_claim") or ())))
    if claims and canary is not None:
        raise SettingsError("--gate-claim is about head against BASE; leave out --gate-canary, or the claim")
    return GateRequest(
        base=base,
        canary=0.0 if canary is None else _canary(canary),
        base_python=str(Path(config.getoption("speedscore_gate_python") or sys.executable).expanduser()),
        build=config.getoption("speedscore_gate_build"),
        only_affected=config.getoption("speedscore_gate_affected"),
        upgrade=upgrade,
        blame=config.getoption("speedscore_gate_blame"),
        inconclusive_passes=config.getoption("speedscore_gate_inconclusive") == "pass",
        budget_seconds=_budget_seconds(config.getoption("speedscore_gate_time_budget")),
        claims=claims,
        why=config.getoption("speedscore_gate_why") == "yes",
        part=_part(config),
        instructions=take_instructions(),
        fleet=_fleet(config),
        fleet_machines=_fleet_machines(config),
        fleet_logs=_fleet_logs(config),
        fleet_packages=_fleet_packages(config),
    )


def _canary(text: str) -> float:
    share = fraction(text, what="--gate-canary")
    if not share:
        raise SettingsError(
            f"--gate-canary: expected some work, as 5%, found {text!r}: head would be compared with itself"
        )
    return share


def _check_names(config: pytest.Config) -> None:
    """Raises SettingsError for a package that is to be looked for by its name: where it lies, and so what its tests are
    called, may be another thing on each side."""
    if not config.getoption("pyargs"):
        return
    for name in config.option.file_or_dir:
        if not (config.invocation_params.dir / name.partition("::")[0]).exists():
            raise SettingsError(f"--pyargs: a gate takes the files and folders of the checkout, found {name!r}")


def _fleet(config: pytest.Config) -> str | None:
    """Raises SettingsError for what a fleet cannot do."""
    address: str | None = config.getoption("speedscore_gate_fleet")
    if address is not None and (given := _given(config, (*_OF_A_WHOLE_GATE, "gate_python", "gate_build", "gate_part"))):
        raise SettingsError(f"--gate-fleet gates BASE and head as they are; leave out {given}")
    return address


def _fleet_machines(config: pytest.Config) -> int | None:
    """Raises SettingsError for what is no number of machines, and where there is no fleet."""
    text: str | None = config.getoption("speedscore_gate_fleet_machines")
    if text is None:
        return None
    if config.getoption("speedscore_gate_fleet") is None:
        raise SettingsError("--gate-fleet-machines: there is no fleet without --gate-fleet ADDRESS")
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise SettingsError(f"--gate-fleet-machines: expected a number of machines as 4, found {text!r}")
    return int(text)


def _fleet_logs(config: pytest.Config) -> str | None:
    """Raises SettingsError where there is no fleet."""
    folder: str | None = config.getoption("speedscore_gate_fleet_logs")
    if folder is not None and config.getoption("speedscore_gate_fleet") is None:
        raise SettingsError("--gate-fleet-logs: there is no fleet without --gate-fleet ADDRESS")
    return folder


def _fleet_packages(config: pytest.Config) -> bool:
    """Raises SettingsError where there is no fleet."""
    wanted: bool = config.getoption("speedscore_gate_fleet_packages")
    if wanted and config.getoption("speedscore_gate_fleet") is None:
        raise SettingsError("--gate-fleet-packages: there is no fleet without --gate-fleet ADDRESS")
    return wanted


def _part(config: pytest.Config) -> Part | None:
    """Raises SettingsError for what is no part, and for what a part cannot do."""
    text: str | None = config.getoption("speedscore_gate_part")
    if text is None:
        return None
    if given := _given(config, _OF_A_WHOLE_GATE):
        raise SettingsError(f"--gate-part gates a share of BASE's cases against head's; leave out {given}")
    return read_part(text)


def _given(config: pytest.Config, names: Sequence[str]) -> str:
    """Those of the gate's options that were given, as a message names them; BASE as both commands' help calls it."""
    given = [name for name in names if config.getoption(f"speedscore_{name}")]
    return " and ".join("BASE" if name == "gate" else f"--{name.replace('_', '-')}" for name in given)


def _check_upgrade(config: pytest.Config, upgrade: tuple[str, ...]) -> None:
    """Raises SettingsError for what an upgrade cannot stand beside, and for one that is not named."""
    if not upgrade:
        if config.getoption("speedscore_gate_blame"):
            raise SettingsError("--gate-blame looks for a package of an upgrade: name one with --gate-upgrade")
        return
    if not all(text.strip() for text in upgrade):
        raise SettingsError("--gate-upgrade: name a requirement or a requirements file, found nothing")
    if given := _given(config, ("gate", "gate_canary", "gate_python", "gate_build")):
        raise SettingsError(
            f"--gate-upgrade compares two environments of one checkout; leave out {given}, or the upgrade"
        )


def _budget_seconds(text: str | None) -> float | None:
    try:
        return parse_duration(text) if text else None
    except ValueError as error:
        raise SettingsError(f"--gate-time-budget: {error}") from None


def find_rootdir_again(config: pytest.Config) -> None:
    """Start this pytest anew where it took a value of ours for a path to tests, and may have the wrong rootdir.

    Raises SettingsError where it was not started from a command line.
    """
    given = tuple(map(str, config.invocation_params.args))
    words = joined(given)
    apart = [value for option, value in pairwise(given) if option in OWN_OPTIONS]
    if not any(Path(value).exists() for value in apart):
        return
    before = sys.orig_argv[1 : len(sys.orig_argv) - len(given)]
    if [*before, *given] != sys.orig_argv[1:]:
        raise SettingsError(f"write options and values in one word: {' '.join(words)}")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *before, *words])
