"""Draw a badge of a gate's verdict, or of a framework's Speed Score in saved runs: as SVG and as JSON for shields.io.

Nothing is measured.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from speedscore.gate.reporting.report import GateExit
from speedscore.gate.reporting.report_file import GateReportError, read_report
from speedscore.host.files import read_file, write_file
from speedscore.record.run_file import RunFileError
from speedscore.scoring.commands import arguments
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import load_rubric
from speedscore.scoring.scores.score_report import build_report
from speedscore.text.arguments import examples
from speedscore.text.badge import Badge, Colour
from speedscore.text.output import COMMAND, write

EXAMPLES = examples(
    f"{COMMAND} badge gate.json -o badge.svg",
    f"{COMMAND} badge RUN.json PROBES.json --framework jax -o badge.svg badge.json",
)


class BadgeError(ValueError):
    """The badge cannot be drawn. The message is one line."""


ERRORS = (*arguments.ERRORS, BadgeError, GateReportError)
_VERDICTS = {
    GateExit.PASSED: ("passed", Colour.GOOD),
    GateExit.REGRESSED: ("regressed", Colour.BAD),
    GateExit.INCONCLUSIVE: ("inconclusive", Colour.DOUBTFUL),
    GateExit.COVERAGE_MISSING: ("coverage missing", Colour.BAD),
    GateExit.CANNOT_RUN: ("cannot run", Colour.UNKNOWN),
    GateExit.CLAIM_NOT_SUPPORTED: ("claim not supported", Colour.DOUBTFUL),
}
_WRITERS = {".svg": Badge.svg, ".json": Badge.endpoint}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="FILE", help="what --gate-json wrote, or saved runs, scored together"
    )
    parser.add_argument("--framework", metavar="NAME", help=f"whose score, {arguments.FRAMEWORK_HELP}; of saved runs")
    parser.add_argument("--label", metavar="TEXT", help="the left half (default: speed gate, or whose score it is)")
    parser.add_argument(
        "-o", "--output", nargs="+", type=Path, required=True, metavar="FILE", help="one that ends in .svg or .json"
    )
    arguments.add_facts(parser)
    arguments.add_judging(parser)


def run(options: argparse.Namespace) -> int:
    """Write the badge, and return 0 once it is said what is on it."""
    for path in options.output:
        if path.suffix not in _WRITERS:
            raise BadgeError(f"{path}: expected a name that ends in .svg or .json")
        if path.resolve() in {source.resolve() for source in options.sources}:
            raise BadgeError(f"{path}: this is the file that is read; name another for the badge")
    badge = _of_gate(options) if any(map(_is_gate, options.sources)) else _of_runs(options)
    if options.label is not None:
        badge = msgspec.structs.replace(badge, label=options.label)
    for path in options.output:
        try:
            write_file(path, _WRITERS[path.suffix](badge))
        except OSError as error:
            raise BadgeError(f"{path}: not written ({error.strerror})") from None
    return write(f"{badge.label}: {badge.message}\n", what="badge")


def _is_gate(path: Path) -> bool:
    """Whether it is a gate's report and no saved run. Raises RunFileError for a file that cannot be read at all."""
    try:
        keys = msgspec.json.decode(read_file(path), type=dict[str, msgspec.Raw]).keys()
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read ({error.strerror}); name a gate's report or a saved run") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return "headline" in keys


def _of_gate(options: argparse.Namespace) -> Badge:
    source, *others = sorted(options.sources, key=_is_gate, reverse=True)
    if options.framework is not None:
        raise BadgeError(f"{source} is a gate's report, which scores no framework; leave out --framework")
    if others:
        raise BadgeError(f"{source} is a gate's report, of which a badge shows one; leave out {others[0]}")
    report = read_report(read_file(source), what=str(source))
    try:
        message, colour = _VERDICTS[GateExit(report.exit_code)]
    except ValueError:
        raise BadgeError(
            f"{source}: expected an exit code of a gate ({', '.join(str(int(each)) for each in GateExit)}), "
            f"found {report.exit_code}"
        ) from None
    return Badge(label="speed gate", message=message, colour=colour)


def _of_runs(options: argparse.Namespace) -> Badge:
    if options.framework is None:
        raise BadgeError(f"whose score of {options.sources[0]}? Name it: --framework jax")
    overridden = apply_overrides(load_rubric(), weights=options.weights, policy=options.policy)
    asked = argparse.Namespace(
        run=options.sources, framework=[options.framework], facts=options.facts, snapshot=options.snapshot
    )
    evidence, frameworks = arguments.read_evidence(overridden.rubric, asked)
    report = build_report(overridden.rubric, evidence, frameworks=frameworks, departures=overridden.departures)
    if not report.cards:
        raise BadgeError(f"{options.framework} is a layer on top of a framework, and has a grade and no score")
    (card,) = report.cards
    label = f"{card.name} Speed Score"
    if card.speed_score is None:
        return Badge(label=label, message="unknown", colour=Colour.UNKNOWN)
    # Weights or a policy of one's own give a score that is not everybody's.
    own = ", own weights" if report.departures else ""
    return Badge(label=label, message=f"{card.speed_score:.1f} of 10{own}", colour=Colour.PLAIN)
