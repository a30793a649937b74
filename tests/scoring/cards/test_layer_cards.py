"""A library on top of a framework has a card of its own: a grade with its limits and facts, and never a score."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.__main__ import main
from speedscore.scoring.cards import FORMATS, short
from speedscore.scoring.cards.card_schema import CardDocument
from speedscore.scoring.commands.tracing import trace_layer
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.facts.statement import Statement
from speedscore.scoring.scores.layer_card import LayerCard
from speedscore.scoring.scores.maturity import grade_layers
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from speedscore.scoring.scores.surroundings import Surroundings
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_layer, make_snapshot, shipped
from tests.scoring.sample_runs import make_run, measured_case

GOOD = {
    "commits_per_week": 5.0,
    "contributor_absence_factor": 3.0,
    "releases_per_year": 4.0,
    "years_since_first_release": 5.0,
}
NOT_SCORES = ("score", "stale_score", "speed_score")


def report_of(values: dict[str, float], *, evidence: Evidence | None = None) -> ScoreReport:
    evidence = evidence or make_evidence(make_snapshot(), make_layer(values, library="lib"))
    return build_report(RUBRIC, evidence, frameworks=["lib"])


def card_of(values: dict[str, float], *, evidence: Evidence | None = None) -> LayerCard:
    (card,) = report_of(values, evidence=evidence).layers
    return card


def short_of(report: ScoreReport, *, width: int = 80, sources: bool = False) -> str:
    return short.render(report, Surroundings(report=report), width=width, sources=sources)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the command, which must succeed without a complaint, and returns what it prints."""

    def run(*arguments: str) -> str:
        code = main([*arguments])
        captured = capsys.readouterr()
        assert (code, captured.err) == (0, "")
        return captured.out

    return run


def test_a_layer_gets_a_grade_its_limits_and_its_facts(printed: Callable[..., str]) -> None:
    text = printed("card", "flax", "--snapshot", "2024-01", "--width", "80")
    lines = text.splitlines()
    assert lines[0].split("  ")[0] == "Flax"
    assert lines[0].endswith("Good; a layer, without a Speed Score")
    said = " ".join(text.split())
    assert "stands on JAX; facts known by 2024-01" in said
    assert "5,144 stars" in said
    assert "Commits a week 9.5, asked 2" in said
    assert "Maintained only if Commits a week fell below 2" in said
    assert "unknown" not in said
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("library", ["equinox", "flax", "haiku", "keras", "optax"])
@pytest.mark.parametrize("form", [("--full",), ("--sources",), ("--format", "markdown"), ("--format", "json")])
def test_every_form_has_dates_and_sources_and_no_score(
    library: str, form: tuple[str, ...], printed: Callable[..., str]
) -> None:
    text = printed("card", library, "--snapshot", "2026-08", *form)
    assert "git tags" in text.replace("\\", "")
    assert "2026-0" in text
    if "json" in form:
        document = msgspec.json.decode(text, type=CardDocument)
        assert document.frameworks == {}
        assert document.layers[library].grade in [entry.grade for entry in RUBRIC.maturity]
        assert not any(f'"{name}"' in text for name in NOT_SCORES)
    elif "markdown" not in form:
        assert max(map(len, text.splitlines())) <= 80


def test_keras_is_no_framework_and_stands_on_three(printed: Callable[..., str]) -> None:
    assert "\nKeras " not in printed("card")
    assert "stands on JAX, PyTorch and TensorFlow" in " ".join(printed("card", "keras").split())
    for framework in ("jax", "pytorch", "tensorflow"):
        assert "Keras: " in printed("card", framework)


def test_frameworks_and_layers_can_be_asked_for_together(printed: Callable[..., str]) -> None:
    document = json.loads(printed("card", "flax", "jax", "--format", "json"))
    assert (list(document["frameworks"]), list(document["layers"])) == (["jax"], ["flax"])


def test_each_limit_is_reached_or_missed_or_unknown() -> None:
    values = {name: value for name, value in GOOD.items() if name != "releases_per_year"}
    good = card_of({**values, "commits_per_week": 1.0}).grades[0]
    assert {limit.key: limit.reached for limit in good.limits} == {
        "commits_per_week": False,
        "releases_per_year": None,
        "contributor_absence_factor": True,
        "years_since_first_release": True,
    }


@given(values=st.fixed_dictionaries({key: st.floats(0, 20) for key in GOOD}))
def test_what_would_change_the_grade_changes_it(values: dict[str, float]) -> None:
    values = {**values, "contributor_absence_factor": max(values["contributor_absence_factor"], 1.0)}
    card = card_of(values)
    places = [entry.grade for entry in RUBRIC.maturity]
    for loss in card.losses:
        fallen = card_of({**values, loss.limit.key: max(loss.limit.least - 0.01, 0.0)}).layer.grade
        assert fallen == loss.grade != card.layer.grade
    for grade in card.grades[: places.index(card.layer.grade or "")]:
        missed = {limit.key: limit.least for limit in grade.limits if not limit.reached}
        assert missed
        assert card_of({**values, **missed}).layer.grade in places[: places.index(grade.grade) + 1]


def test_the_card_has_the_grade_of_the_framework_s_table() -> None:
    evidence = make_evidence(*shipped())
    for framework in ("jax", "pytorch", "tensorflow"):
        for layer in grade_layers(RUBRIC, evidence, framework=framework):
            (card,) = build_report(RUBRIC, evidence, frameworks=[layer.library]).layers
            assert card.layer == layer


def test_facts_that_contradict_each_other_stand_side_by_side() -> None:
    layer = make_layer(GOOD, library="lib")
    other = make_fact("commits_per_week", 7.0, framework="lib", source="another page")
    evidence = make_evidence(make_snapshot(), msgspec.structs.replace(layer, facts=(*layer.facts, other)))
    report = report_of({}, evidence=evidence)
    (commits,) = [fact for fact in report.layers[0].facts if fact.key == "commits_per_week"]
    assert [source.value for source in (commits.source, *commits.beside)] == [7.0, 5.0]
    for form in ("text", "markdown", "json"):
        assert "another page" in FORMATS[form](report, width=80)


def test_what_sources_say_of_it_in_words_is_told() -> None:
    topic = next(iter(RUBRIC.topics))
    said = Statement(
        framework="lib", topic=topic, text="Well documented", as_of="2024-01", source="x", kind="published"
    )
    layer = msgspec.structs.replace(make_layer(GOOD, library="lib"), statements=(said,))
    report = report_of({}, evidence=make_evidence(make_snapshot(), layer))
    for form in ("text", "markdown", "json"):
        assert "Well documented" in FORMATS[form](report, width=80)
    assert "Well documented" in trace_layer(report.layers[0], dimension=None, width=80)
    msgspec.json.decode(FORMATS["json"](report, width=80), type=CardDocument)


def test_its_lines_of_the_matrix_stand_beside_the_scored_one() -> None:
    cases = [
        measured_case("alpha", 1.0, ecosystem="alpha"),
        measured_case("lib-new", 2.0, ecosystem="alpha"),
        measured_case("library", 2.0, ecosystem="alpha"),
        measured_case("beta", 1.0),
    ]
    run = NamedRun(name="run.json", record=make_run(*cases))
    evidence = make_evidence(make_snapshot(), make_layer(GOOD, library="lib"), runs=(run,))
    report = report_of({}, evidence=evidence)
    assert [(line.line, line.scored_as, line.times_as_fast) for line in report.layers[0].lines] == [
        ("lib-new", "alpha", 0.5)
    ]
    texts = [
        short_of(report),
        *(FORMATS[form](report, width=80).replace("\\", "") for form in ("text", "markdown")),
    ]
    assert all("lib-new: 0.50× as fast as alpha in training on cpu" in text for text in texts)


def test_a_library_that_was_measured_as_an_ecosystem_of_its_own_is_scored() -> None:
    run = NamedRun(name="run.json", record=make_run(measured_case("lib", 1.0), measured_case("beta", 2.0)))
    evidence = make_evidence(make_snapshot(), make_layer(GOOD, library="lib"), runs=(run,))
    report = report_of({}, evidence=evidence)
    assert ([card.framework for card in report.cards], report.layers) == (["lib"], ())


def test_a_layer_without_facts_says_what_it_lacks() -> None:
    text = " ".join(short_of(report_of({})).split())
    assert "Maturity unknown; a layer" in text
    assert "no sourced fact about Commits a week" in text


def test_a_layer_that_stands_on_several_is_read_and_listed_under_each() -> None:
    layer = msgspec.structs.replace(make_layer(GOOD, library="lib"), layer_of=("alpha", "beta"))
    evidence = make_evidence(make_snapshot(), make_snapshot(framework="beta"), layer)
    assert evidence.layers == {name: {"lib": "What lib is for"} for name in ("alpha", "beta")}
    assert evidence.stands_on("lib") == ("alpha", "beta")
    assert evidence.stands_on("alpha") == ()


@pytest.mark.parametrize("names", [("alpha", "alpha"), ("alpha", " "), ()])
def test_what_it_stands_on_is_named_once_each(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="layer_of"):
        Snapshot(framework="lib", month="2024-01", name="Lib", role="layer", facts=(), layer_of=names, purpose="x")


# ----------------------------------------------------------------------------------- the other commands


def test_what_if_tells_what_becomes_of_the_grade(printed: Callable[..., str]) -> None:
    text = printed("whatif", "flax", "--snapshot", "2024-01", "--fact", "commits_per_week=0.1")
    assert "Flax, a layer without a Speed Score: maturity Good -> Dormant" in text
    assert "Commits a week: 9.5 commits/week -> 0.1 commits/week; Good asks for 2" in text
    assert "Nothing changes" not in text


def test_what_if_says_of_a_fact_that_no_grade_asks_for_it(printed: Callable[..., str]) -> None:
    text = printed("whatif", "flax", "--snapshot", "2024-01", "--fact", "github_stars=1")
    assert "maturity Good\n" in text
    assert "Stars: 5,144 stars -> 1 star; no grade asks for it" in text


def test_a_trace_of_a_layer_goes_from_the_grade_to_its_sources(printed: Callable[..., str]) -> None:
    text = printed("trace", "haiku", "--width", "80")
    steps = ["Maintained only; a layer", "Commits a week: 2 or more, has 1: missed", "Good takes Commits a week", "git"]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert max(map(len, text.splitlines())) <= 80


def test_a_layer_has_no_dimension_to_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "flax", "performance"]) == 2
    assert "Flax is a layer and has no dimensions" in capsys.readouterr().err


def test_a_layer_s_json_card_is_verified(printed: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    text = printed("card", "keras", "--format", "json")
    path.write_text(text, encoding="utf-8")
    assert "every figure follows" in printed("verify", str(path))
    path.write_text(text.replace('"grade": "Good"', '"grade": "Better"', 1), encoding="utf-8")
    assert main(["verify", str(path)]) == 1
