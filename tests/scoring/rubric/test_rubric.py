"""A rubric that contradicts itself is refused with one line that names the criterion."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import speedscore.scoring.rubric.rubric
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.rubric.rubric import RubricError, load_rubric
from tests.scoring.sample_facts import RUBRIC, shipped

SHIPPED = Path(speedscore.scoring.rubric.rubric.__file__).with_name("rubric.toml").read_text(encoding="utf-8")


def write(folder: Path, text: str) -> Path:
    path = folder / "rubric.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[100, 0], [1_000, 3]", "[1_000, 0], [100, 3]", "criterion 'github_stars': .*not sorted"),
        ('    [10, "direct"],\n', "", "criterion 'managed_cloud': levels must give words for 0, 2.5, 5, 7.5, 10"),
        ('[10, "direct"]', '[10, " "]', "criterion 'managed_cloud': a level's words are empty"),
        (
            'phrase = "{} stars"',
            'phrase = "stars"',
            "criterion 'github_stars': expected one {} or one {inverse} in the phrase",
        ),
        ('phrase = "{} stars"', 'levels = [[0, "no"]]', "criterion 'github_stars': levels is for a level scale"),
        ("[100, 0], [1_000, 3]", "[100, 9], [1_000, 3]", "criterion 'github_stars': .*neither rise nor fall"),
        ("[100, 0], [1_000, 3]", "[100, -1], [1_000, 3]", "criterion 'github_stars': .*outside 0 to 10"),
        ("[100, 0], [1_000, 3]", "[-1, 0], [1_000, 3]", "criterion 'github_stars': .*zero and above"),
        ('scale = "log"', 'scale = "cubic"', "criterion 'github_stars': unknown scale 'cubic'"),
        ("weight = 0.5", "weight = -1", "criterion 'github_stars': the weight is -1"),
        ("weight = 0.5", "weight = inf", "criterion 'github_stars': the weight is inf; expected 0, or"),
        ('dimension = "ecosystem_health"', 'dimension = "charm"', "criterion 'github_stars': .*'charm'"),
        ('id = "github_forks"', 'id = "github_stars"', "two criteria are called 'github_stars'"),
        ('facts = ["github_stars"]', 'facts = ["stars"]', "'github_stars': needs fact 'stars'"),
        ('facts = ["github_stars"]', "", "criterion 'github_stars': .*exactly one of measure, probes and facts"),
        ('combine = "sum"', "", "criterion 'others_work': .*combine"),
        ('reason = "Attention', 'reason = ""  # ', "criterion 'github_stars': no reason"),
        ('name = "Stack Overflow"', 'name = ""', "'others_work': joins facts"),
        ("version = 4", "version = 3", "version 3 is not the 4"),
        ("minimum_coverage = 0.65", "minimum_coverage = 1.5", "minimum_coverage 1.5"),
        ('kind_order = ["reference", ', "kind_order = [", "kind_order must name"),
        ("reference = 12, ", "", "stale_after_months must name"),
        ("reference = 12, ", "reference = 0, ", "stale_after_months of reference is 0; expected 1 to 1200"),
        ('grade = "Emerging"', 'grade = "Good"', r"two \[\[maturity\]\] entries have the grade 'Good'"),
        ('grade = "Dormant"', 'grade = " "', "grade is empty"),
        ('reason = "As active', 'reason = ""  # ', "reason is empty"),
        ("least = { commits_per_week = 2, releases_per_year = 1 }", "", "the last and no other must ask nothing"),
        ("commits_per_week = 0.25", "commits_a_week = 0.25", "'Maintained only': needs fact 'commits_a_week'"),
        ("commits_per_week = 0.25", "commits_per_week = inf", "finite"),
        ('performance = "Performance"', "", "no title for dimension 'performance'"),
        ("[policy]", "[policy", "not valid TOML"),
    ],
)
def test_a_bad_rubric_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in SHIPPED
    with pytest.raises(RubricError, match=reason) as caught:
        load_rubric(write(tmp_path, SHIPPED.replace(old, new, 1)))
    assert "rubric.toml: " in str(caught.value)


def test_weights_that_are_all_zero_are_refused(tmp_path: Path) -> None:
    before, after = SHIPPED.split('[[criterion]]\nid = "paper_share"')
    text = (
        before
        + '[[criterion]]\nid = "paper_share"'
        + after.replace("weight = 2", "weight = 0", 1).replace("weight = 1", "weight = 0", 2)
    )
    with pytest.raises(RubricError, match="weights of dimension 'research_adoption' are all zero"):
        load_rubric(write(tmp_path, text))


def test_a_missing_rubric_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="cannot be read"):
        load_rubric(tmp_path / "none.toml")


@given(text=st.text())
def test_garbage_is_refused_and_nothing_else_is_raised(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(RubricError):
        load_rubric(path)


def test_every_dimension_has_criteria_and_every_criterion_its_reason() -> None:
    assert {criterion.dimension for criterion in RUBRIC.criterion} == set(DIMENSIONS)
    assert all(criterion.reason and criterion.question.endswith("?") for criterion in RUBRIC.criterion)


def test_the_rubric_names_no_framework_that_it_judges() -> None:
    said = " ".join(
        f"{criterion.strength} {criterion.weakness} {criterion.best_for} {criterion.avoid_if} {criterion.question}"
        for criterion in RUBRIC.criterion
    ).lower()
    said += " ".join(f"{entry.grade} {entry.reason}" for entry in RUBRIC.maturity).lower()
    said += " ".join(f"{name} {topic.name}" for name, topic in RUBRIC.topics.items()).lower()
    for snapshot in shipped():
        assert snapshot.framework not in said
        assert snapshot.name.lower() not in said


def test_every_listed_fact_is_asked_for() -> None:
    asked = {key for criterion in RUBRIC.criterion for key in criterion.facts}
    asked |= {key for topic in RUBRIC.topics.values() for key in topic.facts}
    assert asked | set(RUBRIC.maturity_facts) == set(RUBRIC.facts)


def test_every_fact_has_a_limit_beyond_which_it_is_a_mistake() -> None:
    for key, known in RUBRIC.facts.items():
        assert known.allowed or (known.most is not None and known.most <= 1e8), key


def test_every_fact_has_a_name_for_people() -> None:
    assert RUBRIC.fact_name("github_stars") == "Stars"
    assert RUBRIC.fact_name("stackoverflow_questions") == "Stack Overflow"
    assert not {RUBRIC.fact_name(key) for key in RUBRIC.facts} & set(RUBRIC.facts)
