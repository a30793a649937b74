"""Why one framework stands before another: parts that add up to the distance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.scores.lead import find_lead
from speedscore.scoring.scores.weighing import Profile, Weighing, make_profile
from tests.scoring.scores.test_sensitivity import SMALL, answers

NAMES = [criterion.id for criterion in SMALL.criterion]
PLAIN = Weighing(SMALL.weights)


def profile(scores: dict[str, float]) -> Profile:
    return make_profile(answers(scores))


points = st.dictionaries(st.sampled_from(NAMES), st.floats(0, 10))


@given(first=points, follower=points)
def test_the_parts_add_up_to_the_distance_and_the_largest_come_first(
    first: dict[str, float], follower: dict[str, float]
) -> None:
    lead = find_lead("a", "b", profiles={"a": profile(first), "b": profile(follower)}, weighing=PLAIN)
    assert sum(part.points for part in lead.parts) == pytest.approx(lead.points, abs=1e-9)
    sizes = [abs(part.points) for part in lead.parts]
    assert sizes == sorted(sizes, reverse=True)


def test_a_question_speaks_for_whoever_answers_it_better() -> None:
    better, worse = f"{DIMENSIONS[0]} 1", f"{DIMENSIONS[1]} 2"
    profiles = {"a": profile({better: 10.0, worse: 1.0}), "b": profile({})}
    lead = find_lead("a", "b", profiles=profiles, weighing=PLAIN)
    assert {part.criterion: round(part.points, 9) for part in lead.parts[:2]} == {better: 0.5, worse: -0.4}
    assert {part.points for part in lead.parts[2:]} == {0.0}


def test_different_questions_are_no_comparison() -> None:
    lacking = make_profile(each for each in answers({NAMES[0]: None}) if each.known)
    with pytest.raises(ValueError, match=NAMES[0]):
        find_lead("a", "b", profiles={"a": profile({}), "b": lacking}, weighing=PLAIN)
