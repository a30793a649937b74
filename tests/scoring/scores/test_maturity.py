"""Grades of the libraries on top of a framework: by the rubric's rule, from facts, and under any name."""

from __future__ import annotations

import json
import random
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.scoring.cards import FORMATS
from speedscore.scoring.scores.maturity import GradedLayer, grade_layers
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_layer, make_snapshot, shipped

GOOD = {
    "commits_per_week": 5.0,
    "contributor_absence_factor": 3.0,
    "releases_per_year": 4.0,
    "years_since_first_release": 5.0,
}
GRADES = [entry.grade for entry in RUBRIC.maturity]


def grades(month: str | None) -> dict[str, str | None]:
    evidence = make_evidence(*shipped(), month=month)
    return {layer.name: layer.grade for layer in grade_layers(RUBRIC, evidence, framework="jax")}


def grade(values: dict[str, float], *, month: str = "2024-01", as_of: str = "2024-01") -> GradedLayer:
    evidence = make_evidence(make_snapshot(month=month), make_layer(values, library="lib", month=month, as_of=as_of))
    (layer,) = grade_layers(RUBRIC, evidence, framework="alpha")
    return layer


def test_the_reference_grades_of_january_2024_come_out() -> None:
    assert grades("2024-01") == {
        "Equinox": "Emerging",
        "Flax": "Good",
        "Haiku": "Good",
        "Keras": "Good",
        "Optax": "Good",
    }


def test_the_newest_facts_give_todays_grades() -> None:
    assert grades(None) == {
        "Equinox": "Good",
        "Flax": "Good",
        "Haiku": "Maintained only",
        "Keras": "Good",
        "Optax": "Good",
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "Good"),
        ({"contributor_absence_factor": 1.0}, "Emerging"),
        ({"years_since_first_release": 2.9}, "Emerging"),
        ({"releases_per_year": 1.0}, "Emerging"),
        ({"commits_per_week": 1.0}, "Maintained only"),
        ({"commits_per_week": 0.1}, "Dormant"),
        ({"releases_per_year": 0.0}, "Dormant"),
    ],
)
def test_the_first_grade_that_fits_is_given(changed: dict[str, float], expected: str) -> None:
    layer = grade({**GOOD, **changed})
    assert layer.grade == expected
    assert layer.reason == next(entry.reason for entry in RUBRIC.maturity if entry.grade == expected)
    assert [fact.source.value for fact in layer.facts] == list({**GOOD, **changed}.values())


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_fact_makes_the_grade_unknown_and_is_named(key: str) -> None:
    layer = grade({name: value for name, value in GOOD.items() if name != key})
    assert (layer.grade, layer.reason) == (None, f"no sourced fact about {RUBRIC.fact_name(key)}")
    assert key not in {fact.key for fact in layer.facts}


def test_a_stale_fact_gives_no_grade() -> None:
    layer = grade(GOOD, month="2026-01", as_of="2024-01")
    assert layer.grade is None
    assert layer.reason.startswith("Commits a week is stale, 24 months old; Absence factor is stale")
    assert all(fact.source.stale for fact in layer.facts)


def test_a_framework_without_layers_has_no_table() -> None:
    report = build_report(RUBRIC, make_evidence(make_snapshot()), frameworks=["alpha"])
    assert report.cards[0].layers == ()
    assert not any("Libraries on top" in FORMATS[form](report, width=80) for form in ("text", "markdown"))
    assert json.loads(FORMATS["json"](report, width=80))["frameworks"]["alpha"]["layers"] == []


def test_a_layer_appears_with_its_first_snapshot() -> None:
    snapshots = (make_snapshot(), make_layer(GOOD, library="lib", month="2024-06"))
    assert make_evidence(*snapshots, month="2024-01").layers == {}
    assert make_evidence(*snapshots).layers == {"alpha": {"lib": "What lib is for"}}


def test_the_terminal_card_shows_the_table_within_its_width() -> None:
    lines = FORMATS["text"](report_of("jax"), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    start = lines.index("Libraries on top of JAX")
    table = "\n".join(lines[start:])
    assert ["Library", "Purpose", "Maturity", "From"] in [line.split() for line in lines[start:]]
    for row in (("Equinox", "Emerging"), ("Optax", "Good")):
        assert any(line.split()[:1] == [row[0]] and row[1] in line.split() for line in lines[start:])
    assert "Good: Twice the commit a week" in table
    assert "google-deepmind/optax, git tags" in table


def test_the_other_cards_show_it_too() -> None:
    markdown = FORMATS["markdown"](report_of("jax"), width=80)
    assert "### Libraries on top of JAX" in markdown
    assert "| Haiku | DeepMind's neural network library | Good | Commits a week 2.1, " in markdown
    layers = json.loads(FORMATS["json"](report_of("jax"), width=80))["frameworks"]["jax"]["layers"]
    assert [layer["grade"] for layer in layers] == ["Emerging", "Good", "Good", "Good", "Good"]
    assert layers[0]["facts"][0]["source"]["text"] == "patrick-kidger/equinox, full git history"


def report_of(framework: str) -> ScoreReport:
    return build_report(RUBRIC, make_evidence(*shipped(), month="2024-01"), frameworks=[framework])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("month", ["2024-01", None])
def test_a_library_has_the_same_grade_under_any_name(seed: int, month: str | None) -> None:
    draw = random.Random(seed)
    names = {each.framework: "".join(draw.choices(string.ascii_lowercase, k=12)) for each in shipped()}
    disguised = [
        msgspec.structs.replace(
            each,
            framework=names[each.framework],
            name=names[each.framework],
            layer_of=tuple(names[framework] for framework in each.layer_of),
            facts=tuple(msgspec.structs.replace(fact, framework=names[fact.framework]) for fact in each.facts),
        )
        for each in shipped()
    ]
    before = grade_layers(RUBRIC, make_evidence(*shipped(), month=month), framework="jax")
    after = grade_layers(RUBRIC, make_evidence(*disguised, month=month), framework=names["jax"])
    assert {names[layer.library]: (layer.grade, layer.reason, layer.facts) for layer in before} == {
        layer.library: (layer.grade, layer.reason, layer.facts) for layer in after
    }


@given(values=st.fixed_dictionaries({key: st.floats(0, 20) for key in GOOD}), key=st.sampled_from(sorted(GOOD)))
def test_a_better_fact_never_lowers_the_grade(values: dict[str, float], key: str) -> None:
    worse = {**values, "contributor_absence_factor": max(values["contributor_absence_factor"], 1.0)}
    before, after = grade(worse).grade, grade({**worse, key: worse[key] + 5}).grade
    assert before is not None
    assert after is not None
    assert GRADES.index(after) <= GRADES.index(before)


@given(known=st.sets(st.sampled_from(sorted(GOOD))))
def test_unknown_stays_unknown(known: set[str]) -> None:
    layer = grade({key: GOOD[key] for key in GOOD if key in known})
    assert (layer.grade is None) == (len(known) < len(GOOD))
    assert len(layer.facts) == len(known)
    assert layer.reason
