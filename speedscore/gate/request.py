"""The options of one gate, read from pytest's configuration and checked. Nothing is run here."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from speedscore.gate.side_arguments import OWN_OPTIONS, joined
from speedscore.text.durations import parse_duration
from speedscore.verdicts.settings import SettingsError, fraction


class GateRequest(msgspec.Struct, frozen=True):
    """What one gate is asked for."""

    base: str | None
    """A git ref or a directory; None for a copy of head."""
    canary: float
    """Share of work that head does in addition; 0 for none."""
    base_python: str
    build: bool
    """Whether each side is built and installed in an environment of its own."""
    only_affected: bool
    """Whether benchmarks that the change cannot have touched are left out."""
    inconclusive_passes: bool
    budget_seconds: float | None
    """None without a limit."""


def read_request(config: pytest.Config) -> GateRequest:
    """Raises SettingsError for what cannot be done, with the option and what was found."""
    canary, base = config.getoption("speedscore_gate_canary"), config.getoption("speedscore_gate")
    if base is not None and not base.strip():
        # A variable that is not set; read as the current folder, head would be compared with itself, and pass.
        raise SettingsError("--gate: name a git ref or a directory, found nothing")
    if canary is not None and base is not None:
        raise SettingsError("--gate-canary compares head with a copy of itself; leave out --gate, or the canary")
    if canary is not None and config.getoption("speedscore_gate_affected"):
        raise SettingsError("--gate-canary compares head with a copy of itself, so --gate-affected would leave out all")
    if config.getoption("dist", "no") != "no" or config.getoption("numprocesses", None):
        raise SettingsError("the sides take turns on this machine: leave out -n (pytest-xdist)")
    return GateRequest(
        base=base,
        canary=0.0 if canary is None else fraction(canary, what="--gate-canary"),
        base_python=str(Path(config.getoption("speedscore_gate_python") or sys.executable).expanduser()),
        build=config.getoption("speedscore_gate_build"),
        only_affected=config.getoption("speedscore_gate_affected"),
        inconclusive_passes=config.getoption("speedscore_gate_inconclusive") == "pass",
        budget_seconds=_budget_seconds(config.getoption("speedscore_gate_time_budget")),
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
