"""Put the reports of a gate's shares together, as of jobs with --gate-part 1/4 to 4/4, and say what they come to.

Exit codes are those of the gate: 0 passed, 10 regressed, 11 inconclusive, 12 coverage missing, 13 cannot run. A share
of which there is no report makes its cases inconclusive.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from speedscore.gate.part import Part, read_part
from speedscore.gate.parts.merging import merge
from speedscore.gate.parts.part_states import PartState
from speedscore.gate.reporting.progress import say_lines
from speedscore.gate.reporting.report import GateExit, GateReport
from speedscore.gate.reporting.report_building import now_text
from speedscore.gate.reporting.report_file import GateReportError, read_report, write_report
from speedscore.gate.reporting.terminal import terminal_lines
from speedscore.host.files import read_file
from speedscore.text.arguments import examples
from speedscore.text.numbers import short_percent
from speedscore.text.output import COMMAND
from speedscore.verdicts.settings import SettingsError

EXAMPLES = examples(
    f"{COMMAND} merge part-1.json part-2.json part-3.json",
    f"{COMMAND} merge part-*.json --json gate.json --markdown gate.md",
)
ERRORS = (GateReportError,)
_NO_REPORT = "no report of it was given"
_COMMON: dict[str, Callable[[GateReport], str]] = {
    "base": lambda report: report.base.commit[:12] or "no commit",
    "head": lambda report: report.head.commit[:12] or "no commit",
    "size to be found": lambda report: short_percent(report.time.detect),
}
"""What the parts of one gate have in common, as far as they came: one that could not run knows none of it."""


class PartReport(msgspec.Struct, frozen=True):
    """A part's report and where it was read."""

    path: Path
    part: Part
    report: GateReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "reports", nargs="+", type=Path, metavar="REPORT", help="what --gate-json wrote beside --gate-part"
    )
    parser.add_argument("--inconclusive", choices=("fail", "pass"), default="fail", help="its exit code: 11 or 0")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report of all as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write it as Markdown")


def run(options: argparse.Namespace) -> int:
    """Print the one report, write it where that is asked for, and return its exit code.

    Raises GateReportError for a file that is no report of a share, and for shares that are not of one gate.
    """
    report = merged([_read(path) for path in options.reports], inconclusive_passes=options.inconclusive == "pass")
    say_lines(terminal_lines(report))
    return report.exit_code if write_report(report, options.json, options.markdown) else GateExit.CANNOT_RUN


def merged(given: Sequence[PartReport], *, inconclusive_passes: bool) -> GateReport:
    """The report of one gate from those of its parts, at least one. Raises GateReportError where they are not."""
    _check(given)
    by_part = {each.part: each for each in given}
    count = given[0].part.of
    parts = [Part(number, count) for number in range(1, count + 1)]
    machines = {_machine(each.part): each.report.environment for each in given}
    # One that could not run says less of what all have in common.
    first = max(given, key=lambda each: len(each.report.verdicts)).report
    whole = GateReport(
        schema_version=first.schema_version,
        created=now_text(),
        base=first.base,
        head=first.head,
        seconds=max(each.report.seconds for each in given),
        exit_code=GateExit.CANNOT_RUN,
        headline="",
        time=first.time,
        memory=first.memory,
        environment=first.environment if len({*map(repr, machines.values())}) == 1 else {},
        reproduce={case: command for each in given for case, command in each.report.reproduce.items()},
        arguments=first.arguments,
        folder=first.folder,
    )
    known = [
        PartState(part, _machine(part), report=by_part[part].report)
        if part in by_part
        else PartState(part, why_not=_NO_REPORT)
        for part in parts
    ]
    return merge(known, whole=whole, machines=machines, inconclusive_passes=inconclusive_passes)


def _machine(part: Part) -> str:
    """Jobs of continuous integration have machines without a name that anybody knows."""
    return f"machine {part.number} of {part.of}"


def _read(path: Path) -> PartReport:
    try:
        report = read_report(read_file(path), what=str(path))
        return PartReport(path, read_part(report.part), report)
    except OSError as error:
        raise GateReportError(f"{path}: cannot be read ({error.strerror})") from None
    except SettingsError:
        found = f"one of share {report.part!r}" if report.part else "one of a whole gate"
        raise GateReportError(f"{path}: expected the report of a gate with --gate-part, found {found}") from None


def _check(given: Sequence[PartReport]) -> None:
    first, *others = given
    seen = {first.part: first}
    for each in others:
        if each.part.of != first.part.of:
            raise GateReportError(
                f"{each.path}: expected a share of {first.part.of}, as in {first.path}, found {each.part}"
            )
        if each.part in seen:
            raise GateReportError(f"share {each.part} stands in {seen[each.part].path} and in {each.path}: give one")
        seen[each.part] = each
    begun = [each for each in given if each.report.all_cases]
    for what, read in _COMMON.items():
        for each in begun[1:]:
            if read(each.report) != read(begun[0].report):
                raise GateReportError(
                    f"{each.path}: expected the {what} of {begun[0].path}, {read(begun[0].report)}, found "
                    f"{read(each.report)}"
                )
