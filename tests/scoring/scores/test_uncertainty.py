"""Intervals of scores: what they rest on, what widens them, and what leaves them as they are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.phases import DeviceName
from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.scores.score_report import build_report
from speedscore.scoring.scores.uncertainty import Uncertainty, uncertainties
from tests.bench_suite.sample_cases import a_case
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_snapshot, shipped
from tests.scoring.sample_runs import make_run, measured_case, two_frameworks


def of(evidence: Evidence, framework: str, *, device: DeviceName | None = None, seed: int = 0) -> Uncertainty:
    findings = judge(RUBRIC, evidence, frameworks=[framework], device=device)
    return uncertainties(RUBRIC, evidence, findings, device=device, seed=seed)[framework]


def width(of: Uncertainty, dimension: str = "performance") -> float:
    (interval,) = (interval for name, interval in of.dimensions.items() if name == dimension)
    return interval.high - interval.low


def test_what_is_known_exactly_has_no_width() -> None:
    evidence = make_evidence(*shipped(), month="2024-01")
    assert width(of(evidence, "jax"), "production_maturity") == 0.0


def test_a_stated_range_is_drawn_over() -> None:
    facts = [make_fact(key, 3.0) for key in ("weeks_beginner", "weeks_numpy_user", "weeks_other_framework_expert")]
    facts.append(make_fact("official_tutorial_notebooks", 10.0))
    ranged = msgspec.structs.replace(facts[0], low=1.0, high=9.0)
    plain, wide = (of(make_evidence(make_snapshot(*own)), "alpha") for own in (facts, [ranged, *facts[1:]]))
    assert width(plain, "learning_curve") == 0.0
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
    assert (width(bounds) > 0) is wide


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

    assert bounds(1.0) == 0.0
    assert bounds(2.0) > 1.0


def test_a_load_that_all_shared_leaves_the_interval_narrow() -> None:
    """What slowed a process of one framework slowed that of the other beside it, and says nothing of their ratio."""
    loads = [[1.0] * 20, [2.0] * 20, [1.5] * 20]
    cases = [a_case("jax", loads), a_case("torch", [[1.2 * each for each in own] for own in loads])]
    assert width(of_training(measured(cases))) == 0.0


def test_the_same_seed_gives_the_same_interval() -> None:
    evidence = make_evidence(*shipped(), runs=(NamedRun(name="a run", record=two_frameworks()),))
    assert of(evidence, "jax", device="cpu") == of(evidence, "jax", device="cpu")


@pytest.mark.parametrize("framework", ["jax", "pytorch", "tensorflow"])
def test_a_score_lies_in_its_interval(framework: str) -> None:
    evidence = make_evidence(*shipped(), runs=(NamedRun(name="a run", record=two_frameworks()),))
    (card,) = build_report(RUBRIC, evidence, frameworks=[framework]).cards
    bounds = of(evidence, framework, device="cpu" if framework in evidence.ecosystems("cpu") else None)
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
