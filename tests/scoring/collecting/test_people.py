"""Identities, bots, and the contributor absence factor with what must always hold of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.collecting.people import absence_factor, identity, is_bot

counts = st.lists(st.integers(min_value=1, max_value=1_000), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("commits", "people"),
    [
        ([1], 1),
        ([5, 5], 1),
        ([4, 3, 3], 2),
        ([1] * 10, 5),
        ([1] * 11, 6),
        ([50, 10, 10, 10, 10, 10], 1),
        ([49, 11, 10, 10, 10, 10], 2),
        ([0, 3, 0], 1),
    ],
)
def test_the_fewest_people_who_made_half(commits: list[int], people: int) -> None:
    assert absence_factor(commits) == people


def test_nobody_has_no_absence_factor() -> None:
    with pytest.raises(ValueError, match="nobody"):
        absence_factor([0])


@given(commits=counts, seed=st.randoms(use_true_random=False))
def test_the_order_of_people_does_not_matter(commits: list[int], seed: object) -> None:
    shuffled = list(commits)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert absence_factor(shuffled) == absence_factor(commits)


@given(commits=counts)
def test_it_lies_between_one_and_half_of_the_people_rounded_up(commits: list[int]) -> None:
    assert 1 <= absence_factor(commits) <= (len(commits) + 1) // 2


@given(commits=counts, more=st.integers(min_value=1, max_value=1_000))
def test_more_commits_of_the_first_never_raise_it(commits: list[int], more: int) -> None:
    ranked = sorted(commits, reverse=True)
    assert absence_factor([ranked[0] + more, *ranked[1:]]) <= absence_factor(ranked)


@given(commits=counts, times=st.integers(min_value=1, max_value=50))
def test_only_shares_count(commits: list[int], times: int) -> None:
    assert absence_factor([times * count for count in commits]) == absence_factor(commits)


@given(commits=counts)
def test_it_is_the_fewest_that_reach_half(commits: list[int]) -> None:
    people, ranked = absence_factor(commits), sorted(commits, reverse=True)
    assert 2 * sum(ranked[:people]) >= sum(commits)
    assert 2 * sum(ranked[: people - 1]) < sum(commits)


@pytest.mark.parametrize(
    ("email", "other"),
    [
        ("Ann@Example.com", " ann@example.com "),
        ("123+ann@users.noreply.github.com", "ann@users.noreply.github.com"),
    ],
)
def test_one_person_with_two_spellings(email: str, other: str) -> None:
    assert identity(email, name="Ann") == identity(other, name="somebody")


def test_people_are_told_apart_by_e_mail_and_without_one_by_name() -> None:
    assert identity("ann@example.com", name="Ann") != identity("ann@example.org", name="Ann")
    assert identity("", name="Ann") == "ann"


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("pre-commit-ci[bot]", "66853113+pre-commit-ci[bot]@users.noreply.github.com"),
        ("GitHub Actions", "actions@example.com"),
        ("Copybara-Service", "copybara-worker@example.com"),
        ("release-bot", "x@example.com"),
        ("Somebody", "my_bot@example.com"),
        ("PyTorch MergeBot", "pytorchmergebot@users.noreply.github.com"),
        ("TensorFlower Gardener", "gardener@tensorflow.org"),
    ],
)
def test_bots(name: str, email: str) -> None:
    assert is_bot(email, name=name)


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Jane Talbot", "jane@talbot.org"),
        ("Marius Bot", "m.bot@example.com"),
        ("Abbott", "abbot@example.com"),
        ("", ""),
    ],
)
def test_people_with_bot_in_their_names(name: str, email: str) -> None:
    assert not is_bot(email, name=name)
