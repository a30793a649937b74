"""``speedscore facts collect``: ask the sources that were named, and write what they gave as a new snapshot.

It says what was found, what was not and why. A fact that no source gave is not written, nor one that the rubric has no
key for. Exit codes: 0 written; 1 written, but a source that was named gave nothing; 2 nothing written.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from speedscore.scoring.collecting import git_history, github, github_api, packages
from speedscore.scoring.collecting.collected import Collected, CollectedFact, CollectError
from speedscore.scoring.collecting.snapshot_file import Heading, snapshot_path, write_snapshot
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshot
from speedscore.scoring.rubric.rubric import Rubric, RubricError, load_rubric
from speedscore.text.output import COMMAND, write

NAME = f"{COMMAND} facts collect"
_Source = tuple[str, Callable[[], Collected]]
"""The option that names it, and the way to ask it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add those of ``collect``, and say what is to be called."""
    parser.add_argument("framework", metavar="FRAMEWORK", help="by fixture folder, as in flax")
    parser.add_argument("--clone", type=Path, metavar="PATH", help="a git clone with its full history and tags")
    parser.add_argument("--package", metavar="NAME", help="its name on the package index")
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="on GitHub; needs a token in the variable GITHUB_TOKEN"
    )
    parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="last day that counts (UTC); default: today")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: fixtures/ecosystem of this checkout")
    parser.add_argument("--index", default=packages.PYPI, metavar="URL", help="a simple API; default: %(default)s")
    parser.set_defaults(act=run)


def run(options: argparse.Namespace) -> int:
    """Collect, write and tell. Returns the exit code."""
    today = datetime.datetime.now(datetime.UTC).date()
    try:
        return _collect(options, until=options.until or today, today=today)
    except (CollectError, FactError, RubricError) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 2


def _collect(options: argparse.Namespace, *, until: datetime.date, today: datetime.date) -> int:
    if until > today:
        raise CollectError(f"--until {until} lies in the future; today is {today} (UTC)")
    sources = list(_sources(options, until=until, today=today))
    if not sources:
        raise CollectError("no source is named; give --clone, --package or --repository, or several of them")
    rubric = load_rubric()
    folder = _folder(options.out)
    path = snapshot_path(folder, options.framework, until=until)
    heading, assumed = _heading(folder, options.framework, rubric=rubric)
    _say(f"{heading.name}, counted to {until}")
    if assumed:
        _say(f"  note       {assumed}")
    facts, failed = _ask_all(sources, rubric=rubric)
    if not facts:
        raise CollectError("nothing was found, so nothing is written")
    write_snapshot(path, heading, facts, rubric=rubric, today=today, command=f"{NAME} {options.framework}")
    _say(f"written: {path} ({len(facts)} facts)")
    if failed:
        print(
            f"{NAME}: not every source answered; remove {path} and run it again to have their facts too",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _ask_all(sources: Iterable[_Source], *, rubric: Rubric) -> tuple[list[CollectedFact], int]:
    """The facts of all sources that the rubric has a key for, and how many sources gave nothing."""
    facts: list[CollectedFact] = []
    failed = 0
    for name, ask in sources:
        try:
            collected = ask()
        except CollectError as error:
            failed += 1
            print(f"{NAME}: {name} gave nothing: {error}", file=sys.stderr)
            continue
        facts += _tell(collected, rubric=rubric)
    return facts, failed


def _sources(options: argparse.Namespace, *, until: datetime.date, today: datetime.date) -> Iterator[_Source]:
    clone, package, repository = options.clone, options.package, options.repository
    if repository is not None:
        github.checked_name(repository)
    if clone is not None:
        yield (
            "--clone",
            lambda: git_history.collect(
                clone, framework=options.framework, package=package, repository=repository, until=until
            ),
        )
    if package is not None:
        yield "--package", lambda: packages.collect(package, index=options.index, until=until)
    if repository is not None:
        yield "--repository", lambda: _ask_github(repository, until=until, today=today)


def _ask_github(repository: str, *, until: datetime.date, today: datetime.date) -> Collected:
    waiting = github_api.Waiting(say=lambda text: print(f"{NAME}: {text}", file=sys.stderr, flush=True))
    # GitHub's own runners set the address, and its servers for companies have one of their own.
    endpoint = os.environ.get("GITHUB_GRAPHQL_URL") or github_api.GRAPHQL
    with github_api.GitHub(os.environ.get("GITHUB_TOKEN", ""), endpoint=endpoint, waiting=waiting) as conversation:
        return github.collect(conversation, repository, until=until, today=today)


def _tell(collected: Collected, *, rubric: Rubric) -> list[CollectedFact]:
    """Print what came of one source, and return what the rubric has a key for."""
    kept = []
    for fact in collected.facts:
        known = rubric.facts.get(fact.key)
        fits = known is not None and known.unit == fact.unit
        verb, remark = ("found", "") if fits else ("note", "  (not written: no key of the rubric fits)")
        _say(f"  {verb:<9}  {fact.key} = {fact.value:,.10g} {fact.unit}  [{fact.source}]{remark}")
        if fits:
            kept.append(fact)
    for missing in collected.missing:
        _say(f"  not found  {missing.key}: {missing.reason}")
    for note in collected.notes:
        _say(f"  note       {note}")
    return kept


def _say(line: str) -> None:
    # Where nobody reads it any more, the snapshot is still written.
    write(f"{line}\n", what="report")


def _folder(out: Path | None) -> Path:
    """Where snapshots go. Raises CollectError where the default would be inside an installed package."""
    if out is not None:
        return out
    fixtures = fixtures_folder()
    # In a checkout it is a link to the folder at the top.
    if not fixtures.is_symlink():
        raise CollectError("an installed package's own fixtures are not added to; say --out FOLDER")
    return fixtures / "ecosystem"


def _heading(folder: Path, framework: str, *, rubric: Rubric) -> tuple[Heading, str]:
    """Name, role and the like as the newest snapshot has them; else what is assumed, with a sentence that says so."""
    for place in dict.fromkeys((folder, fixtures_folder() / "ecosystem")):
        if others := list(place.glob(f"{framework}/*.toml")):
            snapshot = load_snapshot(max(others), keys=rubric.facts, topics=rubric.topics)
            heading = Heading(
                framework=framework,
                name=snapshot.name,
                role=snapshot.role,
                layer_of=snapshot.layer_of,
                purpose=snapshot.purpose,
            )
            return heading, ""
    heading = Heading(framework=framework, name=framework, role="framework")
    return heading, f"no snapshot of {framework} yet: name {framework!r} and role 'framework' are assumed"


def _day(text: str) -> datetime.date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not YYYY-MM-DD")
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date ({error})") from None
