"""The short card fits a screen, says every answer in words, and sends its reader to the framework that does better."""

from __future__ import annotations

import json
import re

import pytest

from speedscore.scoring.cards import FORMATS, brief, short
from speedscore.scoring.cards.side_by_side import side_by_side
from speedscore.scoring.evidence.evidence import Evidence, NamedRun
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.scores.score_report import build_report
from speedscore.scoring.scores.surroundings import Surroundings, earlier_scores
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_snapshot, shipped
from tests.scoring.sample_runs import two_frameworks

FRAMEWORKS = ["jax", "pytorch", "tensorflow"]
MONTHS = ["2024-01", "2025-01", "2025-10", "2026-08", "2026-11"]


def surroundings_of(evidence: Evidence, snapshots: tuple[Snapshot, ...], frameworks: list[str]) -> Surroundings:
    return Surroundings(
        report=build_report(RUBRIC, evidence, frameworks=frameworks),
        earlier=earlier_scores(RUBRIC, snapshots, frameworks=frameworks, before=evidence.snapshot),
    )


def card_of(framework: str, *snapshots: Snapshot, month: str | None = None, width: int = 80, run: bool = False) -> str:
    runs = (NamedRun(name="some/folder/run.json", record=two_frameworks()),) if run else ()
    evidence = make_evidence(*snapshots, month=month, runs=runs)
    report = build_report(RUBRIC, evidence, frameworks=[framework])
    everybody = FRAMEWORKS if run or "jax" in evidence.names else sorted(evidence.names)
    return short.render(report, surroundings_of(evidence, snapshots, everybody), width=width)


@pytest.mark.parametrize("run", [False, True], ids=["facts", "measured"])
@pytest.mark.parametrize("month", MONTHS)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_card_fits_a_screen(framework: str, month: str, run: bool) -> None:
    lines = card_of(framework, *shipped(), month=month, run=run).splitlines()
    assert len(lines) <= short.MOST_LINES
    assert max(map(len, lines)) <= 80
    assert not re.search(r"\blevel\b", "\n".join(lines))


def test_a_card_without_a_speed_score_gives_its_range_and_what_is_missing() -> None:
    text = card_of("pytorch", *shipped(), month="2024-01")
    assert re.search(r"Speed Score unknown: between \d\.\d and \d\.\d of 10$", text.splitlines()[0])
    missing = "no score where under 65 % or what weighs most is not answered: Learning Curve (0 %)"
    assert missing in " ".join(text.split())
    assert "nothing known: Others' work, " in " ".join(text.split())


def test_the_newest_earlier_scores_have_a_line_of_their_own_with_their_months() -> None:
    """In a column of the table they would read as a change, though they are of other counts and of no run."""
    lines = card_of("jax", *shipped(), month="2026-11").splitlines()
    assert lines[2].split() == ["Known", "by", "2026-11", "JAX", "PyTorch", "TensorFlow"]
    text = " ".join(" ".join(lines).split())
    assert "Earlier 2025-10: Ecosystem 7.5 · 2025-01: Production 6.5," in text
    assert "Learning 6.5" in text


def test_what_to_take_instead_answers_the_same_need_best() -> None:
    text = " ".join(card_of("jax", *shipped(), month="2024-01").split())
    assert "The model must run in a browser (take TensorFlow)" in text
    assert "A security policy in the repository is a condition (take PyTorch)" in text


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_form_says_what_to_take_instead_also_of_whom_no_card_was_asked_for(form: str) -> None:
    report = build_report(RUBRIC, make_evidence(*shipped(), month="2024-01"), frameworks=["jax"])
    text = FORMATS[form](report, width=80)
    if form == "json":
        assert json.loads(text)["frameworks"]["jax"]["instead"]["The model must run in a browser"] == "TensorFlow"
    else:
        assert "- The model must run in a browser (take TensorFlow)" in text


@pytest.mark.parametrize(
    ("own", "other", "is_named"),
    [(2.5, 2.5, False), (0.0, 5.0, False), (5.0, 7.5, True)],
    ids=["equal", "a weakness of the other as well", "ahead"],
)
def test_what_to_take_instead_must_be_better_and_good(own: float, other: float, is_named: bool) -> None:
    text = card_of(
        "alpha",
        *(
            make_snapshot(make_fact("browser_level", level, framework=name), framework=name)
            for name, level in (("alpha", own), ("beta", other))
        ),
    )
    assert "The model must run in a browser" in text
    assert ("(take Beta)" in text) is is_named


def test_nothing_is_taken_instead_that_is_hardly_ahead() -> None:
    papers = [
        make_snapshot(make_fact("paper_share_pct", share, framework=name), framework=name)
        for name, share in (("alpha", 2.0), ("beta", 4.0))
    ]
    text = card_of("alpha", *papers)
    assert "Most published code must run as it is" in text
    assert "take" not in text


@pytest.mark.parametrize(
    ("level", "words"),
    [(0.0, "Browser: none"), (2.5, "Browser: third parties only"), (10.0, "Browser: its own, stable")],
    ids=["none", "third", "own"],
)
def test_a_level_is_said_in_words(level: float, words: str) -> None:
    assert words in card_of("alpha", make_snapshot(make_fact("browser_level", level)))


def test_an_answer_that_is_too_old_bears_its_year() -> None:
    facts = [make_fact("github_stars", 10.0, as_of="2020-03"), make_fact("github_forks", 20.0)]
    lines = card_of("alpha", make_snapshot(*facts)).splitlines()
    assert next(line for line in lines if "stars" in line).split("  ")[0] == "10 stars (2020)"
    assert any("20 forks" in line and "20 forks (" not in line for line in lines)


def test_answers_that_are_too_old_are_named_with_their_years() -> None:
    facts = [make_fact("github_stars", 10.0, as_of="2020-03"), make_fact("github_forks", 20.0)]
    text = " ".join(card_of("alpha", make_snapshot(*facts)).split())
    assert "stale: Stars (2020) ·" in text


@pytest.mark.parametrize(
    ("definition", "said"), [("git, no merges, 52 weeks", ""), ("list, with merges", ", with merges")]
)
def test_commits_that_were_counted_with_merges_say_so(definition: str, said: str) -> None:
    text = card_of("alpha", make_snapshot(make_fact("commits_per_week", 20.0, definition=definition)))
    assert next(line for line in text.splitlines() if "commits" in line).split("  ")[0] == f"20 commits a week{said}"


def test_a_wider_terminal_is_used() -> None:
    narrow, wide = (card_of("jax", *shipped(), month="2024-01", width=width).splitlines() for width in (80, 130))
    assert 80 < max(map(len, wide)) <= 130
    assert len(wide) < len(narrow)


def test_frameworks_that_find_no_room_are_counted() -> None:
    names = [f"framework{place}" for place in range(9)]
    snapshots = [make_snapshot(framework=name) for name in names]
    report = build_report(RUBRIC, make_evidence(*snapshots), frameworks=names)
    lines = side_by_side(report.cards, snapshot="2024-01", width=80)
    assert max(map(len, lines)) <= 80
    shown = len(lines[0].split()) - 3
    assert lines[-1].startswith(f"No room here for {9 - shown} more")


def test_the_sources_follow_on_request() -> None:
    evidence = make_evidence(make_snapshot(make_fact("github_stars", 5.0, source="a certain page")))
    report = build_report(RUBRIC, evidence, frameworks=["alpha"])
    surroundings = Surroundings(report=report)
    assert "a certain page" not in short.render(report, surroundings, width=80)
    assert "Stars: published 2024-01, a certain page" in short.render(report, surroundings, width=80, sources=True)


def test_several_cards_end_with_how_firm_their_order_is() -> None:
    evidence = make_evidence(*shipped(), month="2024-01")
    report = build_report(RUBRIC, evidence, frameworks=FRAMEWORKS)
    assert "There is no order" in short.render(report, Surroundings(report=report), width=80)


def test_a_late_first_step_is_said_as_a_time_and_not_as_a_fraction_of_soon() -> None:
    text = card_of("pytorch", *shipped(), month="2024-01", run=True)
    assert "First step takes 6.00× the best other's time" in text


def test_a_session_ends_with_the_variant_that_each_is_scored_as() -> None:
    runs = (NamedRun(name="run.json", record=two_frameworks()),)
    report = build_report(RUBRIC, make_evidence(*shipped(), runs=runs), frameworks=["jax", "pytorch"])
    assert "one variant each: jax, torch-compile." in brief.session_end(report, width=80)
