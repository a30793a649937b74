"""The gate's options in pytest: their registration, and whether a session was asked to be a gate.

It imports nothing heavy. The names under which values are stored are prefixed: another project's ``--gate-json`` or the
like would else collide.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from speedscore.gate.options import GATE_OPTIONS


def add_gate_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("speedscore gate", "speedscore: a gate for pull requests")
    for option in GATE_OPTIONS:
        group.addoption(
            option.name,
            dest=_stored_as(option.name),
            default=False if option.is_flag else option.default,
            help=option.help,
            **option.settings,
            **({"type": Path} if option.is_path else {}),
        )


def _stored_as(name: str) -> str:
    return f"speedscore_{name[2:].replace('-', '_')}"


def is_gate(config: pytest.Config) -> bool:
    """Whether this pytest is to be a gate. A side of one is not, whatever the project's own settings say."""
    return _is_asked_for(config) and not config.option.collectonly and not _is_side(config)


def refuse_without_gate(config: pytest.Config) -> None:
    """Raises UsageError where the command line says how to gate and asks for no gate: an ordinary session would leave
    that unread, and pass. A project's settings may say it once for all its gates."""
    if _is_asked_for(config) or _is_side(config):
        return
    for argument in map(str, config.invocation_params.args):
        option = argument.partition("=")[0]
        # Another plugin's option may begin so, too.
        if option.startswith("--gate-") and hasattr(config.option, _stored_as(option)):
            raise pytest.UsageError(
                f"{option}: there is no gate without one of --gate BASE, --gate-canary SIZE and --gate-upgrade "
                f"REQUIREMENT, and nothing would be compared; add one, or leave out {option}"
            )


def _is_asked_for(config: pytest.Config) -> bool:
    option: Any = config.option
    named = (option.speedscore_gate, option.speedscore_gate_canary, option.speedscore_gate_upgrade)
    return any(value is not None for value in named)


def _is_side(config: pytest.Config) -> bool:
    return config.pluginmanager.has_plugin("speedscore_gate_side")
