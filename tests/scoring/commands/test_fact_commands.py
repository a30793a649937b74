"""``speedscore facts check`` and ``facts diff``: what they say, and what they refuse."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import speedscore.scoring.commands.facts
from speedscore.__main__ import main
from speedscore.scoring.evidence.evidence import EvidenceError, gather
from speedscore.scoring.facts.fact import Fact
from speedscore.scoring.facts.snapshots import fixtures_folder
from speedscore.scoring.scores.changes import Changes, find_changes
from tests.present import PRESENT
from tests.scoring.sample_facts import RUBRIC, make_evidence, make_fact, make_layer, make_snapshot, shipped


def run(*arguments: str) -> int:
    return main(["facts", *arguments])


def compare(*after: Fact, before: tuple[Fact, ...] = (), months: tuple[str, str] = ("2024-01", "2024-06")) -> Changes:
    old = make_evidence(make_snapshot(*before, month=months[0]))
    new = make_evidence(make_snapshot(*before, month=months[0]), make_snapshot(*after, month=months[1]))
    return find_changes(RUBRIC, old, new, framework="alpha")


def test_the_commands_are_reached_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "diff", "2024-01", "2026-08", "jax"]) == 0
    assert capsys.readouterr().out.startswith("JAX: facts known by 2024-01 -> 2026-08")
    with pytest.raises(SystemExit, match="2"):
        main(["facts"])
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped fixtures, to be spoiled; the commands read them in place of their own."""
    folder = tmp_path / "fixtures"
    shutil.copytree(fixtures_folder() / "ecosystem", folder / "ecosystem")
    monkeypatch.setattr(speedscore.scoring.commands.facts, "fixtures_folder", lambda: folder)
    return folder / "ecosystem"


def test_the_shipped_fixtures_are_sound_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    said = capsys.readouterr().out
    facts = sum(len(snapshot.facts) for snapshot in shipped())
    statements = sum(len(snapshot.statements) for snapshot in shipped())
    assert said.startswith(f"{len(shipped())} files with {facts} facts and {statements} statements are sound")
    known = gather(shipped(), kind_order=RUBRIC.policy.kind_order)
    answers = sum(len(known.facts[framework]) for framework in known.names)
    assert f"Today ({PRESENT}) they give {answers} answers, of which " in said
    assert all(name in said for name in known.names.values())
    assert max(map(len, said.splitlines())) <= 80


def test_every_file_that_is_refused_gets_one_line(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoiled = [copy / "flax" / "2024-01.toml", copy / "jax" / "2024-01.toml"]
    for path in spoiled:
        path.write_text(path.read_text(encoding="utf-8").replace('"stars"', '"star"', 1), encoding="utf-8")
    assert run("check") == 2
    ended = capsys.readouterr()
    assert ended.out == ""
    lines = ended.err.splitlines()
    assert len(lines) == 2
    for line, path in zip(lines, spoiled, strict=True):
        assert f"{path}: fact 'github_stars', entry 1: unit 'star' where the key has 'stars'" in line


def test_a_layer_of_nothing_is_refused(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy / "jax")
    assert run("check") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "layer_of is 'jax', which has no snapshot as a framework; there are pytorch, tensorflow" in line


def test_no_fixtures_at_all_are_refused(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy)
    assert run("check") == 2
    assert "holds no snapshot" in capsys.readouterr().err


def test_the_difference_tells_value_source_and_every_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", "2024-01", "2026-08", "jax") == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "JAX: facts known by 2024-01 -> 2026-08"
    assert lines[1].startswith("Speed Score 7.4 -> ")
    assert any(line.startswith("ECOSYSTEM HEALTH  7.5 -> ") and "coverage 100 % -> " in line for line in lines)
    stars = next(place for place, line in enumerate(lines) if line.startswith("Stars "))
    assert lines[stars].split() == [
        "Stars",
        "28,000",
        "->",
        "35,800",
        "8.3",
        "->",
        "8.7",
        "reference",
        "2024-01",
        "[1]",
        "->",
    ]
    assert lines[stars + 1].split() == ["stars", "published", "2026-06-20", "[2]"]
    assert "[1] JAX - S1 Rapid Discovery, January 2024, Ecosystem Health" in said
    assert "7.0 -> (5.0)" in said
    assert "Haiku: Good -> Maintained only" in lines


def test_the_difference_tells_what_is_said_no_more_and_what_anew(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", "2024-01", "2026-11", "pytorch") == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert max(map(len, lines)) <= 80
    start = lines.index("TOLD, AND IN NO SCORE")
    assert lines[start + 1] == "Serving"
    assert lines[start + 2].startswith("  + TorchServe is no longer maintained")
    assert run("diff", "2024-01", "2026-11", "jax") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "- to ONNX, or to TensorFlow's SavedModel (reference 2024-01 [" in text
    assert run("diff", "2024-01", "2026-08", "jax") == 0
    assert "TOLD" not in capsys.readouterr().out, "what only aged is no change"


def test_the_difference_of_a_layer_tells_its_grade_and_facts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", "2024-01", "2026-08", "haiku") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "Haiku: facts known by 2024-01 -> 2026-08",
        "Maturity Good -> Maintained only; a layer, without a Speed Score",
    ]
    commits = next(line for line in lines if line.startswith("Commits a week"))
    assert commits.split()[3:6] == ["2.1", "->", "1"]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["2024-01", "2026-08", "caffe"], "unknown framework 'caffe' in snapshot 2026-08; there are equinox, flax"),
        (["2024-01", "1999-01", "jax"], "unknown snapshot '1999-01'; there are 2024-01"),
        (["2026-08", "2024-01", "jax"], "expected an older snapshot, then a younger one; found 2026-08, then 2024-01"),
        (["2024-01", "2024-01", "jax"], "expected an older snapshot"),
    ],
)
def test_a_bad_comparison_gets_one_line(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", *arguments) == 2
    ended = capsys.readouterr()
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    assert reason in line


def test_a_changed_fact_is_told_with_what_it_did() -> None:
    before = (make_fact("github_stars", 1_000.0), make_fact("github_forks", 1_000.0))
    changes = compare(make_fact("github_stars", 10_000.0, as_of="2024-05"), before=before)
    ecosystem = changes.dimensions[0]
    (criterion,) = ecosystem.criteria
    assert (criterion.before.score, criterion.after.score) == (3.0, 7.0)
    (fact,) = criterion.facts
    assert fact.before is not None
    assert fact.after is not None
    assert (fact.name, fact.unit, fact.before.value, fact.after.value) == ("Stars", "stars", 1_000, 10_000)
    assert ecosystem.unchanged == 8
    assert not any(dimension.criteria for dimension in changes.dimensions[1:])


def test_of_several_facts_only_those_that_changed_are_listed() -> None:
    before = (make_fact("github_discussions", 400.0), make_fact("stackoverflow_questions", 600.0))
    changes = compare(make_fact("github_discussions", 9_400.0, as_of="2024-05"), before=before)
    (criterion,) = changes.dimensions[0].criteria
    assert (criterion.before.score, criterion.after.score) == (5.0, 8.0)
    assert [fact.name for fact in criterion.facts] == ["GitHub discussions"]


def test_what_became_known_was_unknown_before() -> None:
    changes = compare(make_fact("github_stars", 10_000.0))
    (fact,) = changes.dimensions[0].criteria[0].facts
    assert fact.before is None


def test_time_alone_is_a_change_only_where_it_made_a_fact_stale() -> None:
    fact = make_fact("github_stars", 10_000.0)
    assert not compare(before=(fact,), months=("2024-01", "2024-09")).dimensions[0].criteria
    (criterion,) = compare(before=(fact,), months=("2024-01", "2026-09")).dimensions[0].criteria
    assert (criterion.after.score, criterion.after.stale_score, criterion.facts) == (None, 5.0, ())


def test_a_fact_that_no_criterion_asks_for_is_listed_apart() -> None:
    changes = compare(make_fact("years_since_first_release", 3.0, as_of="2024-05"))
    assert [fact.name for fact in changes.others] == ["Years since first release"]


def test_a_layer_that_came_is_unknown_before() -> None:
    values = dict.fromkeys(RUBRIC.maturity_facts, 5.0)
    old, new = make_evidence(), make_evidence(make_snapshot(), make_layer(values, library="lib", month="2024-06"))
    assert find_changes(RUBRIC, old, new, framework="alpha").layers == (("Lib", "unknown", "Good"),)


def test_two_snapshots_in_the_wrong_order_are_refused() -> None:
    evidence = make_evidence()
    with pytest.raises(EvidenceError, match="expected an older snapshot"):
        find_changes(RUBRIC, evidence, evidence, framework="alpha")
