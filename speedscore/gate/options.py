"""What ``pytest --gate`` may be told. It imports nothing heavy.

The names under which values are stored are prefixed: another project's ``--gate-json`` or the like would else collide.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def add_gate_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("speedscore gate", "speedscore: a gate for pull requests")
    group.addoption(
        "--gate",
        dest="speedscore_gate",
        default=None,
        metavar="BASE",
        help="compare this checkout with BASE, a git ref or a directory, instead of running tests; exit codes: 0 "
        "passed, 10 regressed, 11 inconclusive, 12 coverage missing, 13 cannot run, 14 a claim is not supported",
    )
    group.addoption(
        "--gate-python",
        dest="speedscore_gate_python",
        default=None,
        metavar="PYTHON",
        help="the interpreter of BASE (default: this one)",
    )
    group.addoption(
        "--gate-upgrade",
        dest="speedscore_gate_upgrade",
        action="append",
        default=None,
        metavar="REQUIREMENT",
        help="instead of comparing with BASE, compare the present environment with one that has this requirement, as "
        "jax==0.8.0, or what a requirements file says; may be repeated",
    )
    group.addoption(
        "--gate-blame",
        dest="speedscore_gate_blame",
        action="store_true",
        default=False,
        help="with --gate-upgrade: find the package that made the worst regression, by further gates",
    )
    group.addoption(
        "--gate-build",
        dest="speedscore_gate_build",
        action="store_true",
        default=False,
        help="build each side's projects into an environment of its own, which sees this one's other packages: for "
        "extension modules, and wherever a side would else import an installed copy",
    )
    group.addoption(
        "--gate-detect",
        dest="speedscore_gate_detect",
        default=None,
        metavar="SIZE",
        help="the slowdown to be found, as 3%% (default: 5%%, or [tool.speedscore.gate])",
    )
    group.addoption(
        "--gate-claim",
        dest="speedscore_gate_claim",
        action="append",
        default=[],
        metavar="CLAIM",
        help='say whether a claim about the change holds: "test_parse faster 10%%", "test_parse faster at least 1.3x", '
        '"test_io unchanged"; may be given several times; exit code 14 where all else passed and one is not supported',
    )
    group.addoption(
        "--gate-inconclusive",
        dest="speedscore_gate_inconclusive",
        default="fail",
        choices=("fail", "pass"),
        help="what an inconclusive case makes of the exit code: 11 (default) or 0",
    )
    group.addoption(
        "--gate-affected",
        dest="speedscore_gate_affected",
        action="store_true",
        default=False,
        help="leave out the benchmarks of test files that import, open and list nothing that differs; each is named "
        "with the reason",
    )
    group.addoption(
        "--gate-canary",
        dest="speedscore_gate_canary",
        default=None,
        metavar="SIZE",
        help="instead of comparing with BASE, add work of this size to a copy of this checkout and see it found",
    )
    group.addoption(
        "--gate-fleet",
        dest="speedscore_gate_fleet",
        default=None,
        metavar="ADDRESS",
        help="share the cases out over the equal machines of a Ray cluster, each case on one machine: local, auto, "
        "HEAD:PORT or ray://HEAD:PORT",
    )
    group.addoption(
        "--gate-part",
        dest="speedscore_gate_part",
        default=None,
        metavar="K/N",
        help="gate the K-th of N shares of the cases, with the error rates of a gate of all; --gate-fleet does that",
    )
    group.addoption(
        "--gate-why",
        dest="speedscore_gate_why",
        default="yes",
        choices=("yes", "no"),
        help="whether regressed cases are run once more under a profiler, to name the functions and operations whose "
        "time grew (default: yes)",
    )
    group.addoption(
        "--gate-time-budget",
        dest="speedscore_gate_time_budget",
        default=None,
        metavar="TIME",
        help="end after this time with the verdicts so far: 90s, 10m, 1h30m",
    )
    group.addoption(
        "--gate-json",
        dest="speedscore_gate_json",
        type=Path,
        default=None,
        metavar="FILE",
        help="write the report as JSON",
    )
    group.addoption(
        "--gate-markdown",
        dest="speedscore_gate_markdown",
        type=Path,
        default=None,
        metavar="FILE",
        help="write the report as Markdown",
    )


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
        if option.startswith("--gate-") and hasattr(config.option, f"speedscore_{option[2:].replace('-', '_')}"):
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
