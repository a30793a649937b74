"""A fact has an age: past its kind's limit it is shown, marked, covers nothing and counts for the middle at most."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.cards import FORMATS
from speedscore.scoring.cards.short import answer
from speedscore.scoring.facts.fact import Fact, Kind
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_snapshot, shipped

KINDS: tuple[Kind, ...] = get_args(Kind)
LIMITS = RUBRIC.policy.stale_after_months


def later(month: str, *, months: int) -> str:
    count = 12 * int(month[:4]) + int(month[5:]) - 1 + months
    return f"{count // 12}-{count % 12 + 1:02}"


def report(*facts: Fact, month: str) -> ScoreReport:
    """What the facts of January 2024 are worth in ``month``."""
    evidence = make_evidence(make_snapshot(*facts), make_snapshot(month=month))
    return build_report(RUBRIC, evidence, frameworks=["alpha"])


def find(*facts: Fact, month: str, criterion: str) -> Finding:
    evidence = make_evidence(make_snapshot(*facts), make_snapshot(month=month))
    findings = judge(RUBRIC, evidence, frameworks=["alpha"], device=None)["alpha"]
    return next(finding for finding in findings if finding.criterion.id == criterion)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fact_counts_up_to_its_limit_and_not_beyond(kind: Kind) -> None:
    fact = make_fact("github_stars", 10_000.0, kind=kind)
    at_limit = find(fact, month=later("2024-01", months=LIMITS[kind]), criterion="github_stars")
    assert (at_limit.score, at_limit.stale, at_limit.reason) == (7.0, False, "")
    beyond = find(fact, month=later("2024-01", months=LIMITS[kind] + 1), criterion="github_stars")
    assert (beyond.value, beyond.score, beyond.stale_score) == (10_000.0, None, RUBRIC.policy.stale_most)
    assert beyond.limit == "no more than 5, as it is stale"
    assert not beyond.known
    assert beyond.reason == f"stale: {LIMITS[kind] + 1} months old, and a {kind} fact may be {LIMITS[kind]}"


def test_a_fresh_fact_answers_before_a_stale_one_that_the_policy_prefers() -> None:
    facts = (make_fact("github_stars", 10_000.0, kind="reference"), make_fact("github_stars", 1_000.0))
    month = later("2024-01", months=LIMITS["reference"] + 1)
    assert find(*facts, month="2024-02", criterion="github_stars").value == 10_000
    finding = find(*facts, month=month, criterion="github_stars")
    assert (finding.value, finding.score, finding.stale) == (1_000.0, 3.0, False)
    assert [(source.value, source.stale) for source in finding.beside] == [(10_000.0, True)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_never_stale_and_its_date_stands_beside(kind: Kind) -> None:
    record = make_fact("largest_training_run_chips", 512.0, kind=kind)
    finding = find(record, month="2034-01", criterion="largest_run")
    assert (finding.score, finding.stale, finding.sources[0].as_of) == (7.0, False, "2024-01")
    assert answer(finding) == "Largest public run: 512 chips, of 2024"


def test_of_several_records_the_highest_answers_and_not_the_newest() -> None:
    run, later_run = (
        make_fact("largest_training_run_chips", value, as_of=as_of, source=as_of)
        for value, as_of in ((4_096.0, "2022-01"), (512.0, "2024-01"))
    )
    finding = find(run, later_run, month="2024-01", criterion="largest_run")
    assert (finding.value, finding.sources[0].as_of) == (4_096.0, "2022-01")
    assert [source.value for source in finding.beside] == [512.0]


def test_one_stale_fact_of_several_makes_the_answer_stale() -> None:
    old = make_fact("github_discussions", 400.0, kind="reference")
    fresh = make_fact("stackoverflow_questions", 600.0, kind="published")
    month = later("2024-01", months=LIMITS["reference"] + 1)
    finding = find(old, fresh, month=month, criterion="others_work")
    assert (finding.value, finding.score, finding.stale_score) == (1_000.0, None, 5.0)


def test_a_dimension_of_stale_facts_has_no_score_and_says_why() -> None:
    month = later("2024-01", months=LIMITS["published"] + 1)
    facts = [make_fact("paper_share_pct", 10.0), make_fact("hf_architectures_pct", 10.0, kind="reference")]
    (card,) = report(*facts, month=month).cards
    research = card.dimensions[2]
    assert (research.score, research.raw, research.coverage, research.answered, research.stale) == (None, 5.0, 0, 0, 2)
    assert research.reason.endswith(
        "0 % of the weight is answered, 65 % is needed; what weighs most is not answered (Share of papers); "
        "the answers to another 75 % are stale"
    )


def test_a_stale_answer_counts_for_the_middle_at_most_and_has_no_part_in_the_sentences() -> None:
    facts = [make_fact("paper_share_pct", 10.0), make_fact("hf_architectures_pct", 100.0, kind="reference")]
    fresh, aged = (report(*facts, month=month).cards[0] for month in ("2024-02", "2025-06"))
    assert fresh.dimensions[2].raw == 8.0
    assert aged.dimensions[2].raw == pytest.approx((2 * 7.0 + 5.0) / 3)
    assert aged.dimensions[2].coverage == 0.5
    sentence = "Most architectures of Hugging Face Transformers are ready to use"
    assert sentence in fresh.strengths
    assert sentence not in aged.strengths


def test_a_stale_fact_is_marked_on_every_card() -> None:
    facts = [make_fact("github_stars", 10_000.0), make_fact("github_discussions", 1.0)]
    old = report(*facts, month="2026-11")
    terminal = FORMATS["text"](old, width=80)
    (line,) = (line for line in terminal.splitlines() if line.startswith("Stars "))
    assert line.split() == ["Stars", "10,000", "stars", "(5.0)", "stale:", "published", "2024-01,"]
    assert "0 of 9 criteria, 0 %, 1 stale" in terminal
    markdown = FORMATS["markdown"](old, width=80)
    assert "| Stars | 10,000 stars | (5.0) | stale: published 2024-01, 34 months old: a page |" in markdown
    for text in (terminal, markdown):
        assert "it covers nothing and counts for 5 at most; limits in months: reference 12," in " ".join(text.split())
    document = json.loads(FORMATS["json"](old, width=80))
    dimension = document["frameworks"]["alpha"]["dimensions"]["ecosystem_health"]
    stars = dimension["findings"][0]
    assert (stars["value"], stars["score"], stars["stale_score"], dimension["stale"]) == (10_000, None, 5.0, 1)
    assert stars["sources"][0]["stale"] is True
    assert document["policy"]["stale_after_months"] == LIMITS


def test_a_card_without_stale_facts_says_nothing_of_them() -> None:
    assert "stale" not in FORMATS["text"](report(make_fact("github_stars", 1.0), month="2024-02"), width=80)


def test_what_was_stale_in_january_2024_left_every_score_as_it_was() -> None:
    evidence = make_evidence(*shipped(), month="2024-01")
    cards = build_report(RUBRIC, evidence, frameworks=["jax", "pytorch", "tensorflow"]).cards
    assert [[dimension.stale for dimension in card.dimensions] for card in cards] == [
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
    ]


@given(
    facts=st.lists(
        st.tuples(st.sampled_from(sorted(RUBRIC.facts)), st.sampled_from(KINDS), st.sampled_from([0.0, 5.0, 10.0])),
        unique_by=lambda entry: entry[:2],
    ),
    age=st.integers(0, 40),
    further=st.integers(0, 40),
)
def test_time_alone_never_raises_coverage_and_never_makes_a_zero(
    facts: list[tuple[str, Kind, float]], age: int, further: int
) -> None:
    made = [make_fact(key, max(value, RUBRIC.facts[key].least), kind=kind) for key, kind, value in facts]
    sooner, afterwards = (
        report(*made, month=later("2024-01", months=months)).cards[0] for months in (1 + age, 1 + age + further)
    )
    for one, other in zip(sooner.dimensions, afterwards.dimensions, strict=True):
        assert other.coverage <= one.coverage
        assert one.answered + one.stale == other.answered + other.stale
        assert all(finding.score is None or not finding.stale for finding in other.findings)
        assert all(finding.stale_score is None or finding.value is not None for finding in other.findings)
