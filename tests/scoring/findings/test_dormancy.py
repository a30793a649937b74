"""A project in which nothing happens any more lives on its past for a few points only."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.scoring.cards import FORMATS
from speedscore.scoring.facts.fact import Fact
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.scoring.sample_facts import RUBRIC, any_facts, full_facts, make_evidence, make_fact, make_snapshot

MOST = RUBRIC.policy.dormant_most
KEYS = RUBRIC.policy.dormant_without


def report(*facts: Fact, as_of: str = "2024-01") -> ScoreReport:
    return build_report(RUBRIC, make_evidence(make_snapshot(*facts), as_of=as_of), frameworks=["alpha"])


def card(*facts: Fact, as_of: str = "2024-01") -> ScoreCard:
    return report(*facts, as_of=as_of).cards[0]


def splendid(**values: float) -> list[Fact]:
    """All that facts can answer, as well as can be, but for what is given by key."""
    best = {}
    for criterion in RUBRIC.criterion:
        for rule in criterion.answers:
            for key in rule.facts:
                points = rule.points[-1 if rule.points[0][1] < rule.points[-1][1] else 0]
                best[key] = max(RUBRIC.facts[key].least, points[0])
    return [make_fact(key, value) for key, value in ({key: best[key] for key in full_facts()} | values).items()]


@pytest.mark.parametrize(
    ("values", "dormant"),
    [
        ({"commits_per_week": 0.0, "releases_per_year": 0.0}, True),
        ({"commits_per_week": 0.1, "releases_per_year": 0.0}, False),
        ({"commits_per_week": 0.0, "releases_per_year": 1.0}, False),
        ({"commits_per_week": 0.0}, True),
        ({"releases_per_year": 0.0}, True),
        ({}, False),
    ],
    ids=["neither", "commits", "a release", "no commits", "no releases", "nothing known"],
)
def test_dormant_is_what_is_known_to_stand_still(values: dict[str, float], dormant: bool) -> None:
    assert card(*(make_fact(key, value) for key, value in values.items())).dormant is dormant


def test_a_dormant_project_is_nowhere_called_alive_however_splendid_its_past_was() -> None:
    alive, dead = (
        card(*splendid()),
        card(*splendid(commits_per_week=0.0, releases_per_year=0.0, star_growth_12m_pct=0.0)),
    )
    assert alive.dimensions[0].score == 10.0
    assert dead.dimensions[0].score is not None
    assert dead.dimensions[0].score < 5.0
    assert dead.dimensions[0].verdict == "Thin: ask who will still be there in two years"
    for dimension in dead.dimensions:
        for finding in dimension.findings:
            assert finding.points is None or not finding.criterion.past or finding.points <= MOST
    assert not {each.strength for each in RUBRIC.criterion if each.past and each.strength} & {*dead.strengths}


def test_every_form_of_the_card_says_that_it_is_dormant() -> None:
    made = report(*splendid(commits_per_week=0.0, releases_per_year=0.0))
    for form in ("text", "markdown"):
        assert "Dormant: by all that is known nothing was committed" in " ".join(FORMATS[form](made, width=80).split())
    assert '"dormant": true' in FORMATS["json"](made, width=80)


@settings(max_examples=40)
@given(facts=any_facts(), commits=st.floats(0.0, 500.0), releases=st.floats(0.0, 50.0))
def test_a_sign_of_life_lowers_no_score(facts: list[Fact], commits: float, releases: float) -> None:
    others = [fact for fact in facts if fact.key not in KEYS]
    dead, alive = (
        card(*others, make_fact("commits_per_week", c), make_fact("releases_per_year", r))
        for c, r in ((0.0, 0.0), (commits, releases))
    )
    for one, other in zip(dead.dimensions, alive.dimensions, strict=True):
        assert one.raw is None or (other.raw is not None and other.raw >= one.raw - 1e-9)
        assert (one.score is None) == (other.score is None)


def test_a_dead_project_does_not_rise_from_the_dead_by_waiting() -> None:
    facts = splendid(commits_per_week=0.0, releases_per_year=0.0)
    late = card(*facts, as_of="2030-01")
    assert late.dormant
    assert all(
        finding.points is None or finding.points <= MOST
        for dimension in late.dimensions
        for finding in dimension.findings
        if finding.criterion.past
    )
