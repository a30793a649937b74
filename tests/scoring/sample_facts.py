"""Snapshots for tests of scoring, without files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from hypothesis import strategies as st

from speedscore.scoring.evidence.evidence import Evidence, NamedRun, gather
from speedscore.scoring.evidence.shipped import read_snapshots
from speedscore.scoring.facts.fact import Fact, Kind, month_after
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.facts.statement import Statement
from speedscore.scoring.rubric.rubric import Rubric, load_rubric

RUBRIC = load_rubric()


def shipped() -> tuple[Snapshot, ...]:
    """The snapshots that come with the package."""
    return read_snapshots(RUBRIC)


def make_fact(
    key: str,
    value: float,
    *,
    framework: str = "alpha",
    kind: Kind = "published",
    as_of: str = "2024-01",
    source: str = "a page",
    definition: str = "",
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
        definition=definition,
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
    *snapshots: Snapshot,
    runs: tuple[NamedRun, ...] = (),
    month: str | None = None,
    as_of: str | None = None,
    rubric: Rubric = RUBRIC,
) -> Evidence:
    """Evidence from ``snapshots``, by default one empty snapshot."""
    return gather(
        snapshots or (make_snapshot(),), month=month, as_of=as_of, runs=runs, kind_order=rubric.policy.kind_order
    )


def full_facts(*, framework: str = "alpha", definition: str = "") -> dict[str, Fact]:
    """By key one middling fact for every question that facts can answer, so that every dimension has a score."""
    asked = {key for criterion in RUBRIC.criterion for rule in criterion.answers[-1:] for key in rule.facts}
    return {
        key: make_fact(key, middling(key), framework=framework, definition=definition)
        for key in RUBRIC.facts
        if key in asked
    }


def middling(key: str) -> float:
    """A value that is allowed and neither the best nor the worst."""
    known = RUBRIC.facts[key]
    return known.allowed[len(known.allowed) // 2] if known.allowed else max(known.least, 10.0)


def any_facts(*, framework: str = "alpha") -> st.SearchStrategy[list[Fact]]:
    """Facts of January 2024 and the two years before, of any kind, several of a key among them."""

    def make(key: str, *, value: float, kind: Kind, age: int) -> Fact:
        known = RUBRIC.facts[key]
        allowed = known.allowed or (known.least, 0.5, 1.0, 3.0, 10.0, 60.0, 100.0, 2_000.0)
        chosen = allowed[int(value * len(allowed))]
        chosen = max(known.least, chosen if known.most is None else min(chosen, known.most))
        as_of = month_after("2024-01", -age)
        return make_fact(key, chosen, framework=framework, kind=kind, as_of=as_of, source=f"{kind} {age}")

    asked = sorted({key for criterion in RUBRIC.criterion for key in criterion.facts})
    entry = st.tuples(st.sampled_from(asked), st.sampled_from(get_args(Kind)), st.integers(0, 24))
    return st.lists(st.tuples(entry, st.floats(0.0, 0.999)), unique_by=lambda pair: pair[0], max_size=60).map(
        lambda entries: [make(key, value=value, kind=kind, age=age) for (key, kind, age), value in entries]
    )
