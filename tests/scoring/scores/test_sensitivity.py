"""How firm a ranking is: drawn weights, criteria left out, and the least change that flips it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion, Dimension
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.rubric.score_sentence import ScoreSentence
from speedscore.scoring.scores.comparison import compare
from speedscore.scoring.scores.sensitivity import DRAWS, Sensitivity, sensitivity
from speedscore.scoring.scores.weighing import DimensionWeights
from tests.scoring.sample_facts import RUBRIC

PLAIN = AnswerRule(
    facts=("github_stars",),
    unit="points",
    scale="linear",
    points=((0.0, 0.0), (10.0, 10.0)),
    reason="for a test",
    example=(5.0, 5.0),
)


def criterion(name: str, dimension: Dimension, *, weight: float = 1.0) -> Criterion:
    """The value is the score."""
    return Criterion(
        id=name,
        dimension=dimension,
        name=name,
        question="?",
        weight=weight,
        reason="for a test",
        answers=(PLAIN,),
    )


SMALL = msgspec.structs.replace(
    RUBRIC,
    policy=msgspec.structs.replace(RUBRIC.policy, minimum_coverage=0.5),
    groups={},
    verdicts={dimension: (ScoreSentence(start=0.0, sentence="for a test"),) for dimension in DIMENSIONS},
    criterion=tuple(criterion(f"{dimension} {number}", dimension) for dimension in DIMENSIONS for number in (1, 2)),
)
"""Two criteria of one weight a dimension."""


def answers(scores: Mapping[str, float | None], *, otherwise: float = 5.0, rubric: Rubric = SMALL) -> list[Finding]:
    found = [
        Finding(criterion=each, framework="", rule=PLAIN, value=score, score=score)
        for each in rubric.criterion
        for score in [scores.get(each.id, otherwise)]
    ]
    return [msgspec.structs.replace(each, candidates=(each,) if each.known else ()) for each in found]


def firmness(
    frameworks: Mapping[str, Mapping[str, float | None]],
    *,
    weights: DimensionWeights = SMALL.weights,
    draws: int = DRAWS,
) -> Sensitivity:
    rubric = msgspec.structs.replace(SMALL, weights=weights)
    result = sensitivity(
        rubric, compare(rubric, {name: answers(scores) for name, scores in frameworks.items()}), draws=draws
    )
    assert result is not None
    return result


def test_who_is_better_in_everything_stays_first_whatever_weighs() -> None:
    better = {each.id: 6.0 for each in SMALL.criterion}
    result = firmness({"alpha": {}, "beta": better})
    assert (result.ranking, result.same_ranking, result.same_first) == (("beta", "alpha"), 1.0, 1.0)
    assert (result.left_out, result.weight_flip) == ((), None)
    assert result.speed_scores == pytest.approx({"alpha": 5.0, "beta": 6.0})


def test_two_that_are_level_are_first_as_often_as_each_other() -> None:
    one, other = {"performance 1": 6.0}, {"learning_curve 1": 6.0}
    result = firmness({"alpha": one, "beta": other})
    assert result.same_first == pytest.approx(0.5, abs=4 * 0.5 / DRAWS**0.5)


def test_what_would_flip_it_is_the_weight_at_which_both_are_level() -> None:
    # A lead of 2 points of a dimension against one of 1: level when the latter weighs twice as much.
    lead, answer = {"performance 1": 9.0}, {"learning_curve 1": 7.0}
    result = firmness({"alpha": lead, "beta": answer})
    flip = result.weight_flip
    assert flip is not None
    assert (flip.rival, flip.weight) == ("beta", 1.0)
    again = firmness({"alpha": lead, "beta": answer}, weights={**SMALL.weights, flipped(flip.what): flip.needed})
    assert again.speed_scores["alpha"] == pytest.approx(again.speed_scores["beta"])


def flipped(title: str) -> Dimension:
    return next(dimension for dimension, own in SMALL.dimensions.items() if own == title)


def test_what_would_flip_it_is_the_answer_at_which_both_are_level() -> None:
    frameworks: dict[str, dict[str, float | None]] = {"alpha": {"performance 1": 7.0}, "beta": {}}
    flip = firmness(frameworks).fact_flip
    assert flip is not None
    assert flip.unit == "points"
    assert abs(flip.points) == pytest.approx(2.0)
    frameworks[flip.framework] = {**frameworks[flip.framework], flip.criterion: flip.needed}
    level = firmness(frameworks).speed_scores
    assert level["alpha"] == pytest.approx(level["beta"])


def test_a_criterion_on_which_the_ranking_hangs_is_named() -> None:
    result = firmness({"alpha": {"performance 1": 9.0}, "beta": {"learning_curve 1": 6.0}})
    assert [(each.criterion, each.ranking) for each in result.left_out] == [("performance 1", ("beta", "alpha"))]


@pytest.mark.parametrize("names", [["alpha"], []])
def test_fewer_than_two_have_no_ranking(names: list[str]) -> None:
    assert sensitivity(SMALL, compare(SMALL, {name: answers({}) for name in names})) is None


def test_who_lacks_a_score_is_not_ranked() -> None:
    without = {f"performance {number}": None for number in (1, 2)}
    frameworks = {"alpha": answers({}), "beta": answers({"performance 1": 6.0}), "gamma": answers(without)}
    result = sensitivity(SMALL, compare(SMALL, frameworks))
    assert result is not None
    assert result.ranking == ("beta", "alpha")


scores = st.dictionaries(
    st.sampled_from([each.id for each in SMALL.criterion]), st.floats(0.0, 10.0, width=16), max_size=10
)


@settings(max_examples=25)
@given(one=scores, other=scores)
def test_names_and_their_order_change_nothing_but_the_names(one: dict[str, float], other: dict[str, float]) -> None:
    there, back = (
        firmness(frameworks, draws=50) for frameworks in ({"alpha": one, "beta": other}, {"delta": other, "gamma": one})
    )
    renamed = {"alpha": "gamma", "beta": "delta"}
    level = abs(there.speed_scores["alpha"] - there.speed_scores["beta"]) < 1e-6
    assert level or tuple(renamed[name] for name in there.ranking) == back.ranking
    assert level or there.same_first == back.same_first


@settings(max_examples=25)
@given(one=scores, other=scores)
def test_a_flip_never_lies_on_the_near_side(one: dict[str, float], other: dict[str, float]) -> None:
    result = firmness({"alpha": one, "beta": other}, draws=50)
    first, second = result.ranking
    if result.fact_flip is not None:
        assert 0.0 <= result.fact_flip.needed <= 10.0
        assert (result.fact_flip.points > 0) == (result.fact_flip.framework == second) or result.fact_flip.points == 0
    assert first != second


def test_the_policy_s_minimum_is_the_rubric_s() -> None:
    assert isinstance(SMALL.policy, Policy)
    half = sensitivity(SMALL, compare(SMALL, {"a": answers({"performance 1": None}), "b": answers({})}))
    assert half is not None
