"""Who is one person, who is none, and the contributor absence factor with what must always hold of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.collecting.people import Author, absence_factor, join_people

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


def together(*authors: tuple[str, str]) -> int:
    """How many people these (name, address) are."""
    return len(set(join_people(Author(email, name) for name, email in authors).values()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ann", "Ann@Example.com"), ("somebody", " ann@example.com ")),
        (("Ann", "123+ann@users.noreply.github.com"), ("somebody", "ann@users.noreply.github.com")),
        (("Ann Ash", "ann@example.com"), ("ann  ash", "ann@elsewhere.org")),
        (("Ann", ""), ("ann", "ann@example.com")),
    ],
    ids=["address", "private address", "name", "name alone"],
)
def test_one_person_with_two_spellings(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert together(one, other) == 1


def test_an_address_and_a_name_join_over_several_steps() -> None:
    chain = [("Ann Ash", "ann@home"), ("Ann Ash", "ann@work"), ("aash", "ann@work"), ("AAsh", "ann@lab")]
    assert together(*chain) == 1
    assert together(chain[0], chain[3]) == 2


@pytest.mark.parametrize("name", ["root", "Unknown", "Your Name", " ", "Author"])
def test_a_placeholder_joins_nobody(name: str) -> None:
    assert together((name, "ann@example.com"), (name, "bob@example.com")) == 2
    assert together((name, "ann@example.com"), ("Ann", "ann@example.com")) == 1


signatures = st.lists(
    st.builds(
        Author,
        st.sampled_from(["", "a@x", "A@X", "b@x", "7+c@users.noreply.github.com", "c@users.noreply.github.com"]),
        st.sampled_from(["", "Ann", "ann", "Bob", "Cid C", "root"]),
    ),
    max_size=8,
)


@given(authors=signatures, more=signatures)
def test_who_is_one_person_does_not_hang_on_order_and_more_commits_part_nobody(
    authors: list[Author], more: list[Author]
) -> None:
    people, all_people = join_people(authors), join_people([*more, *authors])
    assert join_people(reversed(authors)) == people
    assert set(people) == set(authors)
    for one in authors:
        for other in authors:
            if people[one] == people[other]:
                assert all_people[one] == all_people[other]


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
        ("jax authors", "no-reply@google.com"),
        ("Flax Authors", "flax@example.com"),
        ("OptaxDev", "no-reply@google.com"),
        ("Haiku Contributor", "noreply@google.com"),
        ("Keras Team", "keras-team@example.com"),
        ("Kubernetes Prow Robot", "k8s-ci-robot@users.noreply.github.com"),
        ("k8s-ci-robot", "x@example.com"),
        ("Copilot", "198982749+Copilot@users.noreply.github.com"),
        ("Claude", "noreply@anthropic.com"),
        ("Somebody's agent", "agent@agent.example.com"),
    ],
)
def test_apps_import_services_and_agents(name: str, email: str) -> None:
    assert Author(email, name).is_service


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Jane Talbot", "jane@talbot.org"),
        ("Marius Bot", "m.bot@example.com"),
        ("Abbott", "abbot@example.com"),
        ("Claude Li", "42+Claude@users.noreply.github.com"),
        ("Claude", "claude@example.com"),
        ("Ann", "ann@users.noreply.github.com"),
        ("Ann", "7+robot@users.noreply.github.com"),
        ("Ann", "ann@noreply.example.org"),
        ("Author Name", "ann@example.com"),
        ("Teamo", "t@example.com"),
        ("", ""),
    ],
)
def test_people_who_look_like_one(name: str, email: str) -> None:
    assert not Author(email, name).is_service
