"""Compare this checkout with another, its benchmarks in lockstep. The same as pytest --benchmark-only --gate BASE.

Exit codes: 0 passed, 10 regressed, 11 inconclusive, 12 coverage missing, 13 cannot run, 14 a claim is not supported.
"""

from __future__ import annotations

import argparse
import shlex

import pytest

from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND

EXAMPLES = examples(
    f"{COMMAND} gate origin/main",
    f"{COMMAND} gate origin/main --detect 3% --time-budget 10m -- tests/benchmarks -k encode",
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
_FLAGS = ("affected", "blame", "build")
_OPTIONS = ("python", "detect", "inconclusive", "canary", "time_budget", "json", "markdown", "why", "fleet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [BASE] [options] [-- pytest arguments]"
    parser.add_argument(
        "base", nargs="?", metavar="BASE", help="a git ref or a directory; none with --canary or --upgrade"
    )
    parser.add_argument("--python", metavar="PYTHON", help="the interpreter of BASE (default: this one)")
    parser.add_argument(
        "--upgrade",
        action="append",
        metavar="REQUIREMENT",
        help="compare the present environment with one that has this requirement, as jax==0.8.0, or what a "
        "requirements file says; may be repeated",
    )
    parser.add_argument("--blame", action="store_true", help="find the package of the upgrade that made it slower")
    parser.add_argument("--build", action="store_true", help="build each side into an environment of its own")
    parser.add_argument("--affected", action="store_true", help="leave out benchmarks that the change cannot touch")
    parser.add_argument("--detect", metavar="SIZE", help="the slowdown to be found, as 3%% (default: 5%%)")
    parser.add_argument(
        "--claim",
        action="append",
        default=[],
        metavar="CLAIM",
        help='judge a claim about the change, as "test_parse faster 10%%"; may be given several times',
    )
    parser.add_argument("--inconclusive", choices=("fail", "pass"), help="its exit code: 11 (default) or 0")
    parser.add_argument("--canary", metavar="SIZE", help="add work of this size to a copy of head, and see it found")
    parser.add_argument("--time-budget", metavar="TIME", help="end after this time with the verdicts so far: 10m")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON")
    parser.add_argument("--markdown", metavar="FILE", help="write the report as Markdown")
    parser.add_argument(
        "--why", choices=("yes", "no"), help="whether to look where regressions come from (default: yes)"
    )
    parser.add_argument(
        "--fleet", metavar="ADDRESS", help="share the cases out over the equal machines of a Ray cluster, as HEAD:PORT"
    )
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
    if options.base is None and options.canary is None and options.upgrade is None:
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
    given = {name: value for name in _OPTIONS if (value := getattr(options, name))}
    words = [f"--gate-{name.replace('_', '-')}={value}" for name, value in given.items()]
    claims = [f"--gate-claim={claim}" for claim in options.claim if claim]
    base = [] if options.base is None else [f"--gate={options.base}"]
    flags = [f"--gate-{name}" for name in _FLAGS if getattr(options, name)]
    upgrade = [f"--gate-upgrade={text}" for text in options.upgrade or ()]
    return ["--benchmark-only", *base, *upgrade, *flags, *words, *claims, *split, *options.pytest_arguments]
