"""Look after the facts: whether the fixtures are sound, what changed between two snapshots, and fresh ones.

``check`` and ``diff`` read the fixtures, print, and change nothing; ``collect`` writes a new snapshot.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from speedscore.scoring.cards import WIDTH, wording
from speedscore.scoring.collecting import command as collecting
from speedscore.scoring.commands import arguments
from speedscore.scoring.evidence.shipped import gather_evidence, read_snapshots
from speedscore.scoring.facts import calendar
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.facts.snapshots import (
    Snapshot,
    check_layers,
    fixtures_folder,
    load_snapshot,
    snapshot_paths,
)
from speedscore.scoring.findings.finding import Source
from speedscore.scoring.findings.topics import DatedStatement
from speedscore.scoring.rubric.rubric import Rubric, RubricError, load_rubric
from speedscore.scoring.scores.changes import (
    Changes,
    CriterionChange,
    DimensionChange,
    FactChange,
    LayerChanges,
    find_changes,
    find_layer_changes,
)
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.text.arguments import actions_of, examples
from speedscore.text.output import COMMAND, complain, write
from speedscore.text.plain import plain
from speedscore.text.tables import GAP, Footnotes, table

_CHECK, _DIFF = f"{COMMAND} facts check", f"{COMMAND} facts diff 2024-01 2026-11 jax"
_COLLECT = f"{COMMAND} facts collect flax --clone ../flax --package flax"
_COLLECT_ALL = f"{COMMAND} facts collect --all --clones ../clones"
EXAMPLES = examples(_CHECK, _DIFF, _COLLECT, _COLLECT_ALL)
ERRORS = arguments.ERRORS
_NAME_WIDTH, _VALUE_WIDTH, _SCORE_WIDTH = 18, 18, 14
_Row = tuple[str, str, str, str]
"""Name, value, score, where it is from."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = actions_of(parser)
    check = add("check", "read every fixture and say what is there", _CHECK)
    arguments.add_facts(check)
    check.set_defaults(act=run_check)
    diff = add("diff", "what changed between two snapshots, and what that did to the scores", _DIFF)
    diff.add_argument("before", metavar="YYYY-MM", help="the older snapshot")
    diff.add_argument("after", metavar="YYYY-MM", help="the younger snapshot")
    diff.add_argument("framework", metavar="FRAMEWORK", help=arguments.FRAMEWORK_HELP)
    arguments.add_facts(diff)
    diff.set_defaults(act=run_diff)
    collecting.add_arguments(
        add(
            "collect",
            "count fresh facts from git, a package index and GitHub into a new snapshot",
            _COLLECT,
            _COLLECT_ALL,
        )
    )


def run(options: argparse.Namespace) -> int:
    """Check, diff or collect, and return its exit code."""
    return int(options.act(options))


def run_check(options: argparse.Namespace) -> int:
    """Check every fixture; each that is refused gets its own line."""
    try:
        rubric = load_rubric()
        loaded, refused = _load_all([fixtures_folder() / "ecosystem", *options.facts], rubric)
    except (FactError, RubricError) as error:
        loaded, refused = [], [str(error)]
    for message in refused:
        complain(message)
    if refused:
        return 2
    lines = _check(rubric, loaded, month=calendar.this_month())
    return write("".join(f"{line.rstrip()}\n" for line in lines), what="result")


def run_diff(options: argparse.Namespace) -> int:
    """Print what changed about a framework from one snapshot to another. Raises one of ``ERRORS``."""
    rubric = load_rubric()
    snapshots = read_snapshots(rubric, options.facts)
    before, after = (gather_evidence(rubric, snapshots, month=month) for month in (options.before, options.after))
    (framework,) = arguments.find_frameworks([options.framework], after, snapshots)
    if after.stands_on(framework):
        lines = _layer_diff(plain(find_layer_changes(rubric, before, after, library=framework)))
    else:
        changes = find_changes(rubric, before, after, framework=framework)
        lines = _diff(plain(changes), stale_most=rubric.policy.stale_most)
    return write("".join(f"{line.rstrip()}\n" for line in lines), what="difference")


def _load_all(folders: Sequence[Path], rubric: Rubric) -> tuple[list[Snapshot], list[str]]:
    """Every snapshot that can be read, and what is wrong with each of the others."""
    loaded, refused = {}, []
    for path in snapshot_paths(*folders):
        try:
            loaded[path] = load_snapshot(path, keys=rubric.facts, topics=rubric.topics)
        except FactError as error:
            refused.append(str(error))
    if not refused:
        check_layers(loaded)
    return list(loaded.values()), refused


def _check(rubric: Rubric, snapshots: Sequence[Snapshot], *, month: str) -> Iterator[str]:
    known = gather_evidence(rubric, snapshots)
    names, counts = [], []
    for framework, name in known.names.items():
        framework_snapshots = [snapshot for snapshot in snapshots if snapshot.framework == framework]
        months = dict.fromkeys(snapshot.month for snapshot in framework_snapshots)
        names.append((name, framework_snapshots[-1].role, " ".join(months)))
        answering = known.facts[framework]
        # Of each key it is enough that one fact is fresh: that one answers.
        stale = sum(
            all(rubric.policy.is_stale(fact, key=rubric.facts[key], month=month) for fact in facts)
            for key, facts in answering.items()
        )
        counts.append((sum(len(snapshot.facts) for snapshot in framework_snapshots), len(answering), stale))
    facts, answers, stale = (sum(column) for column in zip(*counts, strict=True))
    limits = ", ".join(f"{kind} {months}" for kind, months in rubric.policy.stale_after_months.items())
    statements = sum(len(snapshot.statements) for snapshot in snapshots)
    yield f"{len(snapshots)} files with {facts} facts and {statements} statements are sound:"
    yield "type, unit, limits, date and source of each."
    yield f"Today ({month}) they give {answers} answers, of which {stale} are stale."
    yield f"The limits in months: {limits}."
    yield ""
    yield from table(
        [(*text, *map(str, numbers)) for text, numbers in zip(names, counts, strict=True)],
        headers=("", "Role", "Snapshots", "Facts", "Answers", "Stale"),
        widths=(12, 9, 23, 7, 9, 7),
    )


def _diff(changes: Changes, *, stale_most: float) -> Iterator[str]:
    footnotes = Footnotes()
    yield f"{changes.after.name}: facts known by {changes.before_month} -> {changes.after_month}"
    yield f"Speed Score {wording.title_score(changes.before)} -> {wording.title_score(changes.after)}"
    for month, card in ((changes.before_month, changes.before), (changes.after_month, changes.after)):
        if card.reason:
            yield from textwrap.wrap(f"{month}: {card.reason}", WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield f"A score in brackets is of a stale fact and counts for {stale_most:g} at most."
    for dimension in changes.dimensions:
        yield from ("", *_dimension(dimension, footnotes))
    if changes.others:
        yield from ("", "OTHER FACTS", *_table([_fact_row(change, footnotes) for change in changes.others]))
    if changes.topics:
        yield from ("", "TOLD, AND IN NO SCORE")
        for topic in changes.topics:
            yield topic.name
            yield from _told("- ", topic.gone, footnotes)
            yield from _told("+ ", topic.new, footnotes)
    if changes.layers:
        yield from ("", "LIBRARIES ON TOP OF IT")
        for library, then, now in changes.layers:
            yield f"{library}: {wording.changed(then, now)}"
    if footnotes:
        yield from ("", "Sources", *footnotes.lines(WIDTH))


def _told(sign: str, statements: Iterable[DatedStatement], footnotes: Footnotes) -> Iterator[str]:
    for statement in statements:
        text = f"{statement.text} ({wording.dated(statement)} {footnotes.mark([statement.source])})"
        yield from textwrap.wrap(
            text, WIDTH, initial_indent=f"  {sign}", subsequent_indent="    ", break_on_hyphens=False
        )


def _layer_diff(changes: LayerChanges) -> Iterator[str]:
    footnotes = Footnotes()
    before, after = changes.before.layer, changes.after.layer
    yield f"{after.name}: facts known by {changes.before_month} -> {changes.after_month}"
    yield f"Maturity {wording.changed(wording.grade(before), wording.grade(after))}; a layer, without a Speed Score"
    if changes.facts:
        yield from ("", *_table([_fact_row(change, footnotes) for change in changes.facts]))
    if footnotes:
        yield from ("", "Sources", *footnotes.lines(WIDTH))


def _dimension(dimension: DimensionChange, footnotes: Footnotes) -> Iterator[str]:
    then, now = dimension.before, dimension.after
    left = f"{then.title.upper()}  {wording.changed(_score(then), _score(now))}"
    right = f"coverage {wording.changed(wording.per_cent(then.coverage), wording.per_cent(now.coverage))}"
    yield f"{left}{right:>{WIDTH - len(left)}}"
    if dimension.criteria:
        yield from _table([row for change in dimension.criteria for row in _criterion_rows(change, footnotes)])
    if dimension.unchanged:
        yield f"{dimension.unchanged} of {len(now.findings)} criteria unchanged."


def _criterion_rows(change: CriterionChange, footnotes: Footnotes) -> Iterator[_Row]:
    before, after = change.before, change.after
    score = wording.changed(wording.score(before), wording.score(after))
    if change.facts and len(after.criterion.facts) == 1:
        _, value, _, where = _fact_row(change.facts[0], footnotes)
        yield after.criterion.name, value, score, where
        return
    # Where no fact changed, time alone did it: the one that answers became stale.
    aged = "; ".join(dict.fromkeys(_where(source, footnotes) for source in after.sources)) if not change.facts else ""
    yield after.criterion.name, wording.changed(wording.value(before), wording.value(after)), score, aged
    for fact in change.facts:
        name, value, _, where = _fact_row(fact, footnotes)
        yield f"  {name}", value, "", where


def _fact_row(change: FactChange, footnotes: Footnotes) -> _Row:
    then, now = (wording.number(source.value) if source else "unknown" for source in (change.before, change.after))
    before = change.unit in wording.UNITS_BEFORE
    value = f"{change.unit} {wording.changed(then, now)}" if before else f"{wording.changed(then, now)} {change.unit}"
    where = wording.changed(*(_where(source, footnotes) for source in (change.before, change.after)))
    return change.name, value, "", where


def _where(source: Source | None, footnotes: Footnotes) -> str:
    return f"{wording.origin(source)} {footnotes.mark([wording.footnote(source)])}" if source else "unknown"


def _score(dimension: DimensionScore) -> str:
    return "no score" if dimension.score is None else wording.points(dimension.score)


def _table(rows: Sequence[_Row]) -> list[str]:
    rest = WIDTH - _NAME_WIDTH - _VALUE_WIDTH - _SCORE_WIDTH - 3 * GAP
    return table(
        rows,
        headers=("Question", "Value", "Score", "From"),
        widths=(_NAME_WIDTH, _VALUE_WIDTH, _SCORE_WIDTH, rest),
    )
