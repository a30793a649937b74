"""``speedscore card`` as a user meets it: an exit code, a card or one line that says what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import speedscore
import speedscore.scoring.rubric.rubric
from speedscore.__main__ import main
from speedscore.record.run_file import BLOCK_KEY, to_block, write_json
from speedscore.scoring.facts import calendar
from speedscore.scoring.facts.snapshots import fixtures_folder
from tests.places import ROOT
from tests.present import PRESENT
from tests.sample_runs import save
from tests.scoring.sample_runs import make_run, measured_case, two_frameworks

COMMAND = [sys.executable, "-P", "-m", "speedscore"]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the command, which must succeed without a complaint, and returns what it prints."""

    def run(*arguments: str | Path) -> str:
        code = main([*map(str, arguments)])
        captured = capsys.readouterr()
        assert (code, captured.err) == (0, "")
        return captured.out

    return run


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the command, which must refuse its input, and returns the one line that says why."""

    def run(*arguments: str | Path) -> str:
        try:
            code: object = main([*map(str, arguments)])
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        assert (code, captured.out) == (2, "")
        (line,) = captured.err.splitlines()
        return line

    return run


@pytest.fixture
def facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped snapshots that a test can spoil; the command reads it in place of them."""
    shutil.copytree(fixtures_folder() / "ecosystem", tmp_path / "speedscore" / "fixtures" / "ecosystem")
    monkeypatch.setattr(speedscore, "__file__", str(tmp_path / "speedscore" / "__init__.py"))
    return tmp_path / "speedscore" / "fixtures" / "ecosystem"


def test_the_facts_alone_give_the_reference_scores(printed: Callable[..., str]) -> None:
    jax = json.loads(printed("card", "jax", "--snapshot", "2024-01", "--format", "json"))["frameworks"]["jax"]
    assert [dimension["score"] for dimension in jax["dimensions"].values()] == [7.5, 6.0, 7.5, 6.5, 9.5]
    assert jax["speed_score"] == 7.4


def test_all_frameworks_at_the_newest_snapshot_are_the_default(printed: Callable[..., str]) -> None:
    text = printed("card")
    newest = max(path.stem for path in fixtures_folder().glob("ecosystem/*/*.toml"))
    assert f"Known by {newest} " in text
    assert all(f"\n{name} " in text for name in ("PyTorch", "TensorFlow"))


def test_in_brief_one_framework_stands_beside_all_others(printed: Callable[..., str]) -> None:
    alone, all_of_them = (printed("card", *asked, "--brief", "--snapshot", "2026-11") for asked in (["jax"], []))
    assert alone == all_of_them
    assert alone.splitlines()[0].split() == ["Known", "by", "2026-11", "JAX", "PyTorch", "TensorFlow"]


def test_in_brief_weights_of_one_s_own_are_said(printed: Callable[..., str]) -> None:
    assert "A policy of one's own was used: " in printed("card", "--brief", "--weights", "performance=50")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("flax", "jax"), "Flax has a grade and no score; leave --brief out"),
        (("--format", "json"), "for --format json leave it out"),
    ],
    ids=["layer", "form"],
)
def test_in_brief_there_is_no_room_for_it(refused: Callable[..., str], asked: tuple[str, ...], why: str) -> None:
    assert refused("card", "--brief", *asked).endswith(why)


def test_ages_count_to_today_where_no_snapshot_is_named(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("card", "jax", "--format", "json")
    now = json.loads(printed(*asked))
    monkeypatch.setattr(calendar, "this_month", lambda: "2040-01")
    later, of_snapshot = (json.loads(printed(*asked, *more)) for more in ((), ("--snapshot", now["snapshot"])))
    assert (now["as_of"], later["as_of"], of_snapshot["as_of"]) == (PRESENT, "2040-01", now["snapshot"])
    assert later["snapshot"] == now["snapshot"]
    ecosystem = later["frameworks"]["jax"]["dimensions"]["ecosystem_health"]
    assert (ecosystem["answered"], ecosystem["score"]) == (0, None)
    assert "ages counted to 2040-01" in printed("card", "jax", "--full")


def test_a_saved_run_is_scored(tmp_path: Path, printed: Callable[..., str]) -> None:
    saved = save(tmp_path / "run.json", two_frameworks())
    text = printed("card", "jax", "--run", saved, "--format", "markdown")
    assert "8.5 measured on cpu (9 of 9 cases)" in text


def test_a_framework_without_facts_is_scored_from_its_run(tmp_path: Path, printed: Callable[..., str]) -> None:
    saved = save(tmp_path / "run.json", make_run(measured_case("newcomer", 1.0), measured_case("jax", 2.0)))
    assert "Trains 2× as fast as the best other" in printed("card", "newcomer", "--run", saved)


def test_a_terminal_without_unicode_gets_a_card_and_no_traceback(tmp_path: Path) -> None:
    saved = save(tmp_path / "run.json", two_frameworks())
    ended = subprocess.run(
        [*COMMAND, "card", "jax", "--run", str(saved)],
        capture_output=True,
        text=True,
        encoding="ascii",
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "JAX" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["card", "caffe"], "unknown framework 'caffe' in snapshot"),
        (["card", "--snapshot", "1999-01"], "unknown snapshot '1999-01'; there are 2024-01"),
        (["card", "--format", "pdf"], "invalid choice: 'pdf'"),
        (["card", "--run", "nowhere.json"], "nowhere.json: cannot be read"),
    ],
)
def test_a_bad_argument_gets_one_line(arguments: list[str], reason: str, refused: Callable[..., str]) -> None:
    assert reason in refused(*arguments)


def test_a_truncated_run_gets_one_line(tmp_path: Path, refused: Callable[..., str]) -> None:
    saved = save(tmp_path / "run.json", two_frameworks())
    saved.write_bytes(saved.read_bytes()[:1000])
    assert "run.json: not a complete JSON object" in refused("card", "--run", saved)


def test_a_run_of_another_kind_gets_one_line(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "run.json").write_text('{"benchmarks": []}', encoding="utf-8")
    said = refused("card", "--run", tmp_path / "run.json")
    assert "holds no 'speedscore' block" in said
    assert "what --gate-json wrote is read by speedscore report" in said


def test_a_run_of_another_schema_version_gets_one_line(tmp_path: Path, refused: Callable[..., str]) -> None:
    block = {**to_block(make_run()), "schema_version": 99}
    write_json(tmp_path / "run.json", {BLOCK_KEY: block})
    assert "schema version 99" in refused("card", "--run", tmp_path / "run.json")


def test_a_run_inside_pytest_gets_one_line(tmp_path: Path, refused: Callable[..., str]) -> None:
    saved = save(tmp_path / "run.json", make_run(measured_case("jax", 1.0), in_process=True))
    assert "not for a ranking" in refused("card", "--run", saved)


def test_runs_of_two_presets_get_one_line(tmp_path: Path, refused: Callable[..., str]) -> None:
    saved = [
        save(tmp_path / f"{preset}.json", make_run(measured_case("jax", 1.0), preset=preset))
        for preset in ("smoke", "full")
    ]
    assert "different presets never mix" in refused("card", "--run", *saved)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('source = "JAX', 'sources = "JAX', "fact 'github_stars', entry 1: source is missing"),
        ('as_of = "2024-01"', 'as_of = "2024-02-31"', "is no date"),
        ("value = 28_000", 'value = "28K"', "Expected `float`, got `str`"),
        ("[[facts.github_stars]]", "[[facts.github_stars]", "not valid TOML"),
    ],
)
def test_a_bad_fixture_gets_one_line(facts: Path, old: str, new: str, reason: str, refused: Callable[..., str]) -> None:
    path = facts / "jax" / "2024-01.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = refused("card", "pytorch")
    assert reason in line
    assert str(path) in line


def test_a_bad_rubric_gets_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str]
) -> None:
    module = speedscore.scoring.rubric.rubric
    text = Path(module.__file__).with_name("rubric.toml").read_text(encoding="utf-8")
    (tmp_path / "rubric.toml").write_text(text.replace('"log"', '"lgo"', 1), encoding="utf-8")
    # The rubric is looked for beside its module.
    monkeypatch.setattr(module, "__file__", str(tmp_path / "rubric.py"))
    assert "criterion 'github_stars': unknown scale 'lgo'" in refused("card")


def test_a_full_disk_is_one_clear_line() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here to stand in for a full disk")
    with full.open("w") as target:
        ended = subprocess.run([*COMMAND, "card", "jax"], stdout=target, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "could not be written" in ended.stderr
