"""Who is ranked and on what: questions that all answer, by one way of counting, whatever the order of the inputs."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.scoring.cards import order_wording
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.facts.fact import Fact
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.scores.comparison import compare, rankable_sets
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.scoring.sample_facts import (
    RUBRIC,
    any_facts,
    full_facts,
    make_evidence,
    make_fact,
    make_snapshot,
    shipped,
)
from tests.scoring.sample_runs import two_frameworks

FRAMEWORKS = ("alpha", "beta", "gamma")
WAYS = ("", "with merges", "without merges")


def report(*facts: Fact, frameworks: tuple[str, ...] = FRAMEWORKS) -> ScoreReport:
    snapshots = [
        make_snapshot(*(fact for fact in facts if fact.framework == framework), framework=framework)
        for framework in frameworks
    ]
    return build_report(RUBRIC, make_evidence(*snapshots), frameworks=frameworks)


def everything(*frameworks: str) -> list[Fact]:
    return [fact for framework in frameworks for fact in full_facts(framework=framework).values()]


def without(facts: list[Fact], framework: str, *keys: str) -> list[Fact]:
    return [fact for fact in facts if fact.framework != framework or fact.key not in keys]


def test_who_answers_all_alike_is_ranked_on_every_question() -> None:
    comparison = report(*everything(*FRAMEWORKS)).comparison
    assert comparison.ranked == FRAMEWORKS
    assert (comparison.omitted, comparison.unranked) == ((), ())


def test_what_one_leaves_open_is_left_out_for_all() -> None:
    comparison = report(*without(everything(*FRAMEWORKS), "beta", "browser_level")).comparison
    assert comparison.ranked == FRAMEWORKS
    assert [(each.criterion, each.unknown_of) for each in comparison.omitted] == [("browser", ("beta",))]
    assert all("browser" not in {f.criterion.id for f in findings} for findings in comparison.findings.values())


def test_the_method_that_all_have_is_taken_though_a_card_has_a_preferred_one_of_its_own() -> None:
    """JAX's 30 commits a week beside rivals counted by a method that gives JAX 82.9."""
    facts = without(everything(*FRAMEWORKS), "alpha", "commits_per_week")
    facts = [
        msgspec.structs.replace(fact, definition="with merges") if fact.key == "commits_per_week" else fact
        for fact in facts
    ]
    stated = make_fact("commits_per_week", 30.0, kind="reference", definition="as stated")
    counted = make_fact("commits_per_week", 82.9, kind="computed", definition="with merges")
    made = report(*facts, stated, counted)
    velocity = next(each for each in made.comparison.questions if each.criterion == "commit_velocity")
    rule = next(criterion for criterion in RUBRIC.criterion if criterion.id == "commit_velocity").answers[0]
    assert velocity.method == "with merges"
    assert velocity.points["alpha"] == rule.score(82.9)
    own = next(finding for finding in made.cards[0].dimensions[0].findings if finding.criterion.id == "commit_velocity")
    assert own.value == 30.0


def test_who_lacks_a_dimension_has_no_place_and_the_others_do() -> None:
    weeks = ("weeks_beginner", "weeks_numpy_user", "weeks_other_framework_expert")
    made = report(*without(everything(*FRAMEWORKS), "beta", *weeks))
    assert made.comparison.ranked == ("alpha", "gamma")
    (beta,) = made.comparison.unranked
    assert beta.framework == "beta"
    assert beta.reason.startswith("too little is answered in Learning Curve (25 %")


def test_the_terminal_says_where_the_speed_scores_order_them_otherwise() -> None:
    """Alpha answers a question splendidly that beta leaves open, and loses on those that both answer."""
    alpha = full_facts() | {"star_growth_12m_pct": make_fact("star_growth_12m_pct", 60.0)}
    beta = full_facts(framework="beta") | {
        "hf_architectures_pct": make_fact("hf_architectures_pct", 12.0, framework="beta")
    }
    del beta["star_growth_12m_pct"]
    made = report(*alpha.values(), *beta.values(), frameworks=("alpha", "beta"))
    assert made.sensitivity is not None
    assert made.sensitivity.ranking == ("beta", "alpha")
    said = " ".join(order_wording.order(made))
    assert "Left out: Star growth, 12 months (no fresh answer of Beta)." in said
    assert "The Speed Scores, each from all that its framework answers, order them otherwise: Alpha" in said


def test_who_is_not_ranked_is_named_with_the_reason() -> None:
    facts = without(everything(*FRAMEWORKS), "gamma", "resnet50_speed_ratio", "bert_large_speed_ratio")
    for said in (" ".join(order_wording.order(report(*facts))), " ".join(order_wording.why_first(report(*facts)))):
        assert "No place in it has Gamma: too little is answered in Performance (20 %, without Training speed)" in said


def test_without_enough_in_common_there_is_no_order() -> None:
    facts = full_facts(framework="alpha"), full_facts(framework="beta", definition="another way")
    made = report(*facts[0].values(), *facts[1].values(), frameworks=("alpha", "beta"))
    assert all(card.speed_score is not None for card in made.cards)
    assert (made.comparison.ranked, made.sensitivity) == ((), None)


def test_of_several_sets_that_can_be_ranked_the_weights_choose() -> None:
    """Alpha counts as beta does and as gamma does, and those two have nothing in common."""
    facts = [
        *full_facts(definition="one way").values(),
        *full_facts(definition="another way").values(),
        *without(list(full_facts(framework="beta", definition="one way").values()), "beta", "browser_level"),
        *without(
            list(full_facts(framework="gamma", definition="another way").values()), "gamma", "star_growth_12m_pct"
        ),
    ]
    made = report(*facts)
    findings = {card.framework: [each for own in card.dimensions for each in own.findings] for card in made.cards}
    assert rankable_sets(RUBRIC, findings) == [("alpha", "beta"), ("alpha", "gamma")]
    chosen = []
    for heavy in ("ecosystem_health", "production_maturity"):
        rubric = msgspec.structs.replace(RUBRIC, weights={name: 9.0 if name == heavy else 1.0 for name in DIMENSIONS})
        assert rankable_sets(rubric, findings) == rankable_sets(RUBRIC, findings)
        chosen.append(compare(rubric, findings).ranked)
    assert chosen == [("alpha", "beta"), ("alpha", "gamma")]


@pytest.mark.parametrize(
    ("frameworks", "measured"), [(("jax", "pytorch"), True), (("pytorch", "tensorflow"), False)], ids=["both", "one"]
)
def test_a_measurement_meets_no_published_figure(frameworks: tuple[str, str], measured: bool) -> None:
    runs = (NamedRun(name="a.json", record=two_frameworks()),)
    rubric = msgspec.structs.replace(RUBRIC, weights={**dict.fromkeys(DIMENSIONS, 0.0), "performance": 1.0})
    evidence = make_evidence(*shipped(), month="2024-01", runs=runs)
    comparison = build_report(rubric, evidence, frameworks=frameworks).comparison
    (speed,) = [question for question in comparison.questions if question.criterion == "training_speed"]
    assert (speed.method == "measured on cpu") is measured


@st.composite
def facts_by_ways(draw: st.DrawFn) -> list[Fact]:
    """Nearly all that can be known of three frameworks, each figure by one or several ways of counting."""
    facts = []
    for fact in everything(*FRAMEWORKS):
        ways = draw(st.sets(st.sampled_from(WAYS), min_size=0 if draw(st.integers(0, 9)) == 0 else 1))
        facts += [msgspec.structs.replace(fact, definition=way, source=f"a page, {way}") for way in sorted(ways)]
    return facts


@settings(max_examples=25)
@given(facts=facts_by_ways())
def test_unlike_methods_never_meet(facts: list[Fact]) -> None:
    comparison = report(*facts).comparison
    for number, _ in enumerate(comparison.questions):
        assert len({findings[number].method for findings in comparison.findings.values()}) == 1
        assert len({findings[number].criterion.id for findings in comparison.findings.values()}) == 1
    kept = {question.criterion for question in comparison.questions}
    assert not kept & {question.criterion for question in comparison.omitted}


@settings(max_examples=10)
@given(facts=facts_by_ways())
def test_the_order_of_the_inputs_changes_nothing(facts: list[Fact]) -> None:
    plain = report(*facts)
    turned = report(*reversed(facts), frameworks=FRAMEWORKS[::-1])
    assert turned.comparison == plain.comparison
    assert turned.sensitivity == plain.sensitivity
    assert {card.framework: card for card in turned.cards} == {card.framework: card for card in plain.cards}


@pytest.mark.parametrize("places", list(itertools.permutations(range(3))))
def test_the_order_of_snapshots_and_runs_changes_nothing(places: tuple[int, ...]) -> None:
    runs = [NamedRun(name=f"{place}.json", record=two_frameworks()) for place in range(3)]
    snapshots = [*shipped()]
    plain = build_report(RUBRIC, make_evidence(*snapshots, runs=tuple(runs)), frameworks=["jax", "pytorch"])
    turned = make_evidence(*reversed(snapshots), runs=tuple(runs[place] for place in places))
    assert build_report(RUBRIC, turned, frameworks=["jax", "pytorch"]).comparison == plain.comparison


@settings(max_examples=25)
@given(facts=any_facts(), place=st.integers(0, 200), better=st.floats(0.0, 1.0))
def test_a_better_answer_lowers_neither_a_score_nor_a_place(facts: list[Fact], place: int, better: float) -> None:
    """Of one framework of three; the others know all that can be known."""
    alpha = {(fact.key, fact.source): fact for fact in [*full_facts().values(), *facts]}
    chosen = list(alpha)[place % len(alpha)]
    fact = alpha[chosen]
    rules = [rule for criterion in RUBRIC.criterion for rule in criterion.answers if fact.key in rule.facts]
    known = RUBRIC.facts[fact.key]
    rises = rules[0].points[0][1] <= rules[0].points[-1][1]
    best = rules[0].points[-1 if rises else 0][0]
    value = max(known.least, fact.value + better * (best - fact.value))
    if known.allowed:
        value = max(known.allowed)
    if value < fact.value if rises else value > fact.value:
        value = fact.value
    rivals = everything("beta", "gamma")
    before = report(*alpha.values(), *rivals)
    after = report(*(alpha | {chosen: msgspec.structs.replace(fact, value=value)}).values(), *rivals)
    for one, other in zip(before.cards[0].dimensions, after.cards[0].dimensions, strict=True):
        assert (one.score is None) == (other.score is None)
        assert other.raw is None or one.raw is None or other.raw >= one.raw - 1e-9
    assert after.comparison.ranked == before.comparison.ranked
    if before.sensitivity is not None and after.sensitivity is not None:
        assert after.sensitivity.ranking.index("alpha") <= before.sensitivity.ranking.index("alpha")
