"""Whatever is known and however long one waits: no score rises, and none appears, because evidence became stale."""

from __future__ import annotations

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.fact import Fact, month_after
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import build_report
from tests.scoring.sample_facts import RUBRIC, any_facts, full_facts, make_evidence, make_fact, make_snapshot, shipped
from tests.scoring.sample_runs import make_run, measured_case


def card(*snapshots: Snapshot, as_of: str, framework: str = "alpha") -> ScoreCard:
    return build_report(RUBRIC, make_evidence(*snapshots, as_of=as_of), frameworks=[framework]).cards[0]


def assert_nothing_rose(sooner: ScoreCard, later: ScoreCard) -> None:
    for one, other in zip(sooner.dimensions, later.dimensions, strict=True):
        assert other.coverage <= one.coverage
        if other.score is not None:
            assert one.score is not None, "a score appeared"
            assert other.score <= one.score
        if other.raw is not None:
            assert one.raw is not None
            assert other.raw <= one.raw + 1e-9
    if later.speed_score is not None:
        assert sooner.speed_score is not None, "a Speed Score appeared"
        assert later.speed_score <= sooner.speed_score + 1e-9


@settings(max_examples=80)
@given(facts=any_facts(), everything=st.booleans(), months=st.integers(0, 40), further=st.integers(1, 40))
def test_waiting_never_raises_a_score(facts: list[Fact], everything: bool, months: int, further: int) -> None:
    first = month_after("2024-01", months)
    # With all that facts can answer there is a Speed Score to begin with.
    snapshot = make_snapshot(*facts, *(full_facts().values() if everything else ()))
    assert_nothing_rose(card(snapshot, as_of=first), card(snapshot, as_of=month_after(first, further)))


def test_waiting_never_raises_a_score_of_the_frameworks_that_are_shipped() -> None:
    snapshots = shipped()
    for framework in ("jax", "pytorch", "tensorflow"):
        cards = [
            card(*snapshots, as_of=month_after("2026-11", months), framework=framework) for months in range(0, 40, 4)
        ]
        for sooner, later in itertools.pairwise(cards):
            assert_nothing_rose(sooner, later)


def test_a_fact_beside_that_takes_the_place_of_a_stale_one_gives_no_more_than_it() -> None:
    """The case in which leaving out what is stale would lift a score: the figure that answered was the lower one."""
    facts = [
        make_fact("commits_per_week", 10.0, kind="reference"),
        make_fact("commits_per_week", 100.0, source="other"),
    ]
    fresh, later = (card(make_snapshot(*facts), as_of=month).dimensions[0] for month in ("2024-02", "2025-06"))
    (before,), (after,) = ([each for each in dimension.findings if each.known] for dimension in (fresh, later))
    assert (before.value, before.score) == (10.0, 5.0)
    assert (after.value, after.score) == (100.0, 5.0)
    assert after.limit.startswith("no more than the 5.00 that were given")


def test_a_bad_answer_that_becomes_stale_stays_bad() -> None:
    facts = [make_fact("paper_share_pct", 0.1, kind="reference"), make_fact("paper_share_odds_ratio_3y", 4.0)]
    facts.append(make_fact("hf_architectures_pct", 50.0))
    fresh, later = (card(make_snapshot(*facts), as_of=month).dimensions[2] for month in ("2024-02", "2025-06"))
    assert (fresh.raw, later.raw) == (5.0, 5.0)
    assert later.coverage == 0.5


def measured_in_january_2024(alpha_seconds: float) -> tuple[NamedRun, ...]:
    cases = [
        measured_case(framework, seconds, ecosystem=framework, phase=phase, processes=2)
        for phase in ("training", "inference", "compilation")
        for framework, seconds in (("alpha", alpha_seconds), ("beta", 1.0))
    ]
    return (
        NamedRun(name="a run", record=msgspec.structs.replace(make_run(*cases), created="2024-01-15T12:00:00+00:00")),
    )


def measured_card(*snapshots: Snapshot, runs: tuple[NamedRun, ...], as_of: str) -> ScoreCard:
    evidence = make_evidence(*snapshots, runs=runs, as_of=as_of)
    return build_report(RUBRIC, evidence, frameworks=["alpha"]).cards[0]


@settings(max_examples=40)
@given(
    seconds=st.sampled_from([0.25, 1.0, 4.0]),
    facts=any_facts(),
    everything=st.booleans(),
    months=st.integers(0, 40),
    further=st.integers(1, 40),
)
def test_waiting_never_raises_a_score_that_was_measured(
    seconds: float, facts: list[Fact], everything: bool, months: int, further: int
) -> None:
    first, runs = month_after("2024-01", months), measured_in_january_2024(seconds)
    snapshot = make_snapshot(*facts, *(full_facts().values() if everything else ()))
    sooner, later = (measured_card(snapshot, runs=runs, as_of=month) for month in (first, month_after(first, further)))
    assert_nothing_rose(sooner, later)


def test_what_was_measured_more_than_a_year_ago_covers_nothing() -> None:
    runs = measured_in_january_2024(0.25)
    fresh, later = (measured_card(runs=runs, as_of=month).dimensions[-1] for month in ("2025-01", "2025-02"))
    speed_then, speed_now = (dimension.findings[0] for dimension in (fresh, later))
    assert (speed_then.score, speed_now.score, speed_now.stale_score) == (10.0, None, 5.0)
    assert speed_now.reason == "stale: measured 13 months ago, and a run may be 12"
    assert (fresh.coverage > 0.65, later.coverage, later.score) == (True, 0.0, None)


def test_a_fact_that_takes_the_place_of_an_old_run_gives_no_more_than_it() -> None:
    facts = [
        make_fact(key, 2.0, kind="published", as_of="2024-06")
        for key in ("resnet50_speed_ratio", "bert_large_speed_ratio")
    ]
    runs = measured_in_january_2024(2.0)
    (speed,) = (
        measured_card(make_snapshot(*facts, month="2024-06"), runs=runs, as_of="2025-06").dimensions[-1].findings[:1]
    )
    assert (speed.value, speed.score) == (2.0, 5.0)
    assert speed.limit == "no more than the 5.00 of the run that became stale"
    assert [source.kind for source in speed.beside] == ["measured"]
