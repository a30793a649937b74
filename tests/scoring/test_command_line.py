"""``speedscore card`` as a user meets it: a process with its exit code and its two streams."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import speedscore
from speedscore.record.run_file import BLOCK_KEY, to_block, write_json
from speedscore.scoring.facts.snapshots import fixtures_folder
from tests.scoring.sample_runs import make_run, measured_case, save, two_frameworks


def run(*arguments: str | Path, package: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command; ``package`` is a folder whose copy of ours is used instead."""
    roots = [package, Path(speedscore.__file__).parents[1]]
    path = os.pathsep.join(str(root) for root in roots if root)
    return subprocess.run(
        [sys.executable, "-P", "-m", "speedscore", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **environment},
    )


def refused(*arguments: str | Path, package: Path | None = None) -> str:
    """The one line that a refusal prints."""
    ended = run(*arguments, package=package)
    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return line


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package with fixtures that a test can spoil."""
    ignored = shutil.ignore_patterns("__pycache__", "references")
    shutil.copytree(Path(speedscore.__file__).parent, tmp_path / "copy" / "speedscore", ignore=ignored)
    return tmp_path / "copy"


def test_the_facts_alone_give_the_reference_scores() -> None:
    ended = run("card", "jax", "--snapshot", "2024-01", "--format", "json")
    assert (ended.returncode, ended.stderr) == (0, "")
    jax = json.loads(ended.stdout)["frameworks"]["jax"]
    assert [dimension["score"] for dimension in jax["dimensions"].values()] == [7.5, 6.0, 7.5, 6.5, 9.5]
    assert jax["speed_score"] == 7.4


def test_all_frameworks_at_the_newest_snapshot_are_the_default() -> None:
    ended = run("card")
    assert ended.returncode == 0
    newest = max(path.stem for path in fixtures_folder().glob("ecosystem/*/*.toml"))
    assert f"Known by {newest} " in ended.stdout
    assert all(f"\n{name} " in ended.stdout for name in ("PyTorch", "TensorFlow"))


def test_a_saved_run_is_scored(tmp_path: Path) -> None:
    saved = save(two_frameworks(), tmp_path / "run.json")
    ended = run("card", "jax", "--run", saved, "--format", "markdown")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "8.0 measured on cpu (9 of 9 cases)" in ended.stdout


def test_a_framework_without_facts_is_scored_from_its_run(tmp_path: Path) -> None:
    saved = save(make_run(measured_case("newcomer", 1.0), measured_case("jax", 2.0)), tmp_path / "run.json")
    ended = run("card", "newcomer", "--run", saved)
    assert ended.returncode == 0
    assert "Trains 2× as fast as the best other" in ended.stdout


def test_a_terminal_without_unicode_gets_a_card_and_no_traceback(tmp_path: Path) -> None:
    saved = save(two_frameworks(), tmp_path / "run.json")
    ended = run("card", "jax", "--run", saved, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["card", "caffe"], "unknown framework 'caffe' in snapshot"),
        (["card", "--snapshot", "1999-01"], "unknown snapshot '1999-01'; there are 2024-01"),
        (["card", "--format", "pdf"], "invalid choice: 'pdf'"),
        (["card", "--run", "nowhere.json"], "nowhere.json: cannot be read"),
        (["crad"], "invalid choice: 'crad'"),
        ([], "required: command"),
    ],
)
def test_a_bad_argument_gets_one_line(arguments: list[str], reason: str) -> None:
    assert reason in refused(*arguments)


def test_a_truncated_run_gets_one_line(tmp_path: Path) -> None:
    saved = save(two_frameworks(), tmp_path / "run.json")
    saved.write_bytes(saved.read_bytes()[:1000])
    assert "run.json: not a complete JSON object" in refused("card", "--run", saved)


def test_a_run_of_another_kind_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"benchmarks": []}', encoding="utf-8")
    assert "holds no 'speedscore' block" in refused("card", "--run", tmp_path / "run.json")


def test_a_run_of_another_schema_version_gets_one_line(tmp_path: Path) -> None:
    block = {**to_block(make_run()), "schema_version": 99}
    write_json(tmp_path / "run.json", {BLOCK_KEY: block})
    assert "schema version 99" in refused("card", "--run", tmp_path / "run.json")


def test_a_run_inside_pytest_gets_one_line(tmp_path: Path) -> None:
    saved = save(make_run(measured_case("jax", 1.0), in_process=True), tmp_path / "run.json")
    assert "not for a ranking" in refused("card", "--run", saved)


def test_runs_of_two_presets_get_one_line(tmp_path: Path) -> None:
    saved = [
        save(make_run(measured_case("jax", 1.0), preset=preset), tmp_path / f"{preset}.json")
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
def test_a_bad_fixture_gets_one_line(copy: Path, old: str, new: str, reason: str) -> None:
    path = copy / "speedscore" / "fixtures" / "ecosystem" / "jax" / "2024-01.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = refused("card", "pytorch", package=copy)
    assert reason in line
    assert str(path) in line


def test_a_bad_rubric_gets_one_line(copy: Path) -> None:
    path = copy / "speedscore" / "scoring" / "rubric" / "rubric.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"log"', '"lgo"', 1), encoding="utf-8")
    assert "criterion 'github_stars': unknown scale 'lgo'" in refused("card", package=copy)


def test_a_full_disk_is_one_clear_line() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here to stand in for a full disk")
    with full.open("w") as target:
        command = [sys.executable, "-m", "speedscore", "card", "jax"]
        ended = subprocess.run(command, stdout=target, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "could not be written" in ended.stderr
