"""The cards say what the report holds, fit where they are read, and can be read back."""

from __future__ import annotations

import json

import msgspec
import pytest

from speedscore.record.named_logs import with_log
from speedscore.scoring.cards import FORMATS, wording
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.scores.score_report import ScoreReport, build_report
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_snapshot, shipped
from tests.scoring.sample_runs import make_run, measured_case, skipped_case, two_frameworks

ALL = ["jax", "pytorch", "tensorflow"]


def facts_alone(*, frameworks: list[str] = ALL) -> ScoreReport:
    return build_report(RUBRIC, make_evidence(*shipped(), month="2024-01"), frameworks=frameworks)


def measured(*, frameworks: list[str] = ALL) -> ScoreReport:
    runs = (NamedRun(name="some/folder/run.json", record=two_frameworks()),)
    return build_report(RUBRIC, make_evidence(*shipped(), runs=runs, month="2024-01"), frameworks=frameworks)


@pytest.mark.parametrize("width", [70, 80, 200])
@pytest.mark.parametrize("report", [facts_alone(), measured()], ids=["facts", "measured"])
def test_no_line_is_wider_than_asked(report: ScoreReport, width: int) -> None:
    assert max(map(len, FORMATS["text"](report, width=width).splitlines())) <= width


def test_many_frameworks_side_by_side_still_fit() -> None:
    cases = [measured_case(f"framework{place}", 1.0 + place) for place in range(9)]
    runs = (NamedRun(name="a.json", record=make_run(*cases)),)
    report = build_report(RUBRIC, make_evidence(runs=runs), frameworks=[case.ecosystem for case in cases])
    text = FORMATS["text"](report, width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(case.ecosystem in text for case in cases)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_calculation_is_shown(form: str) -> None:
    text = FORMATS[form](facts_alone(), width=80)
    assert "(7.5 + 6.0 + 7.5 + 6.5 + 9.5) / 5 = 7.40" in text
    assert "Speed Score 7.4 / 10" in text
    assert "9 of 9 criteria, 100 %" in text


def test_the_terminal_card_tells_value_score_source_and_what_contradicts() -> None:
    lines = FORMATS["text"](facts_alone(frameworks=["jax"]), width=80).splitlines()
    stars = next(place for place, line in enumerate(lines) if line.startswith("Stars "))
    assert lines[stars].split() == ["Stars", "28,000", "stars", "8.3", "reference", "2024-01", "[1]"]
    assert lines[stars + 1].split() == ["beside", "it", "26,467", "published", "2024-01-31", "[2]"]
    assert any(line.strip().startswith("[2] EvanLi/Github-Ranking") for line in lines)


def test_an_unknown_answer_is_called_unknown_with_its_reason() -> None:
    lines = FORMATS["text"](facts_alone(frameworks=["pytorch"]), width=80).splitlines()
    beginner = next(line for line in lines if line.startswith("Beginner"))
    assert beginner.split() == ["Beginner", "unknown", "no", "sourced", "fact"]
    assert any("LEARNING CURVE  no score" in line for line in lines)
    assert any("not enough evidence" in line for line in lines)
    assert " to " in lines[1]


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_measured_and_published_performance_stand_together(form: str) -> None:
    text = FORMATS[form](measured(frameworks=["jax"]), width=200)
    assert "8.5 measured on cpu (9 of 9 cases) · 9.5 published facts (2024-01)" in text
    assert "measured here: 3 cases, cpu, preset smoke, 9 rounds, jax" in text


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_card_names_the_variant_that_is_scored_and_those_beside_it(form: str) -> None:
    text = FORMATS[form](measured(frameworks=["pytorch"]), width=200)
    assert (
        "Scored as torch-compile on cpu: the fastest of 2 variants in training, by each case's first process alone. "
        "In training torch is 0.67× as fast as torch-compile."
    ) in text


def test_cases_that_failed_alike_are_named_together_whatever_their_workers_printed() -> None:
    failed = [
        skipped_case("jax", model=f"m{number}", reason=with_log("the worker\ndied", f"logs/m{number}.log"))
        for number in range(8)
    ]
    runs = (NamedRun(name="a.json", record=make_run(measured_case("jax", 1.0), *failed)),)
    text = FORMATS["text"](build_report(RUBRIC, make_evidence(runs=runs), frameworks=["jax"]), width=200)
    assert text.count(", not measured:") == 1
    assert "(the worker died)." in text
    assert "logs/" not in text


def test_what_was_measured_is_said_in_plain_sentences() -> None:
    text = FORMATS["text"](measured(), width=200)
    assert "Measured 2026-11-22 on Test Processor, preset smoke (some/folder/run.json)." in text
    assert "cpu: 27 of 27 selected cases measured." in text
    assert "gpu, not measured: training jax-mlp-gpu (no GPU found)." in text
    assert "the largest error used 1 % of its tolerance" in text
    assert "mlp: batch 8, cut depth." in text
    assert "torch-compile" in text
    assert "Nothing was measured" in FORMATS["text"](facts_alone(), width=80)


def test_many_cases_with_one_reason_are_counted() -> None:
    cases = [measured_case("alpha", 1.0)] + [
        skipped_case("beta", model=f"m{place}", reason="not\n installed") for place in range(9)
    ]
    runs = (NamedRun(name="a.json", record=make_run(*cases)),)
    text = FORMATS["text"](build_report(RUBRIC, make_evidence(runs=runs), frameworks=["alpha"]), width=200)
    assert "training beta-m2-cpu and 6 more (not installed)." in text


def test_json_holds_every_score_and_its_sources() -> None:
    document = json.loads(FORMATS["json"](measured(), width=80))
    assert document["schema_version"] == 4
    assert set(document["frameworks"]) == set(ALL)
    jax = document["frameworks"]["jax"]
    assert isinstance(jax["speed_score"], float)
    assert set(jax["dimensions"]) == {
        "ecosystem_health",
        "production_maturity",
        "research_adoption",
        "learning_curve",
        "performance",
    }
    performance = jax["dimensions"]["performance"]
    assert performance["score"] == 8.5
    (speed,) = [finding for finding in performance["findings"] if finding["criterion"] == "training_speed"]
    assert speed["sources"][0]["nodeids"] == [
        f"bench_suite/test_training.py::test_training[jax-{model}-cpu]" for model in ("gpt", "mlp", "resnet50")
    ]
    assert speed["sources"][0]["runs"] == ["some/folder/run.json"]
    assert document["frameworks"]["pytorch"]["speed_score"] is None
    assert document["coverage"][1]["missing"] == [{"case": "training jax-mlp-gpu", "reason": "no GPU found"}]


def test_json_has_no_numbers_that_are_none() -> None:
    with pytest.raises(ValueError):
        FORMATS["json"](msgspec.structs.replace(facts_alone(), worst_error=float("nan")), width=80)


def test_markdown_escapes_what_markdown_would_read() -> None:
    snapshot = make_snapshot(make_fact("github_stars", 1.0, source="a | b_c_d [e] <f> # g"))
    text = FORMATS["markdown"](build_report(RUBRIC, make_evidence(snapshot), frameworks=["alpha"]), width=80)
    assert r"a \| b\_c\_d \[e\] \<f\> \# g" in text


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_medians_name_their_run_where_several_runs_have_some(form: str) -> None:
    run = make_run(measured_case("alpha", 1.0), measured_case("beta", 2.0))

    def rendered(*names: str) -> str:
        runs = tuple(NamedRun(name=f"some/folder/{name}", record=run) for name in names)
        text = FORMATS[form](build_report(RUBRIC, make_evidence(runs=runs), frameworks=["alpha"]), width=120)
        return text[text.index("Median") :]

    assert "a.json" not in rendered("a.json")
    both = rendered("a.json", "b.json")
    assert "a.json" in both
    assert "b.json" in both
    assert "some/folder" not in both


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1.0, "packages", "1 package"),
        (40.0, "packages", "40 packages"),
        (909.0, "rank", "rank 909"),
        (7.5, "level", "level 7.5"),
        (1.0, "%", "1 %"),
    ],
)
def test_a_figure_is_said_with_its_unit(value: float, unit: str, said: str) -> None:
    assert wording.amount(value, unit) == said
