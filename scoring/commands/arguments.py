"""What ``card``, ``trace`` and ``whatif`` are asked alike: runs, snapshot, weights and frameworks, and what these name.

A framework is found by its fixture folder, its name for people, its package, or a line of the matrix that a run
measured, upper and lower case alike. Nothing is judged here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from speedscore.record.run_file import RunFileError, load_run
from speedscore.scoring.evidence.evidence import Evidence, EvidenceError, NamedRun
from speedscore.scoring.evidence.shipped import gather_evidence, read_snapshots
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.rubric.rubric import Rubric, RubricError
from speedscore.text.suggestions import did_you_mean

ERRORS: tuple[type[Exception], ...] = (FactError, RubricError, EvidenceError, RunFileError)
"""For facts, a rubric, runs and names that cannot be used."""
_WIDTH_DIGITS = 4
FRAMEWORK_HELP = "as in jax or PyTorch"


def add_evidence(parser: argparse.ArgumentParser) -> None:
    """The options that say from which runs and facts, and by which weights."""
    add_runs(parser, what="saved runs")
    add_facts(parser)
    add_judging(parser)
    add_width(parser)


def add_width(parser: argparse.ArgumentParser) -> None:
    # Here, for it loads NumPy, and commands without a width have other uses where that is missing.
    from speedscore.scoring.cards import terminal_width

    parser.add_argument(
        "--width", type=_width, default=terminal_width(), metavar="CHARACTERS", help="of what is printed"
    )


def add_judging(parser: argparse.ArgumentParser) -> None:
    """The options that say to which month the facts are known, and how they are weighed."""
    parser.add_argument(
        "--snapshot",
        metavar="YYYY-MM",
        help="facts known by then, their ages counted to then; default: the newest snapshot, and today",
    )
    parser.add_argument("--weights", metavar="DIMENSION=NUMBER,…", help="as in performance=3,production=2")
    parser.add_argument("--policy", type=Path, metavar="FILE.toml", help="a [policy] and [weights] of one's own")


def _width(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= _WIDTH_DIGITS and int(text)):
        raise argparse.ArgumentTypeError(f"expected characters from 1 to 9,999, found {text!r}")
    return int(text)


def add_runs(parser: argparse.ArgumentParser, *, what: str) -> None:
    parser.add_argument("--run", nargs="+", action="extend", type=Path, default=[], metavar="RUN.json", help=what)


def add_facts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--facts",
        action="append",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="more snapshots, as FOLDER/<framework>/<YYYY-MM>.toml",
    )


def read_evidence(rubric: Rubric, options: argparse.Namespace) -> tuple[Evidence, list[str]]:
    """Runs and facts, and the frameworks that were named, else all, by fixture folder.

    Raises one of ``ERRORS``: EvidenceError for a framework of which nothing is known.
    """
    snapshots = read_snapshots(rubric, options.facts)
    evidence = gather_evidence(
        rubric,
        snapshots,
        month=options.snapshot,
        runs=[NamedRun(name=str(path), record=load_run(path)) for path in dict.fromkeys(options.run)],
    )
    return evidence, find_frameworks(options.framework, evidence, snapshots) or list(evidence.frameworks())


def find_frameworks(named: Sequence[str], evidence: Evidence, snapshots: Iterable[Snapshot]) -> list[str]:
    """The fixture folders of what was named, each once. Raises EvidenceError where nothing is known by that name."""
    known = {*evidence.names, *evidence.measured_frameworks()}
    aliases = {
        name.casefold(): framework
        for framework, name in _aliases(evidence, snapshots)
        # An older snapshot may not know a framework yet.
        if framework in known and name
    }
    for name in named:
        if name.casefold() not in aliases:
            raise EvidenceError(
                f"unknown framework {name!r} in snapshot {evidence.snapshot}; there are {', '.join(sorted(known))}"
                f"{did_you_mean(name, aliases)}"
            )
    return list(dict.fromkeys(aliases[name.casefold()] for name in named))


def _aliases(evidence: Evidence, snapshots: Iterable[Snapshot]) -> Iterable[tuple[str, str]]:
    """(framework, a name of it); the folder's own name last, which counts where another has the same."""
    for device in evidence.measured:
        yield from ((measured.case.ecosystem, measured.case.framework) for measured in evidence.measured[device])
    for ecosystem, asked in evidence.probes.items():
        yield from ((ecosystem, each.probe.framework) for each in asked)
    for snapshot in snapshots:
        yield snapshot.framework, snapshot.package
        yield snapshot.framework, snapshot.name
    yield from ((framework, framework) for framework in (*evidence.measured_frameworks(), *evidence.names))
