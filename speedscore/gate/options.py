"""The options of ``pytest --gate``, each once: for pytest, for the command ``gate``, and for a side's command line.

It registers nothing and imports nothing heavy: it is loaded in every session of pytest.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class GateOption(NamedTuple):
    """One, as argparse and pytest both take it; a flag where it has neither a name for its value nor choices."""

    name: str
    """As pytest has it. ``speedscore gate`` leaves out ``gate-``."""
    help: str
    metavar: str | None = None
    choices: tuple[str, ...] | None = None
    default: str | None = None
    is_path: bool = False
    is_repeatable: bool = False

    @property
    def is_flag(self) -> bool:
        return self.metavar is None and self.choices is None

    @property
    def settings(self) -> dict[str, Any]:
        """What a parser is told of it beside its help and its default."""
        if self.is_flag:
            return {"action": "store_true"}
        value = {"choices": self.choices} if self.choices else {"metavar": self.metavar}
        return value | ({"action": "append"} if self.is_repeatable else {})


GATE_OPTIONS = (
    GateOption(
        "--gate",
        "compare this checkout with BASE, a git ref or a directory, instead of running tests; exit codes: 0 "
        "passed, 10 regressed, 11 inconclusive, 12 coverage missing, 13 cannot run, 14 a claim is not supported",
        metavar="BASE",
    ),
    GateOption("--gate-python", "the interpreter of BASE (default: this one)", metavar="PYTHON"),
    GateOption(
        "--gate-upgrade",
        "instead of comparing with BASE, compare the present environment with one that has this requirement, as "
        "jax==0.8.0, or what a requirements file says; may be repeated",
        metavar="REQUIREMENT",
        is_repeatable=True,
    ),
    GateOption(
        "--gate-blame",
        "with --gate-upgrade: find the package that made the worst regression, by further gates",
    ),
    GateOption(
        "--gate-build",
        "build each side's projects into an environment of its own, which sees this one's other packages: for "
        "extension modules, and wherever a side would else import an installed copy",
    ),
    GateOption(
        "--gate-detect",
        "the slowdown to be found, as 3%% (default: 5%%, or [tool.speedscore.gate])",
        metavar="SIZE",
    ),
    GateOption(
        "--gate-claim",
        'say whether a claim about the change holds: "test_parse faster 10%%", "test_parse faster at least 1.3x", '
        '"test_io unchanged"; may be given several times; exit code 14 where all else passed and one is not supported',
        metavar="CLAIM",
        is_repeatable=True,
    ),
    GateOption(
        "--gate-inconclusive",
        "what an inconclusive case makes of the exit code: 11 (default) or 0",
        choices=("fail", "pass"),
        default="fail",
    ),
    GateOption(
        "--gate-affected",
        "leave out the benchmarks of test files that import, open and list nothing that differs; each is named "
        "with the reason",
    ),
    GateOption(
        "--gate-canary",
        "instead of comparing with BASE, add work of this size to a copy of this checkout and see it found",
        metavar="SIZE",
    ),
    GateOption(
        "--gate-fleet",
        "share the cases out over the equal machines of a Ray cluster, each case on one machine: local, auto, "
        "HEAD:PORT or ray://HEAD:PORT",
        metavar="ADDRESS",
    ),
    GateOption(
        "--gate-fleet-logs",
        "keep here what each share's gate and its sides print on their machine, in one file for each time that a share "
        "is placed",
        metavar="FOLDER",
    ),
    GateOption(
        "--gate-fleet-machines",
        "how many machines the cluster has: wait until so many have answered, for three minutes, or an hour while "
        "another job holds one; fewer are an error",
        metavar="N",
    ),
    GateOption(
        "--gate-fleet-packages",
        "have the packages that are installed here, in the same versions, on each machine of the fleet: what one lacks "
        "is installed there, beside its own",
    ),
    GateOption(
        "--gate-part",
        "gate only share K of N, as one job of several; speedscore merge joins the reports. Error rates are those of "
        "the whole gate. Without jobs of your own, take --gate-fleet",
        metavar="K/N",
    ),
    GateOption(
        "--gate-why",
        "whether regressed cases are run once more under a profiler, to name the functions and operations whose "
        "time grew (default: yes)",
        choices=("yes", "no"),
        default="yes",
    ),
    GateOption(
        "--gate-time-budget",
        "end after this time with the verdicts so far: 90s, 10m, 1h30m",
        metavar="TIME",
    ),
    GateOption("--gate-json", "write the report as JSON", metavar="FILE", is_path=True),
    GateOption("--gate-markdown", "write the report as Markdown", metavar="FILE", is_path=True),
)
