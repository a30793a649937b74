"""Which package made it slower: sets of packages that resolve, and a bisection over them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.upgrades.blame import BlameStep, Names, find_blame, growing_sets
from speedscore.gate.upgrades.pins import Pin


def environment(packages: dict[str, str], requires: dict[str, tuple[str, ...]]) -> Environment:
    return Environment("python", "/env", platform="3", site_folders=(), packages=packages, requires=requires)


PRESENT = environment(
    {"jax": "1", "jaxlib": "1", "flax": "1", "numpy": "1"},
    {"jax": ("jaxlib==1", "numpy>=1"), "flax": ("jax>=1",)},
)
UPGRADED = environment(
    {"jax": "2", "jaxlib": "2", "flax": "2", "numpy": "2", "fresh": "1"},
    {"jax": ("jaxlib==2", "numpy>=1"), "flax": ("jax>=2", "fresh")},
)
PINS = [Pin("jax", "2"), Pin("jaxlib", "2"), Pin("flax", "2"), Pin("numpy", "2"), Pin("fresh", "1")]


def test_what_one_package_needs_of_another_is_upgraded_with_it() -> None:
    assert growing_sets(PINS, PRESENT, UPGRADED) == [
        frozenset(),
        frozenset({"fresh"}),
        frozenset({"fresh", "numpy"}),
        frozenset({"fresh", "numpy", "jax", "jaxlib"}),
        frozenset({"fresh", "numpy", "jax", "jaxlib", "flax"}),
    ]


def test_what_is_broken_already_or_will_be_is_no_reason_against_a_set() -> None:
    present = environment({"a": "1", "b": "1", "old": "1"}, {"old": ("a>=3",)})
    upgraded = environment({"a": "2", "b": "2", "old": "1"}, {"old": ("a>=3",), "b": ("old>=7",)})
    sets = growing_sets([Pin("a", "2"), Pin("b", "2")], present, upgraded)
    assert sets == [frozenset(), frozenset({"a"}), frozenset({"a", "b"})]


@given(st.integers(2, 40), st.data())
def test_the_package_is_found_in_as_many_gates_as_a_bisection_takes(number: int, data: st.DataObject) -> None:
    names = [f"p{index:02}" for index in range(number)]
    sets = [frozenset(names[:size]) for size in range(number + 1)]
    culprit = data.draw(st.sampled_from(names))

    def judge(upgraded: Names) -> BlameStep:
        return BlameStep(tuple(sorted(upgraded)), is_slower=culprit in upgraded)

    blame = find_blame("case", sets, judge)
    assert blame.packages == (culprit,)
    assert set(blame.before) == set(names[: names.index(culprit)])
    assert 2 ** (len(blame.steps) - 1) <= number


@pytest.mark.parametrize("untold", [["a"], ["a", "b"]])
def test_sets_that_cannot_be_gated_leave_more_than_one_package(untold: list[str]) -> None:
    sets = [frozenset("abcd"[:size]) for size in range(5)]

    def judge(upgraded: Names) -> BlameStep:
        unknown = any(upgraded == frozenset("abcd"[: "abcd".index(last) + 1]) for last in untold)
        return BlameStep(tuple(upgraded), is_slower=None if unknown else "b" in upgraded)

    blame = find_blame("case", sets, judge)
    assert "b" in blame.packages
    assert len(blame.packages) == len(untold) + 1
