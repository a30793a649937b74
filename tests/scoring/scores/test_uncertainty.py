"""Intervals of scores: what they rest on, what widens them, and what leaves them as they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.phases import DeviceName
from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import CaseResult
from speedscore.scoring.cards import measured_wording
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.scores.score_report import build_report
from speedscore.scoring.scores.uncertainty import Uncertainty, uncertainties
from tests.sample_runs import a_case
from tests.scoring.sample_facts import RUBRIC, full_facts, make_evidence, make_fact, make_snapshot, shipped
from tests.scoring.sample_runs import make_run, measured_case, two_frameworks


def of(evidence: Evidence, framework: str, *, device: DeviceName | None = None, seed: int = 0) -> Uncertainty:
    findings = judge(RUBRIC, evidence, frameworks=[framework], device=device)
    return uncertainties(RUBRIC, evidence, findings, device=device, seed=seed)[framework]


def width(of: Uncertainty, dimension: str = "performance") -> float:
    (interval,) = (interval for name, interval in of.dimensions.items() if name == dimension)
    return interval.high - interval.low


BY_BREAKPOINTS = 1.0
"""What half a point up and down makes of a single question; of several it averages out."""


def test_what_is_known_exactly_is_as_sure_as_the_breakpoints() -> None:
    evidence = make_evidence(*shipped(), month="2024-01")
    assert width(of(evidence, "jax"), "production_maturity") <= BY_BREAKPOINTS


def test_what_is_unknown_or_stale_makes_bounds_of_an_interval() -> None:
    facts = [make_fact(key, 10.0) for key in ("paper_share_pct", "hf_architectures_pct")]
    trend = make_fact("paper_share_odds_ratio_3y", 1.0)
    stale = msgspec.structs.replace(trend, as_of="2020-01")
    bounds = [
        of(make_evidence(make_snapshot(*facts, *more)), "alpha").dimensions["research_adoption"].bounds
        for more in ([trend], [stale], [])
    ]
    assert bounds == [False, True, True]


def test_the_draws_begin_with_the_score_and_hang_on_no_weight_of_a_dimension() -> None:
    facts = [fact for key, fact in full_facts().items() if key != "browser_level"]
    evidence = make_evidence(make_snapshot(*facts))
    other = msgspec.structs.replace(RUBRIC, weights={**RUBRIC.weights, "performance": 3.0, "learning_curve": 0.0})
    plain, weighed = (build_report(rubric, evidence, frameworks=["alpha"]).cards[0] for rubric in (RUBRIC, other))
    draws = plain.uncertainty.draws
    assert draws == weighed.uncertainty.draws
    for dimension in plain.dimensions:
        own = draws[dimension.dimension]
        unknown = any(finding.score is None for finding in dimension.findings)
        assert (own.lows[0] < own.highs[0]) if unknown else (own.lows[0] == own.highs[0] == dimension.score)


def test_facts_that_contradict_each_other_widen_the_interval() -> None:
    """30, 63.4 and 82.9 commits a week on one card."""
    facts = list(full_facts().values())
    beside = [make_fact("commits_per_week", value, kind="computed", source=f"{value}") for value in (1.0, 200.0)]
    old = [msgspec.structs.replace(fact, as_of="2020-01") for fact in beside]
    agreed, contradicted, outlived = (
        of(make_evidence(make_snapshot(*facts, *more)), "alpha").dimensions["ecosystem_health"]
        for more in ([], beside, old)
    )
    assert contradicted.high - contradicted.low > agreed.high - agreed.low
    assert outlived == agreed


def test_another_framework_beside_changes_no_interval() -> None:
    evidence = make_evidence(*shipped(), month="2024-01")
    findings = judge(RUBRIC, evidence, frameworks=["jax", "pytorch"], device=None)
    turned = {name: findings[name] for name in ("pytorch", "jax")}
    both = uncertainties(RUBRIC, evidence, turned, device=None)
    assert both["jax"] == of(evidence, "jax")


@pytest.mark.parametrize(("processes", "few"), [(1, True), (2, False)])
def test_one_process_a_case_is_said_to_be_too_few(processes: int, few: bool) -> None:
    evidence = measured([measured_case(name, 1.0, ecosystem=name, processes=processes) for name in ("jax", "torch")])
    (card,) = build_report(RUBRIC, evidence, frameworks=["jax"]).cards
    assert bool(measured_wording.few_processes(card)) is few


def test_one_process_of_a_third_framework_makes_no_ratio_of_two_others_less_sure() -> None:
    evidence = measured(
        [
            *(measured_case(name, 1.0, ecosystem=name, processes=3) for name in ("jax", "torch")),
            measured_case("late", 9.0, ecosystem="late"),
        ]
    )
    cards = {card.framework: card for card in build_report(RUBRIC, evidence, frameworks=["jax", "late"]).cards}
    assert cards["jax"].uncertainty.of_lone_processes == ()
    assert cards["late"].uncertainty.of_lone_processes == ("Training speed",)


def test_a_stated_range_is_drawn_over() -> None:
    facts = [make_fact(key, 3.0) for key in ("weeks_beginner", "weeks_numpy_user", "weeks_other_framework_expert")]
    facts.append(make_fact("official_tutorial_notebooks", 10.0))
    ranged = msgspec.structs.replace(facts[0], low=1.0, high=9.0)
    plain, wide = (of(make_evidence(make_snapshot(*own)), "alpha") for own in (facts, [ranged, *facts[1:]]))
    assert width(plain, "learning_curve") <= BY_BREAKPOINTS
    assert width(wide, "learning_curve") >= 1.5


def test_what_nobody_answered_is_taken_at_both_extremes() -> None:
    nothing = of(make_evidence(), "alpha")
    assert all((interval.low, interval.high) == (0.0, 10.0) for interval in nothing.dimensions.values())
    assert (nothing.speed_score.low, nothing.speed_score.high) == (0.0, 10.0)


def noisy(seconds: float, spread: float, *, rounds: int = 40, seed: int = 0) -> list[float]:
    logs = np.random.default_rng(seed).normal(0.0, spread, rounds)
    return (seconds * np.exp(logs)).tolist()  # type: ignore[no-any-return]


def measured(own: Sequence[CaseResult]) -> Evidence:
    return make_evidence(runs=(NamedRun(name="a run", record=make_run(*own)),))


def of_training(evidence: Evidence) -> Uncertainty:
    """With training speed as the only question."""
    findings = judge(RUBRIC, evidence, frameworks=["jax"], device="cpu")
    own = [finding for finding in findings["jax"] if finding.criterion.id == "training_speed"]
    return uncertainties(RUBRIC, evidence, {"jax": own}, device="cpu")["jax"]


@pytest.mark.parametrize(("spread", "wide"), [(0.0, False), (0.5, True)])
def test_rounds_that_scatter_widen_the_interval(spread: float, wide: bool) -> None:
    evidence = measured(
        [
            measured_case("jax", noisy(1.0, spread)),
            measured_case("torch", noisy(1.3, spread, seed=1), ecosystem="torch"),
        ]
    )
    bounds = of_training(evidence)
    assert (width(bounds) > BY_BREAKPOINTS) is wide


def test_rounds_that_follow_each_other_alike_widen_the_interval() -> None:
    """The same rounds in another order: those of a drift are worth fewer independent ones."""
    rounds = sorted(noisy(1.0, 0.3, rounds=60))
    mixed = np.random.default_rng(1).permutation(rounds).tolist()
    drifting, shuffled = (
        width(of_training(measured([measured_case("jax", own), measured_case("torch", [1.0] * 60, ecosystem="torch")])))
        for own in (rounds, mixed)
    )
    assert drifting > shuffled


def test_processes_that_disagree_widen_the_interval_however_much_their_rounds_agree() -> None:
    """Rounds of one process are no independent witnesses."""

    def bounds(second: float) -> float:
        cases = [a_case("jax", [[1.0] * 20] * 2), a_case("torch", [[1.0] * 20, [second] * 20])]
        return width(of_training(measured(cases)))

    assert bounds(1.0) <= BY_BREAKPOINTS
    assert bounds(2.0) > 2 * BY_BREAKPOINTS


def test_a_load_that_all_shared_leaves_the_interval_narrow() -> None:
    """What slowed a process of one framework slowed that of the other beside it, and says nothing of their ratio."""
    loads = [[1.0] * 20, [2.0] * 20, [1.5] * 20]
    cases = [a_case("jax", loads), a_case("torch", [[1.2 * each for each in own] for own in loads])]
    assert width(of_training(measured(cases))) <= BY_BREAKPOINTS


def test_the_same_seed_gives_the_same_interval() -> None:
    evidence = make_evidence(*shipped(), runs=(NamedRun(name="a run", record=two_frameworks()),))
    assert of(evidence, "jax", device="cpu") == of(evidence, "jax", device="cpu")


@pytest.mark.parametrize("framework", ["jax", "pytorch", "tensorflow"])
def test_a_score_lies_in_its_interval(framework: str) -> None:
    evidence = make_evidence(*shipped(), runs=(NamedRun(name="a run", record=two_frameworks()),))
    (card,) = build_report(RUBRIC, evidence, frameworks=[framework]).cards
    bounds = of(evidence, framework, device="cpu" if framework in evidence.frameworks_on("cpu") else None)
    for dimension in card.dimensions:
        interval = bounds.dimensions[dimension.dimension]
        assert dimension.score is None or interval.low <= dimension.score <= interval.high
    assert card.speed_score is None or bounds.speed_score.low <= card.speed_score <= bounds.speed_score.high


@given(
    values=st.dictionaries(
        st.sampled_from(["github_stars", "github_forks", "commits_per_week", "contributors_lifetime"]),
        st.floats(0.0, 1e6),
    ),
    more=st.floats(0.0, 1e6),
)
def test_one_more_answer_never_widens_an_interval(values: dict[str, float], more: float) -> None:
    facts = [make_fact(key, value) for key, value in values.items()]
    before = of(make_evidence(make_snapshot(*facts)), "alpha")
    after = of(make_evidence(make_snapshot(*facts, make_fact("star_growth_12m_pct", more))), "alpha")
    assert width(after, "ecosystem_health") <= width(before, "ecosystem_health") + RUBRIC.policy.round_to


@pytest.mark.parametrize("rival", [(1.05, 1.25), (1.05, 1.15, 1.35), (1.0, 1.1, 1.2, 1.3, 1.6)])
def test_of_one_model_a_card_and_the_run_have_one_interval(rival: Sequence[float]) -> None:
    """However few its processes: the same seed gives it, and so would every other."""
    cases = [a_case("jax", [[1.0] * 20] * len(rival)), a_case("torch", [[each] * 20 for each in rival])]
    (ratio,) = find_ratios(cases)
    evidence = measured(cases)
    for seed in range(3):
        low, high = of(evidence, "jax", device="cpu", seed=seed).ratios["training_speed"]
        assert (math.log(low), math.log(high)) == pytest.approx(
            (math.log(ratio.low or 0.0), math.log(ratio.high or 0.0)), rel=0.01
        )


@pytest.mark.parametrize(("rival", "is_said"), [((1.3, 1.3, 1.3), True), ((0.8, 1.3, 2.1), False)])
def test_a_measured_ratio_makes_a_sentence_only_where_its_interval_leaves_out_1(
    rival: Sequence[float], is_said: bool
) -> None:
    evidence = measured([a_case("jax", [[1.0] * 20] * 3), a_case("torch", [[each] * 20 for each in rival])])
    (card,) = build_report(RUBRIC, evidence, frameworks=["jax"]).cards
    (speed,) = (each for each in card.dimensions[-1].findings if each.criterion.id == "training_speed")
    assert speed.score is not None
    assert speed.score >= RUBRIC.policy.strength_from
    (source,) = speed.sources
    assert source.low is not None
    assert (source.low > 1) is is_said
    assert (speed.criterion.strength in card.strengths) is is_said
