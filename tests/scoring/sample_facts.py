"""Snapshots for tests of scoring, without files."""

from __future__ import annotations

from collections.abc import Mapping

from speedscore.scoring.evidence.evidence import Evidence, NamedRun, gather
from speedscore.scoring.facts.fact import Fact, Kind
from speedscore.scoring.facts.snapshots import Snapshot, fixtures_folder, load_snapshots
from speedscore.scoring.facts.statement import Statement
from speedscore.scoring.rubric.rubric import Rubric, load_rubric

RUBRIC = load_rubric()


def shipped() -> tuple[Snapshot, ...]:
    """The snapshots that come with the package."""
    return load_snapshots(fixtures_folder() / "ecosystem", keys=RUBRIC.facts, topics=RUBRIC.topics)


def make_fact(
    key: str,
    value: float,
    *,
    framework: str = "alpha",
    kind: Kind = "published",
    as_of: str = "2024-01",
    source: str = "a page",
) -> Fact:
    return Fact(
        framework=framework,
        key=key,
        value=value,
        unit=RUBRIC.facts[key].unit,
        as_of=as_of,
        source=source,
        method="read",
        kind=kind,
    )


def make_statement(
    text: str,
    *,
    topic: str = "export",
    framework: str = "alpha",
    kind: Kind = "published",
    as_of: str = "2024-01",
    source: str = "a page",
    contradicts: bool = False,
) -> Statement:
    return Statement(
        framework=framework,
        topic=topic,
        text=text,
        as_of=as_of,
        source=source,
        kind=kind,
        contradicts=contradicts,
    )


def make_snapshot(
    *facts: Fact, month: str = "2024-01", framework: str = "alpha", statements: tuple[Statement, ...] = ()
) -> Snapshot:
    return Snapshot(
        framework=framework,
        month=month,
        name=framework.title(),
        role="framework",
        facts=facts,
        statements=statements,
    )


def make_layer(values: Mapping[str, float], *, library: str, month: str = "2024-01", as_of: str = "") -> Snapshot:
    """A library on top of ``alpha``, with one computed fact for each of ``values``."""
    return Snapshot(
        framework=library,
        month=month,
        name=library.title(),
        role="layer",
        facts=tuple(
            make_fact(key, value, framework=library, kind="computed", as_of=as_of or month)
            for key, value in values.items()
        ),
        layer_of=("alpha",),
        purpose=f"What {library} is for",
    )


def make_evidence(
    *snapshots: Snapshot, runs: tuple[NamedRun, ...] = (), month: str | None = None, rubric: Rubric = RUBRIC
) -> Evidence:
    """Evidence from ``snapshots``, by default one empty snapshot."""
    return gather(snapshots or (make_snapshot(),), month=month, runs=runs, kind_order=rubric.policy.kind_order)
