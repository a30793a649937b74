"""``facts collect`` as a user meets it: what it prints, writes and refuses, and its exit codes."""

from __future__ import annotations

import datetime
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from speedscore import scoring
from speedscore.__main__ import main
from speedscore.scoring import collecting
from speedscore.scoring.collecting import command
from speedscore.scoring.facts.fact import FactKey
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshot
from tests.scoring.collecting.graphql_server import FakeGitHub
from tests.scoring.collecting.local_server import Reply, Request, as_json, nobody_there, serving
from tests.scoring.collecting.sample_clone import ANN, APP, BOB, Commit, at, git, make_clone
from tests.scoring.sample_facts import RUBRIC

UNTIL = "2024-01-31"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    commits = [Commit(ANN, at("2023-05-01"), tag="v1.0"), Commit(BOB, at("2024-01-30"))]
    return make_clone(tmp_path / "clones" / "flax", commits)


def collect(*arguments: str | Path) -> int:
    return main(["facts", "collect", *map(str, arguments)])


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    assert line.startswith("speedscore facts collect: ")
    return line


def index(request: Request) -> Reply:
    assert request.path == "/flax/"
    files = [{"filename": "flax-0.7.5.tar.gz", "upload-time": "2023-12-01T00:00:00Z"}]
    value = {"meta": {"api-version": "1.1"}, "name": "flax", "files": files}
    return as_json(value, kind="application/vnd.pypi.simple.v1+json")


def test_all_sources_go_into_one_new_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("httpx")
    today = datetime.datetime.now(datetime.UTC).date()
    out = tmp_path / "out"
    clone = make_clone(tmp_path / "clones" / "flax", [Commit(APP, at(f"{today}"), tag="v1.0")])
    server = FakeGitHub(token="ghp_secret")
    opened = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=100)
    server.issues = [(f"{opened:%Y-%m-%dT%H:%M:%SZ}", None)]
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    with serving(server) as graphql, serving(index) as simple:
        monkeypatch.setenv("GITHUB_GRAPHQL_URL", f"{graphql}/graphql")
        code = collect(
            "flax",
            "--clone",
            clone,
            "--package",
            "flax",
            "--repository",
            "google/flax",
            "--index",
            simple,
            "--out",
            out,
        )
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    path = out / "flax" / f"{today}.toml"
    assert f"written: {path}" in printed.out
    snapshot = load_snapshot(path, keys=RUBRIC.facts)
    found = {fact.key: fact.value for fact in snapshot.facts}
    assert found["github_stars"] == 5_144
    assert found["issues_closed_within_30d_pct"] == 0
    assert {fact.source.partition(",")[0] for fact in snapshot.facts} == {"google/flax", "127.0.0.1"}
    # Only an app committed, so nobody stands for half of its commits: said, and not written.
    assert "contributor_absence_factor" not in found
    assert "  not found  contributor_absence_factor: no person committed" in printed.out
    assert str(clone.parent) not in path.read_text(encoding="utf-8")
    assert "ghp_secret" not in printed.out + printed.err + path.read_text(encoding="utf-8")


def test_a_fact_without_a_key_is_told_and_not_written(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {**RUBRIC.facts, "commits_per_week": FactKey(unit="commits/year")}
    assert "people_52_weeks" not in keys
    monkeypatch.setattr(command, "load_rubric", lambda: msgspec.structs.replace(RUBRIC, facts=keys))
    assert collect("flax", "--clone", clone, "--until", UNTIL, "--out", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    for key in ("people_52_weeks", "commits_per_week"):
        (line,) = (line for line in printed.splitlines() if f" {key} = " in line)
        assert line.startswith("  note ")
        assert "not written" in line
    snapshot = load_snapshot(tmp_path / "out" / "flax" / f"{UNTIL}.toml", keys=keys)
    assert not {"people_52_weeks", "commits_per_week"} & {fact.key for fact in snapshot.facts}


def test_an_existing_snapshot_is_refused_before_anything_is_asked(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ("flax", "--clone", clone, "--until", UNTIL, "--out", out)
    assert collect(*arguments) == 0
    before = files_below(out)
    capsys.readouterr()
    assert collect(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{UNTIL}.toml: exists, and a snapshot is never changed" in one_line(printed.err)
    assert files_below(out) == before


def test_a_source_that_gives_nothing_is_told_and_the_rest_written(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("httpx")
    arguments = ("--repository", "google/flax", "--package", "flax", "--index", nobody_there())
    code = collect("flax", "--clone", clone, *arguments, "--until", UNTIL, "--out", tmp_path / "out")
    assert code == 1
    package, repository, last = capsys.readouterr().err.splitlines()
    assert "--package gave nothing: http://127.0.0.1" in package
    assert "--repository gave nothing: GITHUB_TOKEN is not set" in repository
    assert "not every source answered" in last
    assert {fact.source for fact in load_snapshot(tmp_path / "out" / "flax" / f"{UNTIL}.toml", keys=RUBRIC.facts).facts}


def test_nothing_found_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect("flax", "--clone", tmp_path / "nowhere", "--until", UNTIL, "--out", tmp_path / "out") == 2
    first, last = capsys.readouterr().err.splitlines()
    assert "no such folder" in first
    assert last.endswith("nothing was found, so nothing is written")
    assert files_below(tmp_path) == {}


def test_without_httpx_git_is_counted_and_the_rest_told(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    arguments = ("--repository", "google/flax", "--package", "flax", "--until", UNTIL, "--out", tmp_path / "out")
    assert collect("flax", "--clone", clone, *arguments) == 1
    assert capsys.readouterr().err.count('httpx is not installed; pip install "speedscore[collect]"') == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["flax"], "no source is named"),
        (["flax", "--clone", ".", "--until", "9999-12-31"], "lies in the future"),
        (["../flax", "--clone", "."], "is no framework's folder"),
        (["flax", "--clone", ".", "--repository", "flax"], "is not owner/name"),
    ],
)
def test_options_that_make_no_sense(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert collect(*arguments, "--out", tmp_path) == 2
    assert reason in one_line(capsys.readouterr().err)
    assert files_below(tmp_path) == {}


@pytest.mark.parametrize("day", ["2024-1-31", "2024-02-30", "today", "20240131"])
def test_a_day_that_is_none(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        collect("flax", "--clone", ".", "--until", day)
    assert repr(day) in one_line(capsys.readouterr().err)


def test_name_and_role_are_those_of_the_snapshots_there_are(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert collect("pytorch", "--clone", clone, "--until", UNTIL, "--out", tmp_path / "out") == 0
    shipped = load_snapshot(fixtures_folder() / "ecosystem" / "pytorch" / "2024-01.toml", keys=RUBRIC.facts)
    written = load_snapshot(tmp_path / "out" / "pytorch" / f"{UNTIL}.toml", keys=RUBRIC.facts)
    assert (written.name, written.role) == (shipped.name, shipped.role)
    assert "assumed" not in capsys.readouterr().out
    assert collect("zeta", "--clone", clone, "--until", UNTIL, "--out", tmp_path / "out") == 0
    assert "name 'zeta' and role 'framework' are assumed" in capsys.readouterr().out


def test_the_clone_is_left_as_it_was(clone: Path, tmp_path: Path) -> None:
    before, status = files_below(clone), git(clone, "status", "--porcelain")
    assert collect("flax", "--clone", clone, "--until", UNTIL, "--out", tmp_path / "out") == 0
    assert git(clone, "status", "--porcelain") == status
    after = files_below(clone)
    assert {name for name in before if before[name] != after.get(name)} <= {".git/index"}
    assert set(after) == set(before)


def test_no_module_of_collecting_needs_httpx_to_be_imported() -> None:
    names = [module.name for module in pkgutil.iter_modules(collecting.__path__, "speedscore.scoring.collecting.")]
    assert {"speedscore.scoring.collecting.github", "speedscore.scoring.collecting.web"} <= set(names)
    code = f"import sys; sys.modules['httpx'] = None; import {', '.join(names)}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(scoring.__file__).parents[1])


def test_a_reader_who_leaves_early_still_gets_the_file(clone: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "speedscore", "facts", "collect", "flax", "--clone", str(clone)]
    arguments += ["--until", UNTIL, "--out", str(tmp_path / "out")]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = subprocess.run(
            arguments,
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
            cwd=Path(scoring.__file__).parents[1],
            text=True,
        )
    assert ended.returncode == 0
    assert ended.stderr == "speedscore: the report could not be written: Broken pipe\n"
    assert (tmp_path / "out" / "flax" / f"{UNTIL}.toml").is_file()


def test_an_installed_package_is_not_written_into(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = Path(scoring.__file__).parent / "fixtures"
    monkeypatch.setattr(command, "fixtures_folder", lambda: inside)
    assert collect("flax", "--clone", clone, "--until", UNTIL) == 2
    assert "say --out FOLDER" in one_line(capsys.readouterr().err)
    assert not inside.exists()
