"""What is told beside the scores: the newest of each topic, marked as facts are, and never a point for it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.scoring.cards import FORMATS, short
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.statement import Statement
from speedscore.scoring.findings.topics import answer_topics
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from speedscore.scoring.scores.surroundings import Surroundings
from speedscore.text.cleaning import is_name
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_snapshot, make_statement, shipped


def told(evidence: Evidence) -> dict[str, list[str]]:
    """Topic → what is told of it."""
    answers = answer_topics(RUBRIC, evidence, framework="alpha")
    return {answer.id: [statement.text for statement in answer.statements] for answer in answers}


def report_of(*statements: Statement) -> ScoreReport:
    return build_report(RUBRIC, make_evidence(make_snapshot(statements=statements)), frameworks=["alpha"])


def test_a_younger_snapshot_replaces_a_topic_as_a_whole_and_leaves_the_others() -> None:
    snapshots = (
        make_snapshot(
            statements=(
                make_statement("a", topic="export"),
                make_statement("not a", topic="export", contradicts=True),
                make_statement("m", topic="memory"),
            )
        ),
        make_snapshot(statements=(make_statement("b", as_of="2024-05"),), month="2024-06"),
        make_snapshot(statements=(make_statement("c", as_of="2025-01"),), month="2025-01"),
    )
    assert told(make_evidence(*snapshots, month="2024-01")) == {"export": ["a", "not a"], "memory": ["m"]}
    assert told(make_evidence(*snapshots, month="2024-06")) == {"export": ["b"], "memory": ["m"]}
    assert told(make_evidence(*snapshots)) == {"export": ["c"], "memory": ["m"]}


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_statement_stands_with_its_kind_date_and_source_and_what_contradicts_it_below(form: str) -> None:
    text = FORMATS[form](
        report_of(
            make_statement("to one format", kind="reference", source="a book"),
            make_statement("to no format", source="a manual", contradicts=True),
        ),
        width=200,
    )
    if form == "json":
        production = json.loads(text)["frameworks"]["alpha"]["dimensions"]["production_maturity"]
        (topic,) = production["topics"]
        assert (topic["topic"], topic["name"], topic["section"]) == ("export", "Export", "production_maturity")
        said = [(each["text"], each["kind"], each["source"], each["contradicts"]) for each in topic["statements"]]
        assert said == [
            ("to one format", "reference", "a book", False),
            ("to no format", "published", "a manual", True),
        ]
        return
    place = text.index("Export: to one format (reference 2024-01")
    assert text.index("but: to no format (published 2024-01") > place
    assert "a book" in text
    assert "a manual" in text


def test_a_statement_past_the_limit_of_its_kind_is_called_stale() -> None:
    old = make_statement("as it was", kind="reference", as_of="2022-12")
    assert "as it was (stale: reference 2022-12, 13 months old" in FORMATS["text"](report_of(old), width=200)


def test_statements_of_no_dimension_stand_with_the_sentences_and_the_layers() -> None:
    text = FORMATS["text"](
        report_of(
            make_statement("Whoever counts words", topic="best_for"),
            make_statement("Alone it adds numbers", topic="layers"),
        ),
        width=80,
    )
    assert "Best for\n  - Whoever counts words (published 2024-01 [1])" in text
    assert "Libraries on top of Alpha\nAlone it adds numbers (published 2024-01 [1])" in text


def test_a_fact_that_nothing_scores_is_shown_with_its_range_and_what_contradicts_it() -> None:
    stated = msgspec.structs.replace(make_fact("gpt_tpu_speed_ratio", 6.0, kind="reference"), low=2.0, high=10.0)
    facts = (stated, make_fact("gpt_tpu_speed_ratio", 1.5, source="a log"))
    report = build_report(RUBRIC, make_evidence(make_snapshot(*facts)), frameworks=["alpha"])
    text = FORMATS["text"](report, width=80)
    assert "GPT-scale training on TPU: 2 to 10 × as fast (reference 2024-01 [1])" in text
    assert "beside it: 1.5 × as fast (published 2024-01 [2])" in text


def test_a_fact_of_no_topic_is_shown_too() -> None:
    report = build_report(
        RUBRIC, make_evidence(make_snapshot(make_fact("years_since_first_release", 5.0))), frameworks=["alpha"]
    )
    for form in ("text", "markdown"):
        text = FORMATS[form](report, width=80)
        assert text.index("Years since first release: 5 years") > text.index("Other facts")
    (fact,) = json.loads(FORMATS["json"](report, width=80))["frameworks"]["alpha"]["other_facts"]
    assert (fact["key"], fact["sources"][0]["value"]) == ("years_since_first_release", 5.0)


def test_no_statement_changes_a_score() -> None:
    silent = [msgspec.structs.replace(snapshot, statements=()) for snapshot in shipped()]
    (said,), (unsaid,) = (
        build_report(RUBRIC, make_evidence(*snapshots, month="2024-01"), frameworks=["jax"]).cards
        for snapshots in (shipped(), silent)
    )
    assert said.topics != unsaid.topics
    assert msgspec.structs.replace(said, topics=unsaid.topics) == unsaid


def test_the_short_card_has_none() -> None:
    report = report_of(make_statement("seldom said"), make_statement("Seldom needed", topic="best_for"))
    text = short.render(report, Surroundings(report=report), width=80, sources=True).lower()
    assert "seldom" not in text


@settings(max_examples=25)
@given(text=st.text(min_size=1, max_size=60), topic=st.sampled_from(["export", "best_for", "layers"]))
def test_nothing_that_a_statement_says_is_obeyed(text: str, topic: str) -> None:
    try:
        statement = make_statement(f"x{text}<script>[a](b)</script>x", topic=topic, source=f"s{text}")
    except ValueError:
        return
    report = report_of(statement)
    assert "<script>" not in FORMATS["markdown"](report, width=80).replace("\\<", "")
    terminal = FORMATS["text"](report, width=80)
    lines = terminal.split("\n")
    assert all(map(is_name, lines))
    assert max(map(len, lines)) <= 80
