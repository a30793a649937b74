"""``speedscore facts collect``: ask the sources of one project or of all, and write what they gave as new snapshots.

The report says of each project what was found, what was not and why, which source refused and why, and what was
written. A fact that no source gave is not written, nor one that the rubric has no key for. Exit codes: 0 all answered;
1 written, but a source refused; 2 nothing written.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from speedscore.scoring.collecting import github, packages
from speedscore.scoring.collecting.collected import Collected, CollectedFact, CollectError
from speedscore.scoring.collecting.package_lists import read_lists
from speedscore.scoring.collecting.projects import Project, known_projects
from speedscore.scoring.collecting.snapshot_file import Heading, snapshot_path, write_snapshot
from speedscore.scoring.collecting.sources import Asking, sources_of
from speedscore.scoring.facts import calendar
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshot
from speedscore.scoring.rubric.rubric import Rubric, RubricError, load_rubric
from speedscore.text.cleaning import one_line
from speedscore.text.output import COMMAND, write

NAME = f"{COMMAND} facts collect"


class _Outcome(msgspec.Struct, frozen=True):
    """What became of one project."""

    name: str
    refused: tuple[tuple[str, str], ...]
    """Each source that refused, or ``snapshot`` where it could not be written, and its reason."""
    written: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add those of ``collect``, and say what is to be called."""
    parser.add_argument("framework", metavar="FRAMEWORK", nargs="?", help="by fixture folder, as in flax")
    parser.add_argument("--all", action="store_true", help="every framework and layer that has fixtures")
    parser.add_argument("--clone", type=Path, metavar="PATH", help="a git clone with its full history and tags")
    parser.add_argument("--clones", type=Path, metavar="FOLDER", help="a folder of clones, each by its project's name")
    parser.add_argument("--package", metavar="NAME", help="its name on the package index")
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="on GitHub; a token in the variable GITHUB_TOKEN gives more"
    )
    parser.add_argument(
        "--package-list",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="a table of all packages (CSV), or the monthly list of downloads (JSON); may be given twice",
    )
    parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="last day that counts (UTC); default: today")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: fixtures/ecosystem of this checkout")
    parser.add_argument("--index", default=packages.PYPI, metavar="URL", help="a simple API; default: %(default)s")
    parser.set_defaults(act=run)


def run(options: argparse.Namespace) -> int:
    """Collect, write and tell. Returns the exit code."""
    now = calendar.now()
    try:
        return _collect(options, until=options.until or now.date(), now=now)
    except (CollectError, FactError, RubricError) as error:
        _complain(str(error))
        return 2


def _collect(options: argparse.Namespace, *, until: datetime.date, now: datetime.datetime) -> int:
    if until > now.date():
        raise CollectError(f"--until {until} lies in the future; today is {now.date()} (UTC)")
    rubric = load_rubric()
    folder = _folder(options.out)
    chosen = _chosen(options, folder=folder, rubric=rubric)
    asking = Asking(
        until=until,
        now=now,
        index=options.index,
        lists=read_lists(options.package_list, until=until),
        clones=options.clones,
        say=_complain,
    )
    if not options.all:
        # Before anything is asked.
        snapshot_path(folder, chosen[0].framework, until=until)
    outcomes = [_refresh(project, asking, folder=folder, rubric=rubric) for project in chosen]
    written = sum(outcome.written for outcome in outcomes)
    if options.all:
        _say(f"{written} of {len(outcomes)} projects written{'' if options.clones else '; without --clones no clone'}")
    refused = _refusals(outcomes)
    if not written:
        raise CollectError(f"nothing is written; {refused or 'nothing was found'}")
    if refused:
        _complain(f"{refused}. To collect a project again, remove what was written of it")
    return 1 if refused else 0


def _refusals(outcomes: Iterable[_Outcome]) -> str:
    """What was refused: of one refusal the reason, of several where they were. Empty where there was none."""
    refused = {outcome.name: outcome.refused for outcome in outcomes if outcome.refused}
    if sum(map(len, refused.values())) == 1:
        ((name, ((source, reason),)),) = refused.items()
        return f"refused: {name}, {source}: {reason}"
    listed = "; ".join(f"{name} ({', '.join(source for source, _ in sources)})" for name, sources in refused.items())
    return f"refused: {listed}; the report says why" if listed else ""


def _chosen(options: argparse.Namespace, *, folder: Path, rubric: Rubric) -> tuple[Project, ...]:
    """The projects that were named, each with the places to ask. Raises CollectError where none can be told."""
    given = {name: getattr(options, name) for name in ("clone", "package", "repository")}
    given = {name: value for name, value in given.items() if value is not None}
    known = _known(folder, rubric=rubric)
    if options.all:
        if options.framework is not None or given:
            raise CollectError("--all takes no FRAMEWORK, --clone, --package or --repository; say --clones FOLDER")
        return tuple(known.values())
    framework = options.framework
    if framework is None:
        raise CollectError("which project? Name one by its fixture folder, as in flax, or say --all")
    if options.repository is not None:
        github.checked_name(options.repository)
    named = given or options.clones is not None or options.package_list
    if framework not in known and not named:
        raise CollectError(
            f"no source is named, and no snapshot of {framework} says any; give --clone, --package or --repository"
        )
    project = known.get(framework) or Project(heading=Heading(framework=framework, name=framework, role="framework"))
    # Where a source is named, that one is asked and no other.
    asked = frozenset(given) & project.asked if named else project.asked
    return (msgspec.structs.replace(project, asked=asked, **given),)


def _known(folder: Path, *, rubric: Rubric) -> dict[str, Project]:
    """The projects of the fixtures, and of the folder that is written to."""
    places = dict.fromkeys(place.resolve() for place in (fixtures_folder() / "ecosystem", folder))
    paths = [path for place in places for path in place.glob("*/*.toml")]
    return known_projects(load_snapshot(path, keys=rubric.facts, topics=rubric.topics) for path in paths)


def _refresh(project: Project, asking: Asking, *, folder: Path, rubric: Rubric) -> _Outcome:
    """Ask every source of one project, write its snapshot and tell all of it."""
    name, framework = project.heading.name, project.framework
    _say(f"{name}, counted to {asking.until}")
    if not project.is_known:
        _say(f"  note       no snapshot of {framework} yet: name {name!r} and role 'framework' are assumed")
    refused: list[tuple[str, str]] = []
    facts: list[CollectedFact] = []

    def refuse(source: str, error: CollectError) -> None:
        _say(f"  refused    {source}: {error}")
        refused.append((source, str(error)))

    try:
        path = snapshot_path(folder, framework, until=asking.until)
        for source in sources_of(project, asking):
            try:
                facts += _tell(source.ask(), rubric=rubric)
            except CollectError as error:
                refuse(source.name, error)
        if facts:
            command = f"{NAME} {framework}"
            write_snapshot(path, project.heading, facts, rubric=rubric, today=asking.now.date(), command=command)
        _say(f"  written    {path} ({len(facts)} facts)" if facts else "  written    nothing")
    except CollectError as error:
        refuse("snapshot", error)
        facts = []
    return _Outcome(name=name, refused=tuple(refused), written=bool(facts))


def _tell(collected: Collected, *, rubric: Rubric) -> list[CollectedFact]:
    """Print what came of one source, and return what the rubric has a key for."""
    kept = []
    for fact in collected.facts:
        known = rubric.facts.get(fact.key)
        fits = known is not None and known.unit == fact.unit
        verb, remark = ("found", "") if fits else ("note", "  (not written: no key of the rubric fits)")
        _say(f"  {verb:<9}  {fact.key} = {fact.value:,.10g} {fact.unit}, {fact.as_of}  [{fact.source}]{remark}")
        if fits:
            kept.append(fact)
    for missing in collected.missing:
        _say(f"  not found  {missing.key}: {missing.reason}")
    for note in collected.notes:
        _say(f"  note       {note}")
    return kept


def _say(line: str) -> None:
    # Where nobody reads it any more, the snapshot is still written.
    write(f"{one_line(line)}\n", what="report")


def _complain(text: str) -> None:
    print(f"{NAME}: {one_line(text)}", file=sys.stderr, flush=True)


def _folder(out: Path | None) -> Path:
    """Where snapshots go. Raises CollectError where the default would be inside an installed package."""
    if out is not None:
        return out
    fixtures = fixtures_folder()
    # In a checkout it is a link to the folder at the top.
    if not fixtures.is_symlink():
        raise CollectError("an installed package's own fixtures are not added to; say --out FOLDER")
    return fixtures / "ecosystem"


def _day(text: str) -> datetime.date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not YYYY-MM-DD")
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date ({error})") from None
