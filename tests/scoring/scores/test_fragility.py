"""How few facts an order hangs on, against trying every set of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.scoring.cards import order_wording
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.scores.comparison import compare
from speedscore.scoring.scores.fragility import MOST_REMOVED, Fragility, find_fragility
from speedscore.scoring.scores.score_report import build_report
from speedscore.scoring.scores.sensitivity import sensitivity
from speedscore.scoring.scores.weighing import Weighing, make_profile, rank
from tests.scoring.sample_facts import RUBRIC, full_facts, make_evidence, make_snapshot
from tests.scoring.scores.test_sensitivity import PLAIN, SMALL

Answers = Mapping[str, Mapping[str, tuple[float, ...]]]
"""Framework → criterion → its facts, the one that answers first."""
Fact = tuple[str, str, int]
"""Framework, criterion, place."""


def findings_of(answers: Answers, *, removed: Iterable[Fact] = ()) -> dict[str, list[Finding]]:
    gone = set(removed)
    found: dict[str, list[Finding]] = {}
    for framework, own in answers.items():
        found[framework] = []
        for criterion in SMALL.criterion:
            candidates = tuple(
                Finding(
                    criterion=criterion,
                    framework=framework,
                    rule=PLAIN,
                    value=value,
                    score=value,
                    sources=(Source(kind="published", text=f"page {place}", as_of="2024-01", value=value),),
                )
                for place, value in enumerate(own[criterion.id])
                if (framework, criterion.id, place) not in gone
            )
            answered = candidates[0] if candidates else Finding(criterion=criterion, framework=framework)
            found[framework].append(msgspec.structs.replace(answered, candidates=candidates))
    return found


def fragility_of(answers: Answers) -> tuple[tuple[str, ...], Fragility]:
    made = sensitivity(SMALL, compare(SMALL, findings_of(answers)), draws=10)
    assert made is not None
    return made.ranking, made.fragility


def ranking_without(answers: Answers, removed: Iterable[Fact]) -> tuple[str, ...]:
    """Of all of them; empty where they cannot be ranked any more."""
    comparison = compare(SMALL, findings_of(answers, removed=removed))
    if set(comparison.ranked) != set(answers):
        return ()
    plain = Weighing(SMALL.weights)
    return rank({name: plain.speed_score(make_profile(own)) for name, own in comparison.findings.items()})


def by_trying(answers: Answers) -> tuple[int | None, int | None]:
    """How many facts have to go for another to be first, and for nobody to be; None where more than a few."""
    facts = [
        (framework, criterion, place)
        for framework, own in answers.items()
        for criterion, values in own.items()
        for place in range(len(values))
    ]
    first = ranking_without(answers, ())[0]
    another: int | None = None
    none: int | None = None
    for count in range(1, 3):
        for removed in itertools.combinations(facts, count):
            ranking = ranking_without(answers, removed)
            if not ranking:
                none = none or count
            elif ranking[0] != first:
                another = another or count
    return another, none


values = st.lists(st.sampled_from([2.0, 4.0, 4.5, 5.0, 6.0]), min_size=1, max_size=2).map(tuple)
own_answers = st.fixed_dictionaries({criterion.id: values for criterion in SMALL.criterion})


@settings(max_examples=8)
@given(alpha=own_answers, beta=own_answers)
def test_it_finds_what_trying_every_set_finds(
    alpha: dict[str, tuple[float, ...]], beta: dict[str, tuple[float, ...]]
) -> None:
    answers = {"alpha": alpha, "beta": beta}
    ranking, found = fragility_of(answers)
    another, none = by_trying(answers)
    for removed, tried in ((found.removed, another), (found.no_order, none)):
        if tried is not None:
            assert len(removed) == tried
        else:
            assert not removed or len(removed) == MOST_REMOVED
    if found.first:
        assert found.first != ranking[0]
        gone = [
            (fact.framework, fact.criterion, place)
            for fact in found.removed
            for place, value in enumerate(answers[fact.framework][fact.criterion])
            if value == fact.value
        ]
        assert ranking_without(answers, gone)[0] == found.first or len(gone) > len(found.removed)


def plain_answers(**better: float) -> dict[str, tuple[float, ...]]:
    return {criterion.id: (better.get(criterion.id.replace(" ", "_"), 5.0),) for criterion in SMALL.criterion}


def test_the_one_fact_that_an_order_hangs_on_is_named() -> None:
    answers = {"alpha": plain_answers(performance_1=9.0), "beta": plain_answers(learning_curve_1=6.0)}
    ranking, found = fragility_of(answers)
    assert ranking == ("alpha", "beta")
    assert found.first == "beta"
    (fact,) = found.removed
    assert (fact.framework, fact.criterion, fact.value) == ("alpha", "performance 1", 9.0)
    assert len(found.no_order) == 2


def test_a_fact_beside_takes_the_place_of_one_that_is_removed() -> None:
    lone: Answers = {"alpha": plain_answers(performance_1=9.0), "beta": plain_answers(learning_curve_1=6.0)}
    backed: Answers = {**lone, "alpha": {**lone["alpha"], "performance 1": (9.0, 8.5)}}
    assert [len(fragility_of(answers)[1].removed) for answers in (lone, backed)] == [1, 1]
    # Not the fact that has another beside it, but the rival's, without which the question leaves the comparison too.
    assert fragility_of(backed)[1].removed[0].framework == "beta"


def test_who_leads_in_everything_is_first_whatever_is_removed() -> None:
    answers: Answers = {"alpha": plain_answers(), "beta": {criterion.id: (6.0,) for criterion in SMALL.criterion}}
    _, found = fragility_of(answers)
    assert (found.first, found.removed) == ("", ())


def test_the_cards_say_it() -> None:
    facts = [*full_facts().values(), *full_facts(framework="beta").values()]
    snapshots = [
        make_snapshot(*(fact for fact in facts if fact.framework == name), framework=name) for name in ("alpha", "beta")
    ]
    report = build_report(RUBRIC, make_evidence(*snapshots), frameworks=["alpha", "beta"])
    said = " ".join(order_wording.firmness(report))
    assert "Leaving out any 3 facts or fewer puts no other first." in said
    assert "there is no order." in said


@pytest.mark.parametrize("order", [("alpha", "beta", "gamma"), ("gamma", "alpha", "beta")])
def test_the_order_of_the_frameworks_changes_nothing(order: tuple[str, ...]) -> None:
    answers = {
        "alpha": plain_answers(performance_1=9.0),
        "beta": plain_answers(learning_curve_1=6.0),
        "gamma": plain_answers(**{f"{DIMENSIONS[0]}_2": 6.0}),
    }
    comparison = compare(SMALL, findings_of({name: answers[name] for name in order}))
    assert find_fragility(SMALL, comparison, ("alpha", "beta", "gamma")).first == "beta"
