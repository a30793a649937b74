"""Weights and rules of a user's own: which are taken, and that every other is refused with one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.rubric.overrides import apply_overrides
from speedscore.scoring.rubric.rubric import RubricError
from tests.scoring.sample_facts import RUBRIC


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("performance=-1", "the weight of performance is -1; expected 0, or a number from 1e-06 to 1,000,000"),
        ("performance=1e308", "the weight of performance is 1e+308; expected 0, or a number from 1e-06 to 1,000,000"),
        ("performance=nan", "the weight of performance is nan"),
        ("e=0,pro=0,r=0,l=0,pe=0", "the weights of all dimensions are zero"),
        ("speed=1", "'speed' is no dimension; there are ecosystem_health"),
        ("p=1", "'p' could be production_maturity or performance"),
        ("pe=1,performance=2", "performance is given twice"),
        ("performance", "expected DIMENSION=NUMBER, as in performance=3, found 'performance'"),
        ("", "expected DIMENSION=NUMBER"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights: str, message: str) -> None:
    with pytest.raises(RubricError, match=f"^--weights: {re.escape(message)}"):
        apply_overrides(RUBRIC, weights=weights, policy=None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[criteria]", "expected the tables [policy] and [weights] of a rubric, found 'criteria'"),
        ("[policy]\nround = 1", "Object contains unknown field `round`"),
        ("[policy]\nminimum_coverage = 2", "minimum_coverage 2 lies outside 0 to 1"),
        ("[policy]\ndormant_most = 11", "dormant_most is 11; expected 0 to 10"),
        ('[policy]\ndormant_without = ["stars"]', "dormant_without names fact 'stars', which [facts] does not list"),
        ("[policy]\nround_to = 1e-300", "round_to is 1e-300; expected 0.001 to 10"),
        ("[policy]\nround_to = inf", "round_to is beyond 1e+300; expected 0.001 to 10"),
        ("[policy]\nstrength_from = nan", "strength_from is nan; expected 0 to 10"),
        (f"[policy]\nsentences_each = {'9' * 18}", "sentences_each is 1e+18; expected 1 to 100"),
        (
            "[policy]\nstale_after_months = { reference = 99999, published = 24, computed = 18 }",
            "stale_after_months of reference is 99999; expected 1 to 1200",
        ),
        ('[policy]\nscored_variants = { jax = "a\\nb" }', "not one line of plain text: 'a b'"),
        ("[weights]\nperformance = 1e-320", "the weight of performance is 9.99989e-321; expected 0, or a number from"),
        ('[weights]\nperformance = "much"', "Expected `float`, got `str`"),
        ("[weights", "not valid TOML"),
    ],
)
def test_a_policy_file_that_cannot_be_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(RubricError, match=f"^{re.escape(f'{path}: {message}')}"):
        apply_overrides(RUBRIC, weights=None, policy=path)


@given(st.dictionaries(st.sampled_from(DIMENSIONS), st.floats(0.001, 1000.0), min_size=1))
def test_every_weight_that_is_given_is_set_and_told(weights: dict[str, float]) -> None:
    text = ",".join(f"{name}={weight!r}" for name, weight in weights.items())
    overridden = apply_overrides(RUBRIC, weights=text, policy=None)
    assert {name: overridden.rubric.weights[name] for name in DIMENSIONS if name in weights} == weights
    assert len(overridden.departures) == sum(weight != 1.0 for weight in weights.values())
