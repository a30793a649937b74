"""What ``pytest --gate`` may be told. Loaded in every pytest session, so it imports nothing heavy and does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def add_gate_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("speedscore gate", "speedscore: a gate for pull requests")
    group.addoption(
        "--gate",
        default=None,
        metavar="BASE",
        help="compare this checkout with BASE, a git ref or a directory, instead of running tests; exit codes: 0 "
        "passed, 10 regressed, 11 inconclusive, 12 coverage missing, 13 cannot run",
    )
    group.addoption("--gate-python", default=None, metavar="PYTHON", help="the interpreter of BASE (default: this one)")
    group.addoption(
        "--gate-detect",
        default=None,
        metavar="SIZE",
        help="the slowdown to be found, as 3%% (default: 5%%, or [tool.speedscore.gate])",
    )
    group.addoption(
        "--gate-inconclusive",
        default="fail",
        choices=("fail", "pass"),
        help="what an inconclusive case makes of the exit code: 11 (default) or 0",
    )
    group.addoption(
        "--gate-canary",
        default=None,
        metavar="SIZE",
        help="instead of comparing with BASE, add work of this size to a copy of this checkout and see it found",
    )
    group.addoption("--gate-json", type=Path, default=None, metavar="FILE", help="write the report as JSON")
    group.addoption("--gate-markdown", type=Path, default=None, metavar="FILE", help="write the report as Markdown")


def is_gate(config: pytest.Config) -> bool:
    """Whether this pytest is to be a gate. A side of one is not, whatever the project's own settings say."""
    option: Any = config.option
    asked = option.gate is not None or option.gate_canary is not None
    return asked and not option.collectonly and not config.pluginmanager.has_plugin("speedscore_gate_side")
