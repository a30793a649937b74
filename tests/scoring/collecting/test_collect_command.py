"""``facts collect`` as a user meets it: what it prints, writes and refuses, and its exit codes."""

from __future__ import annotations

import datetime
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from speedscore import scoring
from speedscore.__main__ import main
from speedscore.scoring import collecting
from speedscore.scoring.collecting import command
from speedscore.scoring.evidence.evidence import gather
from speedscore.scoring.facts.fact import FactKey
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshot
from tests.git import git
from tests.scoring.collecting.graphql_server import FakeGitHub
from tests.scoring.collecting.local_server import Reply, Request, as_json, nobody_there, serving
from tests.scoring.collecting.sample_clone import ANN, APP, BOB, Commit, at, make_clone
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
    assert f"  written    {path} (12 facts)" in printed.out
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
    monkeypatch.setattr(command, "fixtures_folder", lambda: tmp_path)
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


def test_a_source_that_refuses_is_told_and_the_rest_written(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("httpx")
    monkeypatch.setenv("GITHUB_API_URL", nobody_there())
    arguments = ("--repository", "google/flax", "--package", "flax", "--index", nobody_there())
    code = collect("flax", "--clone", clone, *arguments, "--until", UNTIL, "--out", tmp_path / "out")
    assert code == 1
    printed = capsys.readouterr()
    assert "  refused    package index: http://127.0.0.1" in printed.out
    assert "  refused    GitHub: http://127.0.0.1" in printed.out
    assert "refused: Flax (package index, GitHub); the report says why" in one_line(printed.err)
    written = load_snapshot(tmp_path / "out" / "flax" / f"{UNTIL}.toml", keys=RUBRIC.facts)
    assert {fact.source.partition(",")[0] for fact in written.facts} == {"google/flax"}


def test_nothing_found_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect("flax", "--clone", tmp_path / "nowhere", "--until", UNTIL, "--out", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert "no such folder" in printed.out
    assert "nothing is written; refused: Flax, clone: " in one_line(printed.err)
    assert files_below(tmp_path) == {}


def test_a_clone_that_is_behind_writes_nothing(clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert collect("flax", "--clone", clone, "--out", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert f"  refused    clone: {clone}: the newest commit on main is of 2024-01-30, " in printed.out
    assert one_line(printed.err).endswith("run git fetch in it, or count to that day: --until 2024-01-30")


def test_what_adds_to_a_month_that_there_is_has_a_name_of_its_own(clone: Path, tmp_path: Path) -> None:
    out = tmp_path / "ecosystem"
    month = out / "flax" / "2024-01.toml"
    month.parent.mkdir(parents=True)
    shutil.copy(fixtures_folder() / "ecosystem" / "flax" / "2024-01.toml", month)
    before = month.read_bytes()
    assert collect("flax", "--clone", clone, "--until", UNTIL, "--out", out) == 0
    assert month.read_bytes() == before
    first, second = (load_snapshot(path, keys=RUBRIC.facts) for path in (month, month.parent / f"{UNTIL}.toml"))
    known = gather([first, second], kind_order=RUBRIC.policy.kind_order).facts["flax"]
    (rate,) = (fact for fact in second.facts if fact.key == "commits_per_week")
    assert rate in known["commits_per_week"]
    assert not [fact for fact in known["commits_per_week"] if fact.definition == rate.definition and fact != rate]
    # Keys that were not collected stand as they stood.
    assert known["github_stars"] == gather([first], kind_order=RUBRIC.policy.kind_order).facts["flax"]["github_stars"]


def test_without_httpx_git_is_counted_and_the_rest_told(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    arguments = ("--repository", "google/flax", "--package", "flax", "--until", UNTIL, "--out", tmp_path / "out")
    assert collect("flax", "--clone", clone, *arguments) == 1
    assert capsys.readouterr().out.count('httpx is not installed; python -m pip install "speedscore[collect]"') == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "which project?"),
        (["zeta"], "no source is named, and no snapshot of zeta says any"),
        (["flax", "--all"], "--all takes no FRAMEWORK"),
        (["--all", "--clone", "."], "say --clones FOLDER"),
        (["flax", "--package-list", "nowhere.csv"], "nowhere.csv: cannot be read"),
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


# ------------------------------------------------------------------------------------- all projects at once


def test_a_project_without_a_named_source_is_asked_where_its_snapshots_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("httpx")
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        return Reply(404, b"")

    with serving(answer) as address:
        monkeypatch.setenv("GITHUB_API_URL", address)
        assert collect("haiku", "--index", f"{address}/simple", "--out", tmp_path) == 2
    assert asked == ["/simple/dm-haiku/", "/repos/google-deepmind/dm-haiku"]
    assert "refused: Haiku (package index, GitHub)" in one_line(capsys.readouterr().err)


@pytest.fixture
def two_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fixtures of two projects that live on this machine; a refresh of all asks nobody else."""
    known = tmp_path / "fixtures" / "ecosystem"
    for framework, text in {
        "alpha": 'name = "Alpha"\nrole = "framework"\npackage = "alpha-lib"\nrepository = "them/alpha"\n[facts]\n',
        "beta": 'name = "Beta"\nrole = "layer"\nlayer_of = "alpha"\npurpose = "Optimizers"\n[facts]\n',
    }.items():
        (known / framework).mkdir(parents=True)
        (known / framework / "2023-01.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(command, "fixtures_folder", lambda: tmp_path / "fixtures")
    return known


def test_one_command_refreshes_all_and_says_what_became_of_each(
    two_projects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("httpx")
    today = datetime.datetime.now(datetime.UTC).date()
    make_clone(tmp_path / "clones" / "alpha", [Commit(ANN, at(f"{today}"), tag="v1.0")])
    make_clone(tmp_path / "clones" / "beta", [Commit(ANN, at("2024-01-01"), tag="v1.0")])

    def answer(request: Request) -> Reply:
        if request.path == "/repos/them/alpha":
            return as_json({"full_name": "them/alpha", "stargazers_count": 9_000, "forks_count": 80})
        return Reply(404, b"")

    with serving(answer) as address:
        monkeypatch.setenv("GITHUB_API_URL", address)
        code = collect("--all", "--clones", tmp_path / "clones", "--index", f"{address}/simple", "--out", two_projects)
    printed = capsys.readouterr()
    assert code == 1
    alpha, beta = printed.out.split("Beta, counted to ")
    assert "found      github_stars = 9,000 stars" in alpha
    assert "not found  github_discussions: GitHub tells it only with a token: set GITHUB_TOKEN" in alpha
    assert f"refused    package index: {address}/simple/alpha-lib/: there is no project 'alpha-lib'" in alpha
    assert "refused    clone: " in beta
    assert "the newest commit on main is of 2024-01-01" in beta
    assert beta.splitlines()[-2:] == ["  written    nothing", "1 of 2 projects written"]
    assert "refused: Alpha (package index); Beta (clone, package index)" in one_line(printed.err)
    written = load_snapshot(two_projects / "alpha" / f"{today}.toml", keys=RUBRIC.facts)
    assert (written.name, written.role) == ("Alpha", "framework")
    assert {fact.source.partition(",")[0] for fact in written.facts} == {"them/alpha"}
    assert not (two_projects / "beta" / f"{today}.toml").exists()


def test_a_project_that_was_refreshed_that_day_is_refused_and_the_others_are_not(
    two_projects: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("alpha", "beta"):
        make_clone(tmp_path / "clones" / name, [Commit(ANN, at(UNTIL), tag="v1.0")])
    arguments = ("--until", UNTIL, "--out", two_projects)
    assert collect("alpha", "--clone", tmp_path / "clones" / "alpha", *arguments) == 0
    before = files_below(two_projects)
    capsys.readouterr()
    assert collect("--all", "--clones", tmp_path / "clones", "--index", nobody_there(), *arguments) == 1
    printed = capsys.readouterr()
    assert "refused    snapshot: " in printed.out
    assert f"{UNTIL}.toml: exists, and a snapshot is never changed" in printed.out
    assert "refused: Alpha (snapshot); Beta (package index)" in one_line(printed.err)
    after = files_below(two_projects)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {f"beta/{UNTIL}.toml"}


def test_a_clone_that_is_not_in_the_folder_is_asked_for(
    two_projects: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert collect("alpha", "--clones", tmp_path, "--out", two_projects) == 2
    place = tmp_path / "alpha"
    assert (
        f"refused    clone: no clone at {place}; git clone https://github.com/them/alpha {place}\n"
        in capsys.readouterr().out
    )
