"""Compare this checkout with another, its benchmarks in lockstep. The same as pytest --benchmark-only --gate BASE.

Exit codes: 0 passed, 10 regressed, 11 inconclusive, 12 coverage missing, 13 cannot run, 14 a claim is not supported.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator

import pytest

from speedscore.gate.options import GATE_OPTIONS
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND

EXAMPLES = examples(
    f"{COMMAND} gate origin/main",
    f"{COMMAND} gate origin/main --detect 3% --time-budget 10m -- tests/benchmarks",
    f'{COMMAND} gate main --claim "test_parse faster 10%"',
    f"{COMMAND} gate --canary 5%",
    f"{COMMAND} gate --upgrade jax==0.8.0",
    f"{COMMAND} gate origin/main --fleet 10.0.0.1:6379",
)


class NothingToCompareError(ValueError):
    """Neither a base nor a canary nor an upgrade was named. All else that can be wrong is said by the gate itself."""


class PytestArgumentsError(ValueError):
    """The text with pytest's arguments has a quote that does not end."""


ERRORS = (NothingToCompareError, PytestArgumentsError)
_HELP = {
    "python": None,
    "upgrade": "compare the present environment with one that has this requirement, as jax==0.8.0, or what a "
    "requirements file says; may be repeated",
    "blame": "find the package of the upgrade that made it slower",
    "build": "build each side into an environment of its own",
    "affected": "leave out benchmarks that the change cannot touch",
    "detect": "the slowdown to be found, as 3%% (default: 5%%)",
    "claim": 'judge a claim about the change, as "test_parse faster 10%%"; may be given several times',
    "inconclusive": "its exit code: 11 (default) or 0",
    "canary": "add work of this size to a copy of head, and see it found",
    "time-budget": "end after this time with the verdicts so far: 10m",
    "json": None,
    "markdown": None,
    "why": "whether to look where regressions come from (default: yes)",
    "fleet": "share the cases out over the equal machines of a Ray cluster, as HEAD:PORT",
    "fleet-logs": "keep here what the gates on the machines print, a file for each share",
    "fleet-machines": "how many machines the cluster has; so many are waited for",
    "fleet-packages": "install on each machine what it lacks of the packages that are installed here",
}
"""The options of a gate that the command has, with its help, which is shorter than pytest's; None where it is that."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [BASE] [options] [-- pytest arguments]"
    parser.add_argument(
        "base", nargs="?", metavar="BASE", help="a git ref or a directory; none with --canary or --upgrade"
    )
    options = {option.name: option for option in GATE_OPTIONS}
    for name, shorter in _HELP.items():
        option = options[f"--gate-{name}"]
        parser.add_argument(f"--{name}", help=shorter or option.help, **option.settings)
    parser.add_argument(
        "--pytest-args",
        metavar="TEXT",
        default="",
        help="pytest arguments in one text with quotes as in a shell, as a variable of continuous integration holds "
        "them; what stands after -- comes behind them",
    )


def run(options: argparse.Namespace) -> int:
    """Gate, and return its exit code: 0 passed, 10 regressed, 11 inconclusive, 12 coverage missing, 13 cannot run,
    14 a claim is not supported.

    Raises NothingToCompareError, PytestArgumentsError.
    """
    if options.base is None and not options.canary and not any(options.upgrade or ()):
        raise NothingToCompareError(
            "gate: compare with what? Name BASE, a git ref or a directory, or --upgrade REQUIREMENT, or --canary SIZE"
        )
    return int(pytest.main(pytest_words(options)))


def pytest_words(options: argparse.Namespace) -> list[str]:
    """The command line for pytest, each option with its value in one word.

    pytest looks for its rootdir before it knows our options, and would take a folder that stands alone, as BASE may be,
    for one that holds tests. An option without a value, as a variable that is not set leaves it, is not given. Raises
    PytestArgumentsError.
    """
    try:
        split = shlex.split(options.pytest_args)
    except ValueError as error:
        raise PytestArgumentsError(
            f"--pytest-args: expected words with quotes as in a shell, found {options.pytest_args!r} ({error})"
        ) from None
    base = [] if options.base is None else [f"--gate={options.base}"]
    return ["--benchmark-only", *base, *_gate_words(options), *split, *options.pytest_arguments]


def _gate_words(options: argparse.Namespace) -> Iterator[str]:
    for name in _HELP:
        given = getattr(options, name.replace("-", "_"))
        if given is True:
            yield f"--gate-{name}"
        else:
            values = given if isinstance(given, list) else [given]
            yield from (f"--gate-{name}={value}" for value in values if value)
