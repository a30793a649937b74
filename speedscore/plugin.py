"""The one pytest entry point, loaded wherever speedscore is installed: the gate's options, the hooks, and the halves.

A session that asks for none of it pays a few milliseconds: nothing is imported here but pytest. The measuring half, the
judging half and the report of both are loaded only where the benchmarks of the matrix are collected: by the checkout's
own ``conftest.py``, or here, where ``--pyargs speedscore.bench_suite`` names them.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from speedscore.gate.pytest_options import add_gate_options, is_gate, refuse_without_gate

BENCHMARKS = "speedscore.bench_suite"
FLEET = "--fleet"
SUITE_PLUGINS = ("speedscore.bench_suite.plugin", "speedscore.scoring.plugin", "speedscore.report.plugin")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    # Here and not in the halves: another package's plugin that answers these hooks is loaded in every session.
    from speedscore.bench_suite.matrix import hooks as of_measuring
    from speedscore.scoring.rubric import hooks as of_judging

    pluginmanager.add_hookspecs(of_measuring)
    pluginmanager.add_hookspecs(of_judging)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_gate_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Load the halves where the installed benchmarks are named; their options are then known in time. Where they are
    not, say so of an option that would need them."""
    if any(_names_benchmarks(argument) for argument in args):
        from speedscore.host.extras import SUITE, MissingExtraError, require

        try:
            require("suite", *SUITE)
        except MissingExtraError as error:
            raise pytest.UsageError(str(error)) from None
        for half in SUITE_PLUGINS:
            early_config.pluginmanager.import_plugin(half)
    result = yield
    _refuse_fleet_without_benchmarks(parser, args)
    return result


def _refuse_fleet_without_benchmarks(parser: pytest.Parser, args: list[str]) -> None:
    """Raises UsageError for what pytest would only call an unrecognized argument."""
    if not any(argument.startswith(FLEET) for argument in args):
        return
    # A checkout's conftest.py has brought the halves by now, and another plugin may have an option of this name.
    _, unknown = parser.parse_known_and_unknown_args(args)
    for argument in unknown:
        option = argument.partition("=")[0]
        if option == FLEET or option.startswith(f"{FLEET}-"):
            raise pytest.UsageError(
                f"{option}: places the benchmarks of {BENCHMARKS}, which are not collected here. For them, add "
                f"--pyargs {BENCHMARKS}; for benchmarks of your own, a gate: --gate BASE --gate-fleet ADDRESS"
            )


def _names_benchmarks(argument: str) -> bool:
    """Whether an argument is our package of benchmarks or a part of it, by its dotted name or by its path."""
    place = argument.partition("::")[0]
    if place == BENCHMARKS or place.startswith(f"{BENCHMARKS}."):
        return True
    benchmarks = Path(__file__).parent / "bench_suite"
    return not place.startswith("-") and Path(place).absolute().is_relative_to(benchmarks)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """With --gate there is no session here: the sides are pytest processes of their own."""
    if not is_gate(config):
        refuse_without_gate(config)
        return None
    # Imported here because an ordinary session has no use for it.
    from speedscore.gate.pytest_gate import run_gate

    return run_gate(config)
