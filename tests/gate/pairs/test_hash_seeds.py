"""The seed of Python's hashes: one for both sides of a pair, another in each pair, and never another set of cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from speedscore.gate.loop.outcome import GateOutcome
from speedscore.verdicts.verdict import Verdict
from tests.gate.made_up_sides import MadeUpMachine, MadeUpSide, MadeUpTest, gated

CASE = "test_a.py::test_a"
PASSES = MadeUpTest()
Tests = Callable[[int], Mapping[str, MadeUpTest]]
"""By hash seed."""


class Seeded(MadeUpMachine):
    """Whose tests hang on the hash seed."""

    def __init__(self, base: Tests, head: Tests) -> None:
        super().__init__(lambda _: base(self._seed), lambda _: head(self._seed))
        self._seed = 0

    def start_side(self, *args: Any, hash_seed: int, **named: Any) -> MadeUpSide:
        self._seed = hash_seed
        return super().start_side(*args, hash_seed=hash_seed, **named)

    def is_first(self, seed: int) -> bool:
        return not self.hash_seeds or seed == self.hash_seeds[0]


def pairs_of(machine: MadeUpMachine) -> list[int]:
    """The seed of each pair, whose sides have the same."""
    on_both = list(zip(machine.hash_seeds[::2], machine.hash_seeds[1::2], strict=True))
    assert all(one == other for one, other in on_both)
    return [one for one, _ in on_both]


def of(outcome: GateOutcome, metric: str = "time") -> Verdict:
    return next(each for each in outcome.verdicts if each.metric == metric)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)


@pytest.mark.parametrize("wanted", ["", "random"])
def test_each_pair_that_counts_has_a_seed_of_its_own(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", wanted)
    machine = MadeUpMachine({CASE: PASSES}, {CASE: PASSES})
    gated(machine)
    pilot, *counted = pairs_of(machine)
    assert len(set(counted)) == len(counted) > 2
    assert counted[0] == pilot, "what is the same on both sides is learnt from two pairs with one seed"


def test_the_user_s_own_holds_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    machine = MadeUpMachine({CASE: PASSES}, {CASE: PASSES})
    gated(machine)
    assert set(pairs_of(machine)) == {7}


def test_where_ids_hang_on_the_seed_all_pairs_have_the_first_and_no_case_is_lost() -> None:
    def tests(seed: int) -> dict[str, MadeUpTest]:
        return {CASE if machine.is_first(seed) else "test_a.py::test_a[of another order]": PASSES}

    machine = Seeded(tests, tests)
    outcome = gated(machine)
    assert (of(outcome).case, of(outcome).outcome) == (CASE, "unchanged")
    assert outcome.warnings[0].startswith(f"a pair with another PYTHONHASHSEED lacks {CASE}, so all have one")
    seeds = pairs_of(machine)
    assert [seed == seeds[0] for seed in seeds] == [True, True, False, *[True] * (len(seeds) - 3)]


def test_pairs_that_run_at_once_each_find_out_by_their_own_seed() -> None:
    """Where one has found out that ids hang on the seed, another that was starting meanwhile must not run without."""

    def tests(seed: int) -> dict[str, MadeUpTest]:
        end = "" if machine.is_first(seed) else "[of another order]"
        return {f"test_{name}.py::test_it{end}": PASSES for name in "abcdefgh"}

    machine = Seeded(tests, tests)
    outcome = gated(machine, processors=(0, 1))
    assert {each.outcome for each in outcome.verdicts if each.metric == "time"} == {"unchanged"}
    assert len([each for each in outcome.verdicts if each.metric == "time"]) == 8


def test_an_id_that_stands_for_other_parameters_under_another_seed_is_no_ratio() -> None:
    """Under the first seed both sides agree; the id is that of a place in a set."""

    def on(side: str) -> Tests:
        return lambda seed: {
            CASE: MadeUpTest(more={"conditions": {"parameter x": "small" if machine.is_first(seed) else side}})
        }

    machine = Seeded(on("small"), on("large"))
    outcome = gated(machine)
    assert of(outcome).outcome == "not comparable"
    assert of(outcome).reason.startswith("parameter x is small on base and large on head")


def test_where_ids_differ_between_the_sides_another_process_is_asked_with_the_same_seed() -> None:
    """A set of parameters that a change adds to is no reason to call its ids unstable."""

    def tests(seed: int, *more: str) -> dict[str, MadeUpTest]:
        names = [*more, *("kept" if machine.is_first(seed) else "lost",)]
        return {f"test_a.py::test_a[{name}]": PASSES for name in names}

    machine = Seeded(lambda seed: tests(seed, "old"), lambda seed: tests(seed, "new"))
    outcome = gated(machine)
    assert of(outcome, "time").case
    said = {each.case: each.outcome for each in outcome.verdicts if each.metric == "time"}
    assert said["test_a.py::test_a[kept]"] == "unchanged"


def test_parameters_in_another_order_on_head_are_still_no_ratio() -> None:
    def on(side: str) -> Tests:
        return lambda seed: {CASE: MadeUpTest(more={"conditions": {"parameter x": f"{side} {seed}"}})}

    outcome = gated(Seeded(on("base"), on("head")))
    assert of(outcome).outcome == "not comparable"
    assert of(outcome).reason.startswith("parameter x is base")


def test_what_head_does_under_some_seeds_alone_is_spread_and_no_certain_change() -> None:
    """With one seed for all pairs it would be a regression in half of the gates, and an improvement in the others."""
    ratios = (0.9, 1.1)
    machine = Seeded(lambda _: {CASE: PASSES}, lambda seed: {CASE: MadeUpTest(seconds=0.01 * ratios[seed % 2])})
    assert of(gated(machine)).outcome in ("unchanged", "inconclusive")


def test_a_count_that_hangs_on_the_seed_proves_nothing() -> None:
    def counting(extra: int) -> Tests:
        return lambda seed: {CASE: MadeUpTest(counts=lambda _: {"comparisons": 100 + seed % 50 + extra})}

    count = of(gated(Seeded(counting(0), counting(3))), "comparisons")
    assert count.outcome == "not comparable"
    assert "so it proves nothing" in count.reason
