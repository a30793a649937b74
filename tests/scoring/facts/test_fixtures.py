"""What the shipped snapshots must hold: enough for a score, like beside like, and what was once wrong stays right."""

from __future__ import annotations

import functools

import pytest

from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.facts.fact import Fact
from speedscore.scoring.findings.fact_answers import fact_sources
from speedscore.scoring.scores.score_report import build_report
from tests.scoring.sample_facts import RUBRIC, make_evidence, shipped

FRAMEWORKS = ("jax", "pytorch", "tensorflow")
SHIPPED = shipped()
MONTHS = sorted({snapshot.month for snapshot in SHIPPED})

DEFINITIONS = {
    "github_forks": {"as stated", "best-of list", "GitHub-Ranking list"},
    "contributors_lifetime": {"as stated", "best-of list", "git, joined by name or e-mail"},
    "commits_per_week": {
        "as stated",
        "best-of list, with merges, 90 days",
        "git, no merges, 52 weeks",
        "git, no merges, no bots, 52 weeks",
        "release notes, 17 weeks",
    },
    "github_discussions": {"as stated", "upper bound from numbers"},
    "star_growth_12m_pct": {"best-of list", "GitHub-Ranking list"},
    "contributor_absence_factor": {"git, by author's name, 52 weeks", "git, joined by name or e-mail, 52 weeks"},
    "releases_per_year": {"git tags, 52 weeks", "package index, 52 weeks", "Google Cloud's list, 52 weeks"},
    "paper_share_pct": {
        "all papers, as stated",
        "code of papers, the framework imported most",
        "conference papers, as stated",
        "Papers With Code",
    },
    "paper_share_odds_ratio_3y": {"conference papers, as stated", "Papers With Code"},
    "resnet50_speed_ratio": {"as stated", "MLPerf v0.7, TPU v3", "MLPerf v3.1, Gaudi2"},
    "bert_large_speed_ratio": {"as stated", "MLPerf v0.7, TPU v3"},
    "years_since_first_release": {"git tags", "package index"},
}
"""Key → every way of counting it: of other keys there is only one."""


@functools.cache
def known_by(month: str) -> Evidence:
    return make_evidence(*SHIPPED, month=month)


def fresh(framework: str, key: str, *, month: str) -> list[Fact]:
    facts = known_by(month).facts[framework].get(key, ())
    return [fact for fact in facts if not RUBRIC.policy.is_stale(fact, key=RUBRIC.facts[key], month=month)]


def test_equal_ways_of_counting_bear_equal_words() -> None:
    for snapshot in SHIPPED:
        for fact in snapshot.facts:
            assert fact.definition in DEFINITIONS.get(fact.key, {""}), (snapshot.month, fact)


@pytest.mark.parametrize("month", MONTHS)
def test_what_is_known_of_all_three_is_known_by_one_definition_of_all_three(month: str) -> None:
    for key in RUBRIC.facts:
        known = [{fact.definition for fact in fresh(name, key, month=month)} for name in FRAMEWORKS]
        # Nobody counted JAX's share of papers in the way of Papers With Code, nor the others' in that of the reference.
        if all(known) and not (key.startswith("paper_share") and month < "2025-10"):
            assert set.intersection(*known), key


def test_november_2026_answers_enough_of_what_facts_alone_can_answer() -> None:
    for card in build_report(RUBRIC, known_by("2026-11"), frameworks=FRAMEWORKS).cards:
        for dimension in card.dimensions[:3]:
            assert dimension.coverage >= 0.65, (card.framework, dimension.title)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_record_was_ever_lost(framework: str) -> None:
    for key in (key for key, known in RUBRIC.facts.items() if known.only_rises):
        records = []
        for month in MONTHS:
            sources = fact_sources(RUBRIC, known_by(month), framework=framework, key=key)
            records.append(sources[0].value if sources else 0.0)
        assert records == sorted(records), key


@pytest.mark.parametrize(
    ("framework", "key", "month", "value", "as_of"),
    [
        # Published two and a half years before the day on which links of its page were edited.
        ("jax", "best_published_mfu_10b_pct", "2024-01", 71.47, "2023-12-15"),
        # Counts of 90 days with merges stand beside those of 52 weeks without.
        ("jax", "commits_per_week", "2026-11", 164.1, "2025-10-30"),
        ("jax", "commits_per_week", "2026-11", 129.6, "2026-08-08"),
        # Google's organisation has a policy for its repositories that have none.
        ("flax", "security_policy_level", "2026-11", 10, "2026-07-02"),
        ("jax", "security_policy_level", "2024-01", 10, "2021-08"),
        # What was read in a tree of 2021 is of 2021.
        ("pytorch", "portable_format_level", "2024-01", 10, "2021-02-01"),
        ("tensorflow", "security_policy_level", "2024-01", 10, "2021-07-31"),
        # Not through the examples that JAX deleted.
        ("jax", "mobile_edge_level", "2026-11", 5, "2026-08-21"),
        ("jax", "browser_level", "2026-11", 5, "2026-08-21"),
    ],
)
def test_what_was_corrected_stays_so(framework: str, key: str, month: str, value: float, as_of: str) -> None:
    known = known_by(month).facts[framework][key]
    assert (value, as_of) in {(fact.value, fact.as_of) for fact in known}


@pytest.mark.parametrize("project", ["jax", "haiku", "optax"])
def test_an_organisation_that_could_not_be_read_makes_no_none(project: str) -> None:
    """A tree without a policy says nothing of its organisation's, which GitHub shows in its place."""
    known = known_by("2026-11").facts[project].get("security_policy_level", ())
    assert all(fact.as_of <= "2024-01-31" for fact in known)
